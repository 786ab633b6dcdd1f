"""A reference aggregation, written from the design's words and not from our C: the whole log in memory,
request by request. Pure: [(append time, event or gap or None)] in, {(arm, window): fields} out, the
fields being those of a final WindowAggregate.

    definition(test, generation) -> {"k", "baseline" (none: 0), "created",
                                     "variants": {name: answer_path}, "compare": f,
                                     "mask": names of members that nobody is shown}
    production_path(endpoint, variant, generation) -> answer_path
"""
import collections
import json
import math

import xxhash

import witness
from accounting import NEVER_ASKED, source

WINDOW = 10_000_000
SCALE = 5


def bucket(value):
    """i with b^i < value <= b^(i+1) and b^32 = 2, in whole numbers."""
    return (value ** 32 - 1).bit_length() - 1


class Histogram:
    def __init__(self):
        self.values = []

    def add(self, value):
        if value >= 0:
            self.values.append(value)

    @staticmethod
    def _side(values):
        counts = collections.Counter(map(bucket, values))
        if not counts:
            return 0, []
        low, high = min(counts), max(counts)
        return low, [counts[i] for i in range(low, high + 1)]

    def record(self):
        if not self.values:
            return None
        offset, counts = self._side([v for v in self.values if v > 0])
        negative_offset, negative_counts = self._side([-v for v in self.values if v < 0])
        return {"scale": SCALE, "zero_count": self.values.count(0), "offset": offset,
                "counts": counts, "negative_offset": negative_offset,
                "negative_counts": negative_counts, "count": len(self.values),
                "sum": sum(self.values), "min": min(self.values), "max": max(self.values)}


HISTOGRAMS = ("model_latency", "overhead_latency", "queue", "compared_model_latency",
              "compared_production_model_latency", "latency_difference", "number_difference")
NUMBERS = ("invocations", "sampled", "paired", "compared", "match", "mismatch", "pending", "late",
           "unsolicited", "wrong_sampling_decisions", "given_up_events", "request_bytes",
           "response_bytes", "labelled", "label_correct", "production_label_correct", "scored",
           "log_loss", "brier", "production_log_loss", "production_brier", "unwritten_windows")
COUNTS = ("outcomes", "not_comparable", "losses", "confusion", "label_cells",
          "production_label_cells", "decided", "taken")
EXAMPLES = 10
CLIP = 1e-15  # a probability is no nearer to 0 and 1 in the log-loss


class Tally:
    def __init__(self):
        self.n = collections.Counter()
        self.counts = {name: collections.Counter() for name in COUNTS}
        self.histograms = {name: Histogram() for name in HISTOGRAMS}
        self.mismatches = []

    def count_event(self, event):
        self.n["invocations"] += 1
        self.counts["outcomes"][event["outcome"]] += 1
        self.n["request_bytes"] += event["request_bytes"]
        self.n["response_bytes"] += event["response_bytes"]
        if event["outcome"] not in NEVER_ASKED:
            self.histograms["model_latency"].add(event["model_latency_us"])
            self.histograms["overhead_latency"].add(event["overhead_latency_us"])
            self.histograms["queue"].add(event["queue_us"])

    def count_truth(self, truth, verdict):
        """What both arms said of a compared request, beside what was right."""
        self.n["labelled"] += 1
        sides = ("production_", verdict.sides[0]), ("", verdict.sides[1])
        for prefix, (label, _) in sides:
            self.counts[prefix + "label_cells"][f"{truth}\t{label}"] += 1
            self.n[prefix + "label_correct"] += label == truth
        if verdict.scored and truth in "01" and all(0 <= number <= 1 for _, (_, number) in sides):
            self.n["scored"] += 1
            for prefix, (_, number) in sides:
                right = number if truth == "1" else 1 - number
                self.n[prefix + "log_loss"] += round(-math.log(min(max(right, CLIP), 1 - CLIP)) * 1e6)
                self.n[prefix + "brier"] += round((1 - right) ** 2 * 1e6)

    def record(self):
        fields = {name: self.n[name] for name in NUMBERS}
        for name, counts in self.counts.items():
            fields[name] = [{"name": word, "count": n} for word, n in sorted(counts.items()) if n]
        fields.update({name: h.record() for name, h in self.histograms.items()})
        fields["mismatches"] = sorted(self.mismatches, key=lambda m: m["rank"] % 2**64)[:EXAMPLES]
        return fields


def window_of(time):
    return time - time % WINDOW


class Reference:
    def __init__(self, horizon, definition, production_path):
        self.horizon, self.definition, self.production_path = horizon, definition, production_path
        self.tallies = collections.defaultdict(Tally)

    def tally(self, endpoint, test, variant, role, window):
        return self.tallies[(endpoint, test, variant, role), window]

    def closes(self, window):
        return window + WINDOW + self.horizon

    def aggregate(self, log):
        first, copies, clock = {}, [], 0
        self.labels = collections.defaultdict(list)
        for position, (time, kind, event) in enumerate(log):
            clock = max(clock, time)
            if kind == "gap":
                self.tally(event["endpoint"], event["test"], "", "shadow" if event["test"] else
                           "production", window_of(clock)).n["given_up_events"] += event["events"]
            elif kind == "event" and event["role"] == "production":
                first.setdefault(source(event), (position, clock, event))
            elif kind == "event":
                copies.append((position, clock, event))
            elif kind == "label" and (text := label_text(event["label"])):
                self.labels[event["request_id"]].append((position, clock, event["endpoint"], text))
        by_request = collections.defaultdict(list)
        for position, clock, event in copies:
            self.place(first.get(source(event)), position, clock, event, by_request)
        for place, (position, clock, production) in first.items():
            truth = self.truth(production, position, clock)
            self.book(production, window_of(clock), by_request[place], truth)
        return {key: tally.record() for key, tally in self.tallies.items()}

    def truth(self, production, position, clock):
        """The first label that comes while its own window, or the request's if that is older, is open."""
        for at, told, endpoint, text in self.labels[production["request_id"]]:
            older, newer = (told, clock) if at < position else (clock, told)
            if endpoint in (None, production["endpoint"]) and newer < self.closes(window_of(older)):
                return text
        return None

    def place(self, production, position, clock, event, by_request):
        """Joined, late or unsolicited."""
        own = window_of(clock)
        here = self.tally(event["endpoint"], event["test"], event["variant"], event["role"], own)
        named = production and any(
            (c["test"], c["role"], c["variant"]) == (event["test"], event["role"], event["variant"])
            for c in production[2]["sampled_for"])
        if production is None or production[0] > position and production[1] >= self.closes(own):
            here.n["unsolicited"] += 1
        elif production[0] < position and clock >= self.closes(window_of(production[1])):
            here.n["late"] += 1
        elif not named:
            here.n["unsolicited"] += 1
        else:
            by_request[source(event)].append(event)

    def book(self, production, window, copies, truth):
        endpoint = production["endpoint"]
        self.tally(endpoint, None, production["variant"], "production", window).count_event(production)
        self.check_decisions(production, window)
        for named in production["sampled_for"]:
            arm = named["test"], named["role"], named["variant"]
            tally = self.tally(endpoint, named["test"], named["variant"], named["role"], window)
            tally.n["sampled"] += 1
            own = [e for e in copies if (e["test"], e["role"], e["variant"]) == arm]
            answers = [e for e in own if e["outcome"] not in NEVER_ASKED]
            if answers:
                self.pair(tally, production, answers[0], truth)
            elif own:
                tally.count_event(own[0])
                tally.counts["losses"][own[0]["outcome"]] += 1
            else:
                tally.counts["losses"]["unanswered"] += 1

    def pair(self, tally, production, copy, truth):
        tally.n["paired"] += 1
        tally.count_event(copy)
        verdict = self.compare(production, copy)
        if verdict.word not in ("match", "mismatch"):
            tally.counts["not_comparable"][verdict.word] += 1
            return
        tally.n["compared"] += 1
        tally.n[verdict.word] += 1
        tally.histograms["compared_model_latency"].add(copy["model_latency_us"])
        tally.histograms["compared_production_model_latency"].add(production["model_latency_us"])
        tally.histograms["latency_difference"].values.append(
            copy["model_latency_us"] - production["model_latency_us"])
        if verdict.difference is not None:
            tally.histograms["number_difference"].values.append(round(verdict.difference * 1_000_000))
        if verdict.sides:
            tally.counts["confusion"]["\t".join(label for label, _ in verdict.sides)] += 1
            if truth is not None:
                tally.count_truth(truth, verdict)
        if verdict.word == "mismatch":
            tally.mismatches.append(self.example(production, copy, verdict.kind))

    def example(self, production, copy, kind):
        place = "/".join(str(copy[name]) for name in (
            "source_topic", "epoch", "source_partition", "source_offset"))
        rank = xxhash.xxh3_64_intdigest(f"{place}/{copy['variant']}")
        mask = self.definition(copy["test"], production["generation"])["mask"]
        bodies = [masked(event["response_body"], mask) for event in (production, copy)]
        return {"rank": rank - 2**64 if rank >= 2**63 else rank, "kind": kind,
                "request_id": copy["request_id"], "source_topic": copy["source_topic"],
                "source_partition": copy["source_partition"], "source_offset": copy["source_offset"],
                "production": bodies[0], "production_size": len(bodies[0]),
                "candidate": bodies[1], "candidate_size": len(bodies[1])}

    def compare(self, production, copy):
        failed = production["outcome"] != "ok", copy["outcome"] != "ok"
        if any(failed):
            return Verdict({(True, True): "both_failed", (True, False): "production_failed",
                            (False, True): "candidate_failed"}[failed])
        definition = self.definition(copy["test"], production["generation"])
        path = self.production_path(
            production["endpoint"], production["variant"], production["generation"])
        own_path = path if copy["role"] == "baseline" else definition["variants"][copy["variant"]]
        return definition["compare"](production["response_body"], copy["response_body"], path, own_path)

    def check_decisions(self, production, window):
        """Wrong: a hash that is not the request id's; a copy without, or against, its decision; a
        decision without its copies."""
        hashes = {d["test"]: d["hash"] % 2**64 for d in production["sampling_hashes"]}
        named = {(c["test"], c["role"], c["variant"]) for c in production["sampled_for"]}
        wrong = set()
        for test, number in hashes.items():
            definition = self.definition(test, production["generation"])
            if not definition:
                continue
            right = witness.sampling_hash(
                production["request_id"], witness.sampling_seed(test, definition["created"]))
            taken = witness.sampling_takes(number, definition["k"])
            wrong |= {(test, "shadow", variant) for variant in definition["variants"]
                      if number != right or taken != ((test, "shadow", variant) in named)}
            for variant in definition["variants"]:  # all tests there are sample by id
                tally = self.tally(production["endpoint"], test, variant, "shadow", window)
                k = str(definition["k"])
                tally.counts["decided"][k] += 1
                tally.counts["taken"][k] += (test, "shadow", variant) in named
            second = test, "baseline", production["variant"]
            share = definition.get("baseline", 0)
            takes = number < definition["k"] * share * 2**64 // 10**12
            if share and (number != right or takes != (second in named)):
                wrong.add(second)
        for test, role, variant in named:
            definition = self.definition(test, production["generation"])
            if test not in hashes or not definition:
                own = ()
            elif role == "baseline":
                own = [production["variant"]] if definition.get("baseline") else ()
            else:
                own = definition["variants"] if role == "shadow" else ()
            if variant not in own:
                wrong.add((test, role, variant))
        for test, role, variant in wrong:
            self.tally(production["endpoint"], test, variant, role, window).n[
                "wrong_sampling_decisions"] += 1


def masked(body, names):
    if not names:
        return body
    members = json.loads(body)
    return json.dumps({name: "***" if name in names else value for name, value in members.items()},
                      separators=(",", ":")).encode()


def label_text(text):
    """As the comparison names it, None if it is no label: 1 and 1.0 are one."""
    if not 1 <= len(text.encode()) <= 100 or any(c < " " or c == "\x7f" for c in text):
        return None
    try:
        return number_text(float(text))
    except ValueError:
        return text


def number_text(number):
    return str(int(number)) if number == int(number) else str(number)


# Comparisons


class Verdict:
    """A word; what differs; the difference of the numbers; by label: (label, number) of each side."""

    def __init__(self, word, kind="", difference=None, sides=(), scored=False):
        self.word, self.kind, self.difference = word, kind, difference
        self.sides, self.scored = sides, scored


def compare_exact(production, copy, _path, _own_path):
    return Verdict("match" if production == copy else "mismatch", "answer")


def compare_json(tolerance):
    """Answers that are objects with one number each."""
    def compare(production, copy, path, own_path):
        problem, numbers = read_numbers((production, path), (copy, own_path))
        if problem:
            return Verdict(problem)
        difference = numbers[1] - numbers[0]
        return Verdict("match" if abs(difference) <= tolerance else "mismatch", "number", difference)
    return compare


def compare_label(threshold=None):
    """The number is the class, or the class is 1 from the threshold on and the number its probability."""
    def compare(production, copy, path, own_path):
        problem, numbers = read_numbers((production, path), (copy, own_path))
        if problem:
            return Verdict(problem)
        labels = [number_text(n if threshold is None else n >= threshold) for n in numbers]
        return Verdict("match" if labels[0] == labels[1] else "mismatch",
                       f"label {labels[0]} > {labels[1]}", numbers[1] - numbers[0],
                       tuple(zip(labels, numbers)), threshold is not None)
    return compare


def read_numbers(*answers):
    numbers = []
    for body, pointer in answers:
        try:
            numbers.append(json.loads(body).get(pointer[1:]))
        except ValueError:
            return "not_parseable", []
    return ("no_answer" if None in numbers else None), numbers
