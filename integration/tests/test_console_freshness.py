"""umbra-console says how old its numbers are, and that they are of now when they are."""
import time

from console_client import Console
from waiting import until
from windows import LONG_AGO, WINDOW, install, production, window, write_keyed


def has_read_all(console):
    system = console.get("system")
    return not system["stale"] and system["partitions"] and all(p["lag"] == 0 for p in system["partitions"])


def now_number():
    """Of the window that is open now."""
    return (int(time.time() * 1_000_000) - LONG_AGO) // WINDOW


def test_a_running_test_of_which_nothing_comes_is_stale_until_something_does(umbra):
    """As when the aggregator is dead: the console itself has read all that there is."""
    install(umbra)
    console = Console(umbra)

    def staleness():
        listed, = console.get("tests")["tests"]
        told = console.get("tests/t")["stale"]
        assert listed["stale"] == told
        return told, console.get("system")["stale_tests"]
    (reason,), listed = staleness()
    assert "since the test began at 2023-01-01T00:00:00Z" in reason and listed == [{"name": "t", "reasons": [reason]}]
    write_keyed(umbra, (window(umbra), False), (production(umbra, 6), False))
    until(lambda: "since 2023-11-14T22:14:30Z" in staleness()[0][0], lambda: f"the newest window: {staleness()}")
    assert console.get("system")["stale"] is False, "the console has read all"
    write_keyed(umbra, ({**window(umbra, now_number()), "provisional": True}, False))
    until(lambda: staleness() == ([], []), lambda: f"it is live: {staleness()}")


def test_a_test_that_ended_is_not_stale(umbra):
    install(umbra, end="2023-12-01T00:00:00Z")
    write_keyed(umbra, (window(umbra), False))
    console = Console(umbra)
    until(lambda: has_read_all(console), lambda: f"all is read: {console.get('system')}", every=0.2)
    assert console.get("tests/t")["stale"] == [] and console.get("system")["stale_tests"] == []
