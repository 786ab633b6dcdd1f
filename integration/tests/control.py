"""umbractl as operators use it: an endpoint, its tests, what they are and what the log says of them."""
import json
import uuid

import witness
from definitions import definitions, endpoint, test, variant
from records import Record

NOWHERE = "http://127.0.0.1:1/"


def one_endpoint(umbra, **settings):
    """The text that defines the installation's endpoint, with one variant."""
    settings.setdefault("variants", [variant(f"{umbra.endpoint}-v1", NOWHERE)])
    return definitions(endpoint(umbra.endpoint, **settings))


def shadow_tests(on, *names, **settings):
    """The text that defines a test of each name, with the shadow variant <name>-v2."""
    settings = {"sampling": 50.0, **settings}
    return definitions(*(test(name, on, [variant(f"{name}-v2", NOWHERE)], **settings) for name in names))


def history(umbra, *arguments):
    done = umbra.run("umbractl", "history", "-o", "json", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


def the_tests(umbra):
    done = umbra.run("umbractl", "get", "tests", "-o", "json")
    return {found["name"]: found for found in json.loads(done.stdout)}


def the_endpoints(umbra):
    done = umbra.run("umbractl", "get", "endpoints", "-o", "json")
    return {found["name"]: found for found in json.loads(done.stdout)}


def change(kind, name, definition):
    return {"kind": kind, "action": "PUT" if definition else "DELETE", "name": name,
            "definition": definition and json.dumps(definition)}


def write_control(umbra, generation, changes, author="python@here"):
    """Appends a record to the control log, as another program might."""
    value = witness.encode("control_record", {
        "generation": generation, "write_id": str(uuid.uuid4()), "author": author,
        "time": 1, "reason": "", "changes": changes})
    umbra.kafka.produce(umbra.own_topic("control"), [Record(None, value, [], partition=0)])
