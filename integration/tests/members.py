"""Members of consumer groups: how many partitions they own, and some that stall past their session."""
from waiting import until


def owned(members):
    """Partitions that these programs own, as they say themselves."""
    return sum(member.metric(member.name.replace("-", "_") + "_partitions") for member in members)


def wait_shared(every, members):
    """Each member has a share, and together they have every partition once."""
    until(lambda: all(owned([m]) for m in members) and owned(members) == every,
          lambda: f"{every} partitions are shared: {[(m.name, owned([m])) for m in members]}", 60)


def stall(*groups):
    """groups: (partitions, stalled, others), the last two members of one group. The stalled ones stop
    (SIGSTOP) until their sessions are over and the others own all; then they go on, and share."""
    for every, stalled, others in groups:
        wait_shared(every, [stalled, *others])
    for _, stalled, _ in groups:
        stalled.suspend()
    for every, _, others in groups:
        until(lambda: owned(others) == every, "the others own the stalled one's partitions", 60)
    for _, stalled, _ in groups:
        stalled.resume()
    for every, stalled, others in groups:
        wait_shared(every, [stalled, *others])
