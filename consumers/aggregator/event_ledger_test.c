/* The books as promises: fed by hand, looked at when the windows close. */
#include "common/sampling.h"
#include "consumers/aggregator/event_ledger_test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void give(struct fixture *fixture, double at_s, struct event event)
{
	feed(fixture, at_s, &event);
}

static void close_all(struct fixture *fixture)
{
	feed(fixture, 100000, NULL);
}

static void assert_closes(const struct tally *tally)
{
	int64_t lost = 0;
	for (int i = 0; i < LOSS_COUNT; i++)
		lost += tally->losses[i];
	assert_int_equal(tally->sampled, tally->paired + lost + tally->pending);
	assert_true(tally_closes(tally, false));
}

static void a_pair_counts_in_the_window_of_productions_event(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 9.9, production_event(1, true));
	give(fixture, 35, copy_event(1));
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	const struct tally *production = final_of(fixture, NULL, 0);
	assert_int_equal(production->invocations, 1);
	assert_int_equal(production->sampled, 0);
	assert_int_equal(production->model_latency.sum, 1000);
	assert_int_equal(arm->sampled, 1);
	assert_int_equal(arm->paired, 1);
	assert_int_equal(arm->invocations, 1);
	assert_int_equal(arm->outcomes[OUTCOME_OK], 1);
	assert_int_equal(arm->match, 1);
	assert_int_equal(arm->model_latency.sum, 1500);
	assert_int_equal(arm->overhead_latency.sum, 100);
	assert_int_equal(arm->queue.sum, 10);
	assert_int_equal(arm->compared.sum, 1500);
	assert_int_equal(arm->compared_production.sum, 1000);
	assert_int_equal(arm->difference.sum, 500);
	assert_int_equal(arm->request_bytes, 7);
	assert_int_equal(arm->response_bytes, 10);
	assert_int_equal(fixture->n_finals, 2);
}

static void a_copy_whose_event_comes_first_waits_for_production(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 9, copy_event(1));
	assert_int_equal(open_tally(fixture, "t", 0).unsolicited, 0);
	give(fixture, 12, production_event(1, true));
	close_all(fixture);
	assert_int_equal(final_of(fixture, "t", 10)->paired, 1);
	assert_int_equal(final_of(fixture, "t", 10)->match, 1);
	assert_int_equal(fixture->n_finals, 2);
}

static void the_first_production_event_counts_and_a_repetition_does_not(void **state)
{
	struct fixture *fixture = *state;
	struct event again = production_event(1, true);
	again.outcome = OUTCOME_TIMEOUT;
	give(fixture, 1, production_event(1, true));
	give(fixture, 2, again);
	give(fixture, 30, again);
	give(fixture, 3000, again); /* no done_below covers it: still remembered */
	give(fixture, 3001, copy_event(1));
	close_all(fixture);
	assert_int_equal(final_of(fixture, NULL, 0)->outcomes[OUTCOME_OK], 1);
	assert_int_equal(final_of(fixture, NULL, 0)->invocations, 1);
	assert_int_equal(final_of(fixture, NULL, 3000)->invocations, 0);
	assert_int_equal(final_of(fixture, "t", 0)->losses[LOSS_UNANSWERED], 1);
	assert_int_equal(final_of(fixture, "t", 3000)->late, 1);
}

static void a_request_that_was_covered_is_not_counted_when_it_comes_again(void **state)
{
	struct fixture *fixture = *state;
	struct event later = production_event(7, false);
	later.done_below = 7;
	give(fixture, 1, production_event(1, false));
	give(fixture, 2, later);
	later.source_offset = 900;
	later.done_below = 800;
	give(fixture, 3500, later);
	struct ledger_status status;
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.requests, 1);
	give(fixture, 3510, production_event(1, false));
	close_all(fixture);
	assert_int_equal(final_of(fixture, NULL, 3510)->invocations, 0);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.duplicates, 1);
}

static void another_epoch_is_another_request(void **state)
{
	struct fixture *fixture = *state;
	struct event other = production_event(1, true);
	other.epoch = 2;
	give(fixture, 1, production_event(1, true));
	give(fixture, 1, other);
	close_all(fixture);
	assert_int_equal(final_of(fixture, NULL, 0)->invocations, 2);
	assert_int_equal(final_of(fixture, "t", 0)->losses[LOSS_UNANSWERED], 2);
}

static void an_answer_beats_a_loss_whichever_came_first(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 1, production_event(1, true));
	give(fixture, 2, lost_event(1, OUTCOME_SHED));
	struct tally open = open_tally(fixture, "t", 0);
	assert_int_equal(open.losses[OUTCOME_SHED], 1);
	give(fixture, 3, copy_event(1));
	give(fixture, 4, production_event(2, true));
	give(fixture, 5, copy_event(2));
	give(fixture, 6, lost_event(2, OUTCOME_SHED));
	give(fixture, 7, lost_event(3, OUTCOME_SHED));
	give(fixture, 8, copy_event(3));
	give(fixture, 9, production_event(3, true));
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->paired, 3);
	assert_int_equal(arm->losses[OUTCOME_SHED], 0);
	assert_int_equal(arm->invocations, 3);
	assert_int_equal(arm->outcomes[OUTCOME_SHED], 0);
	assert_int_equal(arm->request_bytes, 21);
	assert_closes(arm);
}

static void of_two_losses_the_first_counts(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 1, production_event(1, true));
	give(fixture, 2, lost_event(1, OUTCOME_NOT_DELIVERED));
	give(fixture, 3, lost_event(1, OUTCOME_SHED));
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->losses[OUTCOME_NOT_DELIVERED], 1);
	assert_int_equal(arm->losses[OUTCOME_SHED], 0);
	assert_int_equal(arm->model_latency.count, 0);
	assert_closes(arm);
}

static void a_window_closes_when_the_clock_reaches_its_end_and_the_horizon(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 5, production_event(1, true));
	feed(fixture, 69.999999, NULL);
	assert_int_equal(fixture->n_finals, 0);
	struct tally open = open_tally(fixture, "t", 0);
	assert_int_equal(open.pending, 1);
	feed(fixture, 70, NULL);
	assert_int_equal(fixture->n_finals, 2);
	assert_int_equal(final_of(fixture, "t", 0)->losses[LOSS_UNANSWERED], 1);
	assert_int_equal(final_of(fixture, "t", 0)->pending, 0);
}

static void what_comes_after_the_window_closed_is_late_where_it_comes(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 5, production_event(1, true));
	give(fixture, 70, copy_event(1));
	close_all(fixture);
	assert_int_equal(final_of(fixture, "t", 0)->losses[LOSS_UNANSWERED], 1);
	assert_int_equal(final_of(fixture, "t", 70)->late, 1);
	assert_int_equal(final_of(fixture, "t", 70)->unsolicited, 0);
}

static void a_copy_that_was_not_announced_is_unsolicited(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 1, production_event(1, false));
	give(fixture, 2, copy_event(1));
	give(fixture, 3, copy_event(2)); /* of a request that never comes */
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->unsolicited, 2);
	assert_int_equal(arm->invocations, 0);
	assert_int_equal(arm->sampled, 0);
}

static void time_that_goes_back_is_the_largest_read(void **state)
{
	struct fixture *fixture = *state;
	give(fixture, 25, production_event(1, false));
	give(fixture, 3, production_event(2, false));
	close_all(fixture);
	assert_int_equal(final_of(fixture, NULL, 20)->invocations, 2);
}

static void a_failure_is_paired_and_not_comparable(void **state)
{
	struct fixture *fixture = *state;
	struct event failed = copy_event(1);
	failed.outcome = OUTCOME_SERVER_ERROR;
	give(fixture, 1, production_event(1, true));
	give(fixture, 2, failed);
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->paired, 1);
	assert_int_equal(arm->not_comparable[COMPARE_CANDIDATE_FAILED], 1);
	assert_int_equal(arm->match + arm->mismatch, 0);
	assert_int_equal(arm->compared.count, 0);
	assert_int_equal(arm->model_latency.count, 1);
}

static void answers_are_compared_as_the_events_generation_defines(void **state)
{
	struct fixture *fixture = *state;
	struct event production = production_event(1, true), copy = copy_event(1);
	copy.response_body = "{\"q\":1.50}";
	give(fixture, 1, production);
	give(fixture, 2, copy);
	production = production_event(2, true);
	copy = copy_event(2);
	production.generation = copy.generation = 4; /* |difference| <= 0.5, the whole of v2's */
	production.response_body = "{\"p\":1.25}";
	copy.response_body = "1.50      ";
	give(fixture, 3, production);
	give(fixture, 4, copy);
	close_all(fixture);
	assert_int_equal(final_of(fixture, "t", 0)->mismatch, 1);
	assert_int_equal(final_of(fixture, "t", 0)->match, 1);
}

static void give_decision(struct fixture *fixture, int64_t offset, uint64_t change, bool is_taken)
{
	char id[24];
	uint64_t seed = sampling_seed("t", 3);
	struct event event = production_event(offset, is_taken);
	snprintf(id, sizeof id, "r%lld", (long long)offset);
	struct sampling_decision decision = {"t", sampling_hash(id, strlen(id), seed) ^ change};
	event.decisions = &decision;
	event.n_decisions = 1;
	give(fixture, 1, event);
}

static bool is_to_be_taken(int64_t offset)
{
	char id[24];
	snprintf(id, sizeof id, "r%lld", (long long)offset);
	return sampling_takes(sampling_hash(id, strlen(id), sampling_seed("t", 3)), 500000);
}

static void decisions_that_their_hash_bears_out_are_not_wrong(void **state)
{
	struct fixture *fixture = *state;
	for (int64_t i = 0; i < 100; i++)
		give_decision(fixture, i, 0, is_to_be_taken(i));
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->wrong_decisions, 0);
	assert_in_range(arm->sampled, 30, 70);
}

static void wrong_decisions_are_counted(void **state)
{
	struct fixture *fixture = *state;
	give_decision(fixture, 1, 0, !is_to_be_taken(1));
	give_decision(fixture, 2, 0, !is_to_be_taken(2));
	give_decision(fixture, 3, 1, is_to_be_taken(3)); /* a wrong hash */
	give(fixture, 1, production_event(4, true)); /* a copy without a decision */
	close_all(fixture);
	assert_int_equal(final_of(fixture, "t", 0)->wrong_decisions, 4);
}

static void gaps_are_counted_where_they_are_told(void **state)
{
	struct fixture *fixture = *state;
	feed_gap(fixture, 11, NULL, 5);
	feed_gap(fixture, 12, "t", 3);
	feed_gap(fixture, 13, "t", 4);
	close_all(fixture);
	assert_int_equal(fixture->n_finals, 2);
	assert_int_equal(fixture->finals[0].tally.given_up_events, 5);
	assert_int_equal(fixture->finals[1].tally.given_up_events, 7);
	assert_string_equal(fixture->finals[1].tally.arm->variant, "");
}

static void events_that_no_program_of_ours_writes_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct event event = production_event(1, false);
	struct ledger_status status;
	event.test = "t";
	give(fixture, 1, event);
	event = production_event(1, false);
	event.endpoint = "a/b";
	give(fixture, 1, event);
	event = copy_event(1);
	event.test = NULL;
	give(fixture, 1, event);
	event = copy_event(1);
	event.variant = "";
	give(fixture, 1, event);
	feed_gap(fixture, 1, "t", -1);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.malformed, 5);
	close_all(fixture);
	assert_int_equal(fixture->n_finals, 0);
}

static void at_the_bound_the_oldest_join_is_given_up(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_status status;
	for (int64_t i = 0; i < 1500; i++)
		give(fixture, 1, production_event(i, true));
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.joins, 1000);
	assert_int_equal(status.state_bound, 500);
	give(fixture, 2, copy_event(0));
	give(fixture, 2, copy_event(1499));
	close_all(fixture);
	const struct tally *arm = final_of(fixture, "t", 0);
	assert_int_equal(arm->losses[LOSS_STATE_BOUND], 500);
	assert_int_equal(arm->losses[LOSS_UNANSWERED], 999);
	assert_int_equal(arm->paired, 1);
	assert_closes(arm);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.joins, 0);
	assert_int_equal(status.join_bytes, 0);
}

static void the_copy_of_a_request_that_was_given_up_is_late_and_not_unsolicited(void **state)
{
	struct fixture *fixture = *state;
	fixture->config.limits.requests = 2;
	ledger_free(fixture->ledger);
	fixture->ledger = ledger_new(&fixture->config,
		&(struct ledger_point){0, LEDGER_NEVER, LEDGER_NEVER, LEDGER_NEVER});
	struct event copy = copy_event(1), never = copy_event(9);
	for (int64_t offset = 1; offset <= 4; offset++) {
		struct event production = production_event(offset, true);
		feed(fixture, 100, &production);
	}
	feed(fixture, 111, &copy);
	feed(fixture, 112, &never);
	feed(fixture, 400, NULL);
	assert_int_equal(final_of(fixture, "t", 100)->losses[LOSS_STATE_BOUND], 2);
	assert_int_equal(final_of(fixture, "t", 110)->late, 1);
	assert_int_equal(final_of(fixture, "t", 110)->unsolicited, 1);
}

static void the_bytes_and_the_requests_that_are_kept_are_bounded_too(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_status status;
	char *body = calloc(1, 300000);
	for (int64_t i = 0; i < 10; i++) {
		struct event event = production_event(i, true);
		event.response_body = body;
		event.response_body_size = 300000;
		give(fixture, 1, event);
	}
	free(body);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.joins, 3);
	assert_true(status.join_bytes <= 1 << 20);
	for (int64_t i = 10; i < 100020; i++)
		give(fixture, 2, production_event(i, false));
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.requests, 100000);
	close_all(fixture);
	assert_int_equal(final_of(fixture, NULL, 0)->invocations, 100020);
	assert_closes(final_of(fixture, "t", 0));
}

static void orphans_are_bounded_too(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_status status;
	for (int64_t i = 0; i < 1200; i++)
		give(fixture, 1, copy_event(i));
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.joins, 1000);
	close_all(fixture);
	assert_int_equal(final_of(fixture, "t", 0)->unsolicited, 1200);
}

/* Commits. */

static void what_an_open_window_needs_is_not_committed(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_point point;
	struct event later = production_event(50, false);
	feed(fixture, 1, NULL);
	give(fixture, 2, production_event(1, true));
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 1);
	assert_int_equal(point.clock_us, 2 * SECOND);
	feed(fixture, 71, NULL);
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 1); /* no done_below covers it */
	assert_int_equal(point.clock_us, 71 * SECOND);
	assert_int_equal(point.base_us, 2 * SECOND);
	later.done_below = 50;
	give(fixture, 72, later);
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 3);
}

static void a_source_that_fell_silent_is_forgotten_in_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_point point;
	give(fixture, 1, production_event(1, false));
	feed(fixture, 80, NULL);
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 0);
	struct event other = production_event(1, false);
	other.source_partition = 1;
	give(fixture, 4000, other);
	feed(fixture, 4100, NULL); /* a window closed: what is too old was let go */
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 2);
}

static void windows_that_a_commits_clock_closed_are_not_told_again(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_point point;
	give(fixture, 1, production_event(1, true));
	give(fixture, 75, production_event(2, true));
	assert_int_equal(fixture->n_finals, 2);
	ledger_point(fixture->ledger, &point);
	fixture_restart(fixture, &point);
	assert_int_equal(point.offset, 0);
	give(fixture, 1, production_event(1, true));
	assert_int_equal(open_tally(fixture, "t", 0).sampled, 0); /* nor shown as provisional */
	give(fixture, 75, production_event(2, true));
	close_all(fixture);
	assert_int_equal(fixture->n_finals, 2);
	assert_int_equal(final_of(fixture, "t", 70)->sampled, 1);
}

static void after_records_were_deleted_windows_that_began_before_are_not_told(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_point point = {100, LEDGER_NEVER, LEDGER_NEVER, LEDGER_CUT_OFF};
	struct ledger_status status;
	fixture_restart(fixture, &point);
	give(fixture, 15, production_event(1, true));
	give(fixture, 21, production_event(2, true));
	give(fixture, 22, copy_event(9)); /* production's event may be among the deleted */
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.blind_us, 15 * SECOND);
	close_all(fixture);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.unwritten, 1);
	assert_int_equal(final_of(fixture, NULL, 10)->invocations, 0);
	assert_int_equal(final_of(fixture, NULL, 20)->invocations, 1);
	assert_int_equal(final_of(fixture, "t", 20)->late, 1);
	assert_int_equal(fixture->finals[0].tally.unwritten_windows, 1); /* that they are not is */
	assert_string_equal(fixture->finals[0].tally.arm->variant, "");
	assert_null(fixture->finals[0].tally.arm->test);
	assert_int_equal(final_of(fixture, NULL, 20)->unwritten_windows, 0);
}

static void only_what_changed_is_published_again(void **state)
{
	struct fixture *fixture = *state;
	struct tally open = {0};
	give(fixture, 1, production_event(1, true));
	open = open_tally(fixture, "t", 0);
	assert_int_equal(open.sampled, 1);
	assert_false(open.has_changed);
	give(fixture, 2, copy_event(1));
	open = open_tally(fixture, "t", 0);
	assert_int_equal(open.paired, 1);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROMISE(a_pair_counts_in_the_window_of_productions_event),
		PROMISE(a_copy_whose_event_comes_first_waits_for_production),
		PROMISE(the_first_production_event_counts_and_a_repetition_does_not),
		PROMISE(a_request_that_was_covered_is_not_counted_when_it_comes_again),
		PROMISE(another_epoch_is_another_request),
		PROMISE(an_answer_beats_a_loss_whichever_came_first),
		PROMISE(of_two_losses_the_first_counts),
		PROMISE(a_window_closes_when_the_clock_reaches_its_end_and_the_horizon),
		PROMISE(what_comes_after_the_window_closed_is_late_where_it_comes),
		PROMISE(a_copy_that_was_not_announced_is_unsolicited),
		PROMISE(time_that_goes_back_is_the_largest_read),
		PROMISE(a_failure_is_paired_and_not_comparable),
		PROMISE(answers_are_compared_as_the_events_generation_defines),
		PROMISE(decisions_that_their_hash_bears_out_are_not_wrong),
		PROMISE(wrong_decisions_are_counted),
		PROMISE(gaps_are_counted_where_they_are_told),
		PROMISE(events_that_no_program_of_ours_writes_are_left_out),
		PROMISE(at_the_bound_the_oldest_join_is_given_up),
		PROMISE(the_bytes_and_the_requests_that_are_kept_are_bounded_too),
		PROMISE(the_copy_of_a_request_that_was_given_up_is_late_and_not_unsolicited),
		PROMISE(orphans_are_bounded_too),
		PROMISE(what_an_open_window_needs_is_not_committed),
		PROMISE(a_source_that_fell_silent_is_forgotten_in_the_end),
		PROMISE(windows_that_a_commits_clock_closed_are_not_told_again),
		PROMISE(after_records_were_deleted_windows_that_began_before_are_not_told),
		PROMISE(only_what_changed_is_published_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
