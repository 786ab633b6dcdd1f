"""The accounting identity of shadow tests, from the words of the design and not from our C:

    sampled = paired + losses by reason + pending

The first production event of a request in the log counts, duplicates do not; an answer of the
shadow beats a loss, else its first event counts. Pure: events in (as witness.py decodes them, in the
order of the log), accounts out."""
import collections

NEVER_ASKED = {"expired", "not_delivered", "shed", "cancelled"}


class Account:
    """What became of the copies of one test and variant."""

    def __init__(self):
        self.sampled = 0
        self.pairs = []  # (production event, shadow event), the shadow was asked
        self.losses = collections.Counter()
        self.pending = 0

    @property
    def paired(self):
        return len(self.pairs)

    def closes(self):
        return self.sampled == self.paired + sum(self.losses.values()) + self.pending

    def line(self):
        losses = sum(self.losses.values())
        reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(self.losses.items()))
        return (f"sampled {self.sampled:,} = paired {self.paired:,} + lost {losses:,}"
                f"{f' ({reasons})' if reasons else ''} + pending {self.pending:,}")


def source(event):
    """The request that the event is about."""
    return tuple(event[field] for field in (
        "endpoint", "epoch", "source_topic", "source_partition", "source_offset"))


def arm(event):
    return event["test"], event["role"], event["variant"]


def first_production(events):
    """{source: its first production event}, in the order of the log."""
    first = {}
    for event in events:
        if event["role"] == "production":
            first.setdefault(source(event), event)
    return first


def best_shadow(events):
    """{(source, arm): the event that counts}: an answer beats a loss, else the first."""
    best = {}
    for event in events:
        place = source(event), arm(event)
        if event["role"] == "production":
            continue
        if place not in best or (best[place]["outcome"] in NEVER_ASKED
                                 and event["outcome"] not in NEVER_ASKED):
            best[place] = event
    return best


def accounts(events):
    """{(test, role, variant): Account} of everything that was sampled."""
    books = collections.defaultdict(Account)
    shadows = best_shadow(events)
    for place, production in first_production(events).items():
        for copy in production["sampled_for"]:
            name = copy["test"], copy["role"], copy["variant"]
            _book(books[name], production, shadows.get((place, name)))
    return dict(books)


def _book(account, production, shadow):
    account.sampled += 1
    if shadow is None:
        account.pending += 1
    elif shadow["outcome"] in NEVER_ASKED:
        account.losses[shadow["outcome"]] += 1
    else:
        account.pairs.append((production, shadow))


def unsolicited(events):
    """Shadow events that no production event asked for."""
    asked = {(place, (copy["test"], copy["role"], copy["variant"]))
             for place, production in first_production(events).items()
             for copy in production["sampled_for"]}
    return [event for place, event in best_shadow(events).items() if place not in asked]
