"""The witness's books: what the other tests trust when they say that the identity closes."""
from accounting import accounts, unsolicited


def event(offset, role="production", outcome="ok", test=None, variant="v1", sampled=()):
    return {"endpoint": "e", "epoch": 1, "source_topic": "t", "source_partition": 0,
            "source_offset": offset, "role": role, "test": test, "variant": variant,
            "outcome": outcome, "sampled_for": [
                {"test": name, "role": "shadow", "variant": "v2"} for name in sampled]}


def shadow(offset, outcome="ok", test="a"):
    return event(offset, "shadow", outcome, test, "v2")


def book(events, test="a"):
    return accounts(events)[test, "shadow", "v2"]


def test_each_sampled_request_is_paired_or_lost_or_pending():
    account = book([event(1, sampled="a"), event(2, sampled="a"), event(3, sampled="a"), event(4),
                    shadow(1, "timeout"), shadow(2, "shed")])
    assert (account.sampled, account.paired, dict(account.losses), account.pending) == (
        3, 1, {"shed": 1}, 1)
    assert account.closes()


def test_the_first_production_event_counts_and_a_repetition_does_not():
    account = book([event(1, sampled="a"), event(1, outcome="timeout", sampled="a"), shadow(1)])
    assert account.sampled == 1
    assert account.pairs[0][0]["outcome"] == "ok"


def test_an_answer_beats_a_loss_whichever_came_first():
    for shadows in ([shadow(1), shadow(1, "shed")], [shadow(1, "shed"), shadow(1)]):
        account = book([event(1, sampled="a"), *shadows])
        assert (account.paired, sum(account.losses.values())) == (1, 0)


def test_tests_are_accounted_apart():
    events = [event(1, sampled="ab"), shadow(1, test="b")]
    assert (book(events, "a").pending, book(events, "b").paired) == (1, 1)


def test_a_shadow_event_that_nobody_asked_for_is_unsolicited():
    events = [event(1, sampled="a"), shadow(1), shadow(2), shadow(1, test="b")]
    assert [(e["source_offset"], e["test"]) for e in unsolicited(events)] == [(2, "a"), (1, "b")]
