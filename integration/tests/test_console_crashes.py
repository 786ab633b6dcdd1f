"""umbra-console killed at random moments while windows arrive: its store is that of a console that read
the same topic undisturbed."""
import contextlib
import datetime
import random
import re
import sqlite3
import threading

import pytest

from console_client import Console, start_console
from waiting import until
from windows import LONG_AGO, WINDOW, install, production, window, write_keyed

KILLS = 20
BEFORE = 300  # windows that lie there at the first start


def windows(umbra, dice):
    """Without end: final windows, now and then again; provisional ones before some of them, of which
    some are taken back; on three partitions of umbra.events."""
    for number in range(10 ** 9):
        make, partition = dice.choice((window, production)), dice.randrange(3)
        final = {**make(umbra, number), "partition": partition}
        if dice.random() < 0.4:
            early = {**final, "provisional": True, "invocations": 1}
            yield early, False
            if dice.random() < 0.3:
                yield early, True
            if dice.random() < 0.3:
                continue  # its final record is still to come
        yield final, False
        if dice.random() < 0.2:
            yield final, False


@contextlib.contextmanager
def arriving(umbra, every):
    """Windows arrive while the block runs."""
    over, failures = threading.Event(), []

    def send():
        try:
            while not over.is_set():
                write_keyed(umbra, *(next(every) for _ in range(20)))
        except BaseException as error:  # the test must not wait for what never comes
            failures.append(error)
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures


def content(store):
    """The tables, with the arms' names in place of their numbers: these depend on who came first."""
    with contextlib.closing(sqlite3.connect(store)) as database:
        tables = {name: database.execute(f"SELECT * FROM {name}").fetchall()
                  for name in ("position", "clock", "arm", "window", "open_window")}
    names = {number: rest[:4] for number, *rest in map(list, tables["arm"])}
    return {
        "position": dict(tables["position"]), "clock": dict(tables["clock"]),
        "arm": sorted(map(repr, (rest for _, *rest in tables["arm"]))),
        "window": {(id >> 56, str(names[id >> 36 & 0xfffff]), id & (1 << 36) - 1): rest
                   for id, *rest in tables["window"]},
        "open_window": {key: (str(names[arm]), *rest) for key, arm, *rest in tables["open_window"]}}


def what_it_keeps(console):
    console.wait_read()
    console.program.stop()
    return content(console.store)


def test_twenty_kills_while_windows_arrive_leave_the_store_of_an_undisturbed_console(umbra):
    install(umbra)
    dice = random.Random(11)
    every = windows(umbra, dice)
    write_keyed(umbra, *(next(every) for _ in range(BEFORE)))
    with arriving(umbra, every):
        for _ in range(KILLS):
            program = start_console(umbra, umbra.folder / "console.sqlite")
            threading.Event().wait(dice.uniform(0.05, 1))  # the moment of the kill is what is random
            assert program.is_running(), program.tail()
            program.kill()
    killed = what_it_keeps(Console(umbra))
    undisturbed = what_it_keeps(Console(umbra, "undisturbed.sqlite"))
    assert sum(killed["position"].values()) > BEFORE and len(killed["arm"]) == 2
    assert killed["open_window"], "some windows are open still"
    for table in undisturbed:
        assert killed[table] == undisturbed[table], table


@pytest.fixture
def kept(umbra):
    """A console that has read 400 windows, and what it says of them."""
    install(umbra)
    write_keyed(umbra, *((window(umbra, number), False) for number in range(400)))
    console = Console(umbra)
    console.wait_read()
    assert paired(console) == 400 * 148
    return console


def paired(console):
    return sum(arm["paired"] for arm in console.get("tests/t/accounting")["variants"])


def test_a_file_that_was_deleted_while_it_stood_still_is_built_again_with_a_message(kept):
    assert "begins from nothing" in kept.program.log(), "as at the first start"
    kept.program.stop()
    kept.start()
    assert "begins from nothing" not in kept.program.log(), "it is all there"
    kept.program.stop()
    for file in kept.store.parent.glob(f"{kept.store.name}*"):
        file.unlink()
    kept.start()
    kept.wait_read()
    assert "begins from nothing" in kept.program.log() and paired(kept) == 400 * 148


def test_a_file_that_is_deleted_in_use_is_built_again_with_a_message(umbra, kept):
    kept.store.unlink()
    write_keyed(umbra, *((window(umbra, number), False) for number in range(400, 500)))
    until(lambda: re.search("is made anew.*gone", kept.program.log()), lambda: f"it is noticed: {kept.program.tail()}")
    until(lambda: paired(kept) == 500 * 148, lambda: f"all is counted again: {paired(kept)}", every=0.2)
    kept.wait_read()
    kept.program.stop()
    assert len(content(kept.store)["window"]) > 500


HOUR = 3600 * 1_000_000 // WINDOW  # windows


def test_a_test_s_first_hour_is_exact_after_a_restart_days_later(umbra):
    """It began in the middle of an hour whose narrow rows are long due to go."""
    first = LONG_AGO // WINDOW // HOUR * HOUR - LONG_AGO // WINDOW  # number of that hour's first window
    begin = datetime.datetime.fromtimestamp((LONG_AGO + (first + 180) * WINDOW) / 1e6, datetime.timezone.utc)
    install(umbra, start=begin.strftime("%Y-%m-%dT%H:%M:%SZ"))
    write_keyed(umbra, *((production(umbra, number), False)
                         for number in (first + 10, first + 190, first + 200, first + 10 * 24 * HOUR)))

    def told():
        return [v["invocations"] for v in console.get("tests/t/report")["variants"] if v["role"] == "production"]
    console = Console(umbra)
    console.wait_read()
    assert told()[0] == 3000
    for _ in range(2):
        console.program.stop()
        console.start()
        assert told()[0] == 3000


def test_the_charts_of_an_old_test_show_the_whole_of_it(umbra):
    """It ran for a day from the middle of an hour on, and is looked at when narrow rows are gone."""
    first = LONG_AGO // WINDOW // HOUR * HOUR - LONG_AGO // WINDOW
    begin, end = (datetime.datetime.fromtimestamp((LONG_AGO + number * WINDOW) / 1e6, datetime.timezone.utc)
                  .strftime("%Y-%m-%dT%H:%M:%SZ") for number in (first + 180, first + 180 + 24 * HOUR))
    install(umbra, start=begin, end=end)
    for later in (0, 2, 9):  # days, of the newest window behind the test's end
        hours = [first + 181 + hour * HOUR for hour in range(24)] if not later else []
        write_keyed(umbra, *((window(umbra, number), False) for number in
                             [*hours, first + (24 * (1 + later) + 1) * HOUR]))
        console = Console(umbra, f"after-{later}.sqlite")
        console.wait_read()
        counted = sum(v["invocations"] for v in console.get("tests/t/report")["variants"]
                      if v["role"] == "shadow" and v["population"] == "all")
        points = console.get("tests/t/series", metric="invocations")["points"]
        drawn = [point[1] for point in points if point[1] is not None]
        assert sum(drawn) == counted == 24 * 148 and len(drawn) == 24, (later, points)
        console.program.stop()
