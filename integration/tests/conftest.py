"""What the tests of the built programs share: one real broker for the session, an installation of
its own for each test, and models that do what they are told.

    UMBRA_BUILD=build/asan        the build under test; default: build/release
    UMBRA_TEST_BROKERS=HOST:PORT  a broker that runs already; default: one of our own
"""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # integration/witness.py

from brokers import Broker  # noqa: E402
from control import one_endpoint, shadow_tests  # noqa: E402
from definitions import definitions, endpoint, variant  # noqa: E402
from installation import Installation  # noqa: E402
from model_server import ECHO, ModelServer  # noqa: E402
from path import Path  # noqa: E402
from records import Kafka  # noqa: E402
from secured import SecureBroker  # noqa: E402


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """The session's broker. A test that would harm it takes `own_broker`."""
    brokers = os.environ.get("UMBRA_TEST_BROKERS")
    if brokers:
        yield Kafka(brokers)
        return
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield Kafka(broker.address)
    broker.kill()


@pytest.fixture
def own_broker(tmp_path):
    """A broker for this test alone: stop it, kill it, suspend it."""
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A broker with an authorizer, for the tests of one file."""
    broker = SecureBroker(tmp_path_factory.mktemp("broker") / "b")
    yield broker
    broker.kill()


@pytest.fixture
def umbra(kafka, tmp_path):
    """An installation of its own on the session's broker."""
    installation = Installation(kafka, tmp_path)
    yield installation
    installation.close()


@pytest.fixture
def ready(umbra):
    """An installation with one endpoint and the running tests t and u."""
    umbra.run("umbractl", "init", "--event-partitions", 2)
    umbra.apply(one_endpoint(umbra) + shadow_tests(umbra.endpoint, "t", "u"))
    return umbra


@pytest.fixture
def new_umbra(kafka, tmp_path):
    """Makes installations: new_umbra() on the session's broker, new_umbra(brokers) on another."""
    made = []

    def make(brokers=None):
        folder = tmp_path / f"umbra-{len(made)}"
        folder.mkdir()
        made.append(Installation(Kafka(brokers) if brokers else kafka, folder))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


@pytest.fixture
def new_model():
    """Makes models: new_model(), new_model(Answer(status=500)), new_model(port=...)."""
    made = []

    def make(*arguments, **named):
        made.append(ModelServer(*arguments, **named))
        return made[-1]

    yield make
    for model in made:
        model.close()


@pytest.fixture
def model(new_model):
    return new_model()


@pytest.fixture
def shadow_model(new_model):
    return new_model()


@pytest.fixture
def path(umbra, model, shadow_model):
    """The whole path of one test, nothing defined and nothing started."""
    return Path(umbra, model, shadow_model)


@pytest.fixture
def replying(umbra, model):
    """A splitter whose endpoint allows the topic <endpoint>.replies, which has 3 partitions; the
    model's answer is the request."""
    model.answer = ECHO
    umbra.kafka.create(umbra.topic("replies"), 3)
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", model.url)],
                                     reply_topics=[umbra.topic("replies")])))
    umbra.start("umbra-splitter").wait_ready()
    return umbra
