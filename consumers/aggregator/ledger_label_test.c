/* The truth about requests: joined in either order, once, within the horizon. Windows of 10 s, horizon
 * 60 s; production says 0.8 (class 1), the candidate 0.3 (class 0). */
#include "consumers/aggregator/event_ledger_test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t labelled, correct, production_correct, log_loss, brier, production_brier, n_cells;
static char first_cell[300];

/* Finals are gone after on_final: the sums are taken there. */
static void sum_finals(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	(void)opaque;
	(void)window_start_us;
	labelled += tally->label.labelled;
	correct += tally->label.own.correct;
	production_correct += tally->label.production.correct;
	log_loss += tally->label.own.log_loss;
	brier += tally->label.own.brier;
	production_brier += tally->label.production.brier;
	n_cells += (int64_t)tally->label.own.cells.n;
	if (tally->label.own.cells.n)
		snprintf(first_cell, sizeof first_cell, "%s", tally->label.own.cells.items[0].name);
}

static int set_up(void **state)
{
	int rc = fixture_set_up(state);
	struct fixture *fixture = *state;
	fixture_compare_by_label(fixture);
	fixture->config.on_final = sum_finals;
	fixture_restart(
		fixture, &(struct ledger_point){0, LEDGER_NEVER, LEDGER_NEVER, LEDGER_NEVER});
	labelled = correct = production_correct = log_loss = brier = production_brier = n_cells = 0;
	first_cell[0] = '\0';
	return rc;
}

static void give_production(struct fixture *fixture, double at_s, int64_t offset, bool is_sampled)
{
	struct event event = production_event(offset, is_sampled);
	event.generation = 5;
	event.response_body = "{\"p\":0.8}";
	event.response_body_size = 9;
	event.response_bytes = 9;
	feed(fixture, at_s, &event);
}

static void give_copy(struct fixture *fixture, double at_s, int64_t offset)
{
	struct event event = copy_event(offset);
	event.generation = 5;
	event.response_body = "{\"q\":0.3}";
	event.response_body_size = 9;
	event.response_bytes = 9;
	feed(fixture, at_s, &event);
}

static void tell(struct fixture *fixture, double at_s, const char *id, const char *label)
{
	feed_label(fixture, at_s, &(struct ledger_label){id, "churn", label});
}

static void close_all(struct fixture *fixture)
{
	feed(fixture, 100000, NULL);
}

static void assert_one(void)
{
	assert_int_equal(labelled, 1);
	assert_int_equal(correct, 0);
	assert_int_equal(production_correct, 1);
	assert_int_equal(log_loss, llround(-log(0.3) * 1e6));
	assert_int_equal(brier, 490000);
	assert_int_equal(production_brier, 40000);
	assert_int_equal(n_cells, 1);
	assert_string_equal(first_cell, "1\t0");
}

static void a_label_counts_after_before_and_between_the_events(void **state)
{
	static const double told_at[] = {1, 15, 40};
	for (size_t i = 0; i < 3; i++) {
		struct fixture *fixture = *state;
		if (i == 0)
			tell(fixture, told_at[i], "r1", "1");
		give_production(fixture, 11, 1, true);
		if (i == 1)
			tell(fixture, told_at[i], "r1", "1");
		give_copy(fixture, 21, 1);
		if (i == 2)
			tell(fixture, told_at[i], "r1", "1");
		close_all(fixture);
		assert_one();
		assert_int_equal(fixture_tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
	}
}

static void of_several_labels_the_first_counts(void **state)
{
	struct fixture *fixture = *state;
	tell(fixture, 1, "r1", "1.0");
	tell(fixture, 1, "r1", "0");
	give_production(fixture, 11, 1, true);
	give_copy(fixture, 12, 1);
	tell(fixture, 13, "r1", "0");
	close_all(fixture);
	assert_one();
}

static void a_label_after_the_horizon_or_of_another_request_counts_nowhere(void **state)
{
	struct fixture *fixture = *state;
	tell(fixture, 0, "r2", "1");
	give_production(fixture, 11, 1, true);
	give_copy(fixture, 12, 1);
	give_production(fixture, 12, 3, false);
	tell(fixture, 13, "r3", "1");
	feed_label(fixture, 13, &(struct ledger_label){"r1", "other", "1"});
	tell(fixture, 80, "r1", "1");
	give_production(fixture, 80, 2, true);
	give_copy(fixture, 80, 2);
	close_all(fixture);
	assert_int_equal(labelled, 0);
}

static void a_label_that_is_none_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_status status;
	char wide[102];
	memset(wide, 'x', sizeof wide);
	wide[101] = '\0';
	tell(fixture, 1, "r1", "");
	tell(fixture, 1, "", "1");
	tell(fixture, 1, "r1", "a\tb");
	tell(fixture, 1, "r1", wide);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.malformed, 4);
}

static void what_waits_is_bounded_and_the_rest_counted(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_status status;
	char id[24];
	for (int i = 0; i < 1100; i++) {
		snprintf(id, sizeof id, "x%d", i);
		tell(fixture, 1, id, "1");
	}
	for (int i = 0; i < 1100; i++) {
		give_production(fixture, 2, i, true);
		give_copy(fixture, 2, i);
	}
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.labels_given_up, 200);
	close_all(fixture);
}

static void a_reader_that_begins_at_the_commit_finds_the_label_again(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_point point;
	tell(fixture, 5, "r1", "1");
	give_production(fixture, 61, 1, true);
	feed(fixture, 90, NULL); /* the label's own window is closed, the request's is not */
	ledger_point(fixture->ledger, &point);
	assert_int_equal(point.offset, 0);
	fixture_restart(fixture, &point);
	tell(fixture, 5, "r1", "1");
	give_production(fixture, 61, 1, true);
	give_copy(fixture, 91, 1);
	close_all(fixture);
	assert_one();
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		test(a_label_counts_after_before_and_between_the_events),
		test(of_several_labels_the_first_counts),
		test(a_label_after_the_horizon_or_of_another_request_counts_nowhere),
		test(a_label_that_is_none_is_refused),
		test(what_waits_is_bounded_and_the_rest_counted),
		test(a_reader_that_begins_at_the_commit_finds_the_label_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
