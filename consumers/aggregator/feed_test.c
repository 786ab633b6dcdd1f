/* Records of umbra.events as bytes. */
#include "common/avro_buffer.h"
#include "common/metrics.h"
#include "common/schema.h"
#include "consumers/aggregator/event_ledger_test_fixture.h"
#include "consumers/aggregator/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static int64_t feed_bytes(
	struct fixture *fixture, double at_s, const void *data, size_t size, bool is_patient)
{
	struct feed_record fed = {data, size, 0, fixture->offset, (int64_t)(at_s * SECOND)};
	int64_t wanted = feed_take(fixture->ledger, &fixture->history, &fed, is_patient);
	fixture->offset += !wanted;
	return wanted;
}

static int64_t feed_encoded(
	struct fixture *fixture, double at_s, const struct event *event, bool is_patient)
{
	const void *data;
	size_t size;
	assert_int_equal(event_encode(event, &data, &size), 0);
	return feed_bytes(fixture, at_s, data, size, is_patient);
}

static void events_and_gaps_reach_the_books(void **state)
{
	struct fixture *fixture = *state;
	struct event production = production_event(1, true), copy = copy_event(1);
	struct avro_buffer gap = {0};
	assert_int_equal(feed_encoded(fixture, 1, &production, true), 0);
	assert_int_equal(feed_encoded(fixture, 2, &copy, true), 0);
	avro_buffer_begin(&gap, schema_get("event_gap")->fingerprint);
	avro_buffer_string(&gap, "i");
	avro_buffer_string(&gap, "umbra-splitter");
	avro_buffer_string(&gap, "churn");
	avro_buffer_string(&gap, "churn.requests");
	avro_buffer_optional_string(&gap, "t");
	avro_buffer_long(&gap, 5);
	avro_buffer_long(&gap, 1);
	avro_buffer_long(&gap, 2);
	avro_buffer_string(&gap, "why");
	assert_int_equal(feed_bytes(fixture, 3, gap.data, gap.size, true), 0);
	avro_buffer_fini(&gap);
	feed(fixture, 1000, NULL);
	assert_int_equal(final_of(fixture, "t", 0)->match, 1);
	assert_int_equal(fixture->n_finals, 3);
	assert_int_equal(fixture->finals[1].tally.given_up_events, 5);
}

static void an_event_of_a_generation_to_come_is_not_taken_by_the_patient(void **state)
{
	struct fixture *fixture = *state;
	struct event event = production_event(1, true);
	event.generation = 5;
	assert_int_equal(feed_encoded(fixture, 1, &event, true), 5);
	assert_int_equal(open_tally(fixture, NULL, 0).invocations, 0);
	assert_int_equal(feed_encoded(fixture, 1, &event, false), 0);
	assert_int_equal(open_tally(fixture, NULL, 0).invocations, 1);
}

static void bytes_that_are_no_record_only_move_the_clock(void **state)
{
	struct fixture *fixture = *state;
	struct event event = production_event(1, true);
	struct ledger_status status;
	const void *data;
	size_t size;
	assert_int_equal(event_encode(&event, &data, &size), 0);
	for (size_t n = 0; n < size; n++)
		assert_int_equal(feed_bytes(fixture, 1 + (double)n / 1000, data, n, true), 0);
	assert_int_equal(feed_bytes(fixture, 5, NULL, 0, true), 0);
	assert_int_equal(feed_bytes(fixture, 6, "garbage", 7, true), 0);
	ledger_read_status(fixture->ledger, &status);
	assert_int_equal(status.clock_us, 6 * SECOND);
	assert_int_equal(status.requests, 0);
}

static int tear_down(void **state)
{
	event_free_buffers();
	return fixture_tear_down(state);
}

static int free_metrics(void **state)
{
	(void)state;
	metrics_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			events_and_gaps_reach_the_books, fixture_set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_event_of_a_generation_to_come_is_not_taken_by_the_patient,
			fixture_set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			bytes_that_are_no_record_only_move_the_clock, fixture_set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, free_metrics);
}
