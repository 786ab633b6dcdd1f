"""Members of consumer groups: how many partitions they own, and some that stall past their session."""
from waiting import until


def owned(members):
    """Partitions that these programs own, as they say themselves."""
    return sum(member.metric(member.name.replace("-", "_") + "_partitions") for member in members)


def wait_shared(every, members):
    """Each member has a share, and together they have every partition once."""
    until(lambda: all(owned([m]) for m in members) and owned(members) == every,
          lambda: f"{every} partitions are shared: {[(m.name, owned([m])) for m in members]}", 60)


def stall(every, *groups):
    """groups: (stalled, others), members of one group that has that many partitions. The stalled ones
    stop (SIGSTOP) until their sessions are over and the others own all; then they go on, and share."""
    for stalled, others in groups:
        wait_shared(every, [stalled, *others])
    for stalled, _ in groups:
        stalled.suspend()
    for _, others in groups:
        until(lambda: owned(others) == every, "the others own the stalled one's partitions", 60)
    for stalled, _ in groups:
        stalled.resume()
    for stalled, others in groups:
        wait_shared(every, [stalled, *others])
