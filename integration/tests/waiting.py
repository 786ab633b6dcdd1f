"""Waiting for a condition, with a deadline: the only way in which a test waits."""
import time


def until(condition, what, seconds=30, every=0.02):
    """Returns the first true value of condition(); fails with `what` when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)
