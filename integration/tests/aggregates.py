"""What umbra.aggregates says: the latest record of each key, as an accounting."""
import collections

import witness
from waiting import until


def records(umbra, name="window_aggregate"):
    """[(record, fields)] of that schema, and (record, None) of tombstones, in the order of the log."""
    for record in witness.read(umbra.kafka.brokers, umbra.own_topic("aggregates")):
        kind, fields = (name, None) if record.value is None else witness.decode(record.value)
        if kind == name:
            yield record, fields


def latest(umbra, name="window_aggregate"):
    """{key: fields}: what compaction would leave."""
    found = {}
    for record, fields in records(umbra, name):
        if fields is None:
            found.pop(record.key, None)
        else:
            found[record.key] = fields
    return found


def final_bytes(umbra):
    """{key: the different values that were written} of the final records."""
    found = collections.defaultdict(set)
    for record, fields in records(umbra):
        if fields and not fields["provisional"]:
            found[record.key].add(record.value)
    return found


def totals(records):
    """{(test, role, variant): summed fields} over records of windows and partitions."""
    sums = collections.defaultdict(collections.Counter)
    for record in records:
        arm = record["test"], record["role"], record["variant"]
        for name in ("invocations", "sampled", "paired", "compared", "match", "mismatch", "pending",
                     "late", "unsolicited", "wrong_sampling_decisions", "given_up_events"):
            sums[arm][name] += record[name]
        for group in ("outcomes", "losses", "not_comparable"):
            for item in record[group]:
                sums[arm][group, item["name"]] += item["count"]
        for name in ("model_latency", "latency_difference"):
            if record[name]:
                sums[arm][name, "count"] += record[name]["count"]
                sums[arm][name, "sum"] += record[name]["sum"]
    return sums


def losses(total):
    return {key[1]: n for key, n in total.items() if isinstance(key, tuple) and key[0] == "losses"}


def final_totals(umbra):
    return totals(r for r in latest(umbra).values() if not r["provisional"])


def wait_final(umbra, holds, seconds=90):
    """Waits until the sums of the final records fulfil the condition, and returns them."""
    def look():
        sums = final_totals(umbra)
        return sums if holds(sums) else None
    return until(look, lambda: f"the windows close: {dict(final_totals(umbra))}", seconds, every=0.5)
