"""umbra-console says how old its numbers are, and that they are of now when they are."""
import time

from console_client import Console
from waiting import until
from windows import LONG_AGO, WINDOW, install, production, window, write_keyed


def now_number():
    """Of the window that is open now."""
    return (int(time.time() * 1_000_000) - LONG_AGO) // WINDOW


def test_a_running_test_of_which_nothing_comes_is_stale_until_something_does(umbra):
    """As when the aggregator is dead: the console itself has read all that there is."""
    install(umbra)
    console = Console(umbra)

    def staleness():
        return console.get("tests/t")["stale"], console.get("system")["stale_tests"]
    assert console.program.metric("umbra_test_start_timestamp_seconds", test="t") == 1672531200
    until(lambda: "since the test began at 2023-01-01T00:00:00Z" in staleness()[0][0],
          lambda: f"nothing came: {staleness()}")
    (reason,), listed = staleness()
    assert listed == [{"name": "t", "reasons": [reason]}]
    assert console.get("tests")["tests"][0]["stale"] == [reason]
    write_keyed(umbra, (window(umbra), False), (production(umbra, 6), False))
    until(lambda: "since 2023-11-14T22:14:30Z" in staleness()[0][0], lambda: f"the newest window: {staleness()}")
    assert console.get("system")["stale"] is False, "the console has read all"
    write_keyed(umbra, ({**window(umbra, now_number()), "provisional": True}, False))
    until(lambda: staleness() == ([], []), lambda: f"it is live: {staleness()}")


def test_a_test_that_ended_is_not_stale(umbra):
    install(umbra, end="2023-12-01T00:00:00Z")
    write_keyed(umbra, (window(umbra), False))
    console = Console(umbra)
    console.wait_read()
    assert console.get("tests/t")["stale"] == [] and console.get("system")["stale_tests"] == []


def test_it_is_ready_again_when_kafka_is_though_nothing_new_is_there(own_broker, new_umbra):
    umbra = new_umbra(own_broker.address)
    install(umbra)
    write_keyed(umbra, (window(umbra), False))
    console = Console(umbra)
    console.wait_read()
    for _ in range(2):
        own_broker.stop()
        until(lambda: console.program.admin("/readyz")[0] == 503, "it says that Kafka is gone")
        assert console.get("system")["stale"] and console.get("tests/t")["stale"]
        own_broker.start()
        until(lambda: console.program.admin("/readyz")[0] == 200,
              lambda: f"it is ready again: {console.program.admin('/readyz')} {console.program.tail()}", seconds=60)
        assert not console.get("system")["stale"]


def test_the_alarms_of_a_running_test_are_the_system_s_too(umbra):
    install(umbra)
    write_keyed(umbra, (window(umbra, wrong_sampling_decisions=3), False))
    console = Console(umbra)
    until(lambda: console.get("tests/t")["alarms"], "the test alarms")
    alarm, = console.get("tests/t")["alarms"]
    until(lambda: console.get("system")["alarms"] == [f"Test t: {alarm}"], lambda: f"{console.get('system')}", every=0.5)
    umbra.run("umbractl", "complete", "t")
    until(lambda: console.get("system")["alarms"] == [], "it runs no more", every=0.5)
