/* A publisher on librdkafka's mock brokers: what becomes of records when its handle breaks. */
#include "common/clock.h"
#include "common/log.h"
#include "common/mock_test_fixture.h"
#include "common/publisher.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DEADLINE_US = 20000000, RECORDS = 100 };

/* A record that is sent until Kafka has it. */
struct parcel {
	struct delivery delivery;
	int failures;
	bool is_delivered;
	rd_kafka_resp_err_t last_error;
};

struct fixture {
	struct mock mock;
	struct loop *loop;
	struct publisher *publisher;
	struct parcel parcels[RECORDS];
};

static char errstr[512];

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	log_set_level(LOG_ERROR);
	mock_open(&fixture->mock);
	rd_kafka_mock_topic_create(fixture->mock.cluster, "answers", 4, 1);
	fixture->loop = loop_new(errstr, sizeof errstr);
	fixture->publisher = publisher_new(&fixture->mock.settings, fixture->loop, "answers",
		PUBLISH_ANSWERS, errstr, sizeof errstr);
	assert_non_null(fixture->publisher);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	publisher_free(fixture->publisher);
	loop_free(fixture->loop);
	mock_close(&fixture->mock);
	free(fixture);
	return 0;
}

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct parcel *parcel = (struct parcel *)delivery;
	parcel->failures += err != 0;
	parcel->last_error = err;
	parcel->is_delivered = !err;
}

static rd_kafka_resp_err_t hand_over(
	struct publisher *publisher, struct parcel *parcel, int32_t partition, bool is_prompt)
{
	static const char value[] = "an answer";
	*parcel = (struct parcel){.delivery = {.done = on_delivery, .source_partition = partition}};
	struct outgoing record = {.topic = "answers",
		.partition = PARTITION_SOURCE,
		.value = value,
		.value_size = sizeof value - 1,
		.is_prompt = is_prompt};
	return publisher_send(publisher, &record, &parcel->delivery);
}

static rd_kafka_resp_err_t send_parcel(struct fixture *fixture, int i)
{
	return hand_over(fixture->publisher, &fixture->parcels[i], i % 4, false);
}

static void wait_until_none_is_open(struct fixture *fixture)
{
	int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
	while (publisher_open_count(fixture->publisher) > 0) {
		assert_true(clock_monotonic_us() < deadline_us);
		(void)publisher_poll(fixture->publisher);
	}
}

static void break_handle(struct fixture *fixture)
{
	assert_int_equal(rd_kafka_test_fatal_error(publisher_handle(fixture->publisher),
				 RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "for the test"),
		RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void every_record_ends_in_one_delivery_though_the_handle_breaks(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	break_handle(fixture);
	wait_until_none_is_open(fixture);
	for (int i = 0; i < RECORDS; i++) {
		const struct parcel *parcel = &fixture->parcels[i];
		assert_int_equal(parcel->failures + parcel->is_delivered, 1);
		assert_false(parcel->failures && kafka_is_permanent(parcel->last_error));
	}
}

static void wait_until_renewed(struct fixture *fixture, const rd_kafka_t *broken)
{
	int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
	while (publisher_handle(fixture->publisher) == broken) {
		assert_true(clock_monotonic_us() < deadline_us);
		(void)publisher_poll(fixture->publisher);
	}
}

static void a_handle_that_breaks_at_once_is_not_replaced_at_once(void **state)
{
	struct fixture *fixture = *state;
	const rd_kafka_t *handle = publisher_handle(fixture->publisher);
	break_handle(fixture);
	wait_until_renewed(fixture, handle);
	int64_t renewed_us = clock_monotonic_us();
	handle = publisher_handle(fixture->publisher);
	break_handle(fixture);
	wait_until_renewed(fixture, handle);
	assert_true(clock_monotonic_us() - renewed_us > 4000000);
}

static void after_a_fatal_error_records_flow_through_a_new_handle(void **state)
{
	struct fixture *fixture = *state;
	const rd_kafka_t *broken = publisher_handle(fixture->publisher);
	assert_int_equal(send_parcel(fixture, 0), 0);
	wait_until_none_is_open(fixture);
	break_handle(fixture);
	wait_until_renewed(fixture, broken);
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	wait_until_none_is_open(fixture);
	for (int i = 0; i < RECORDS; i++)
		assert_true(fixture->parcels[i].is_delivered);
}

static void a_publisher_that_ends_gives_back_what_it_could_not_deliver(void **state)
{
	struct fixture *fixture = *state;
	rd_kafka_mock_broker_set_down(fixture->mock.cluster, 1);
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	publisher_free(fixture->publisher);
	fixture->publisher = NULL;
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(fixture->parcels[i].failures, 1);
}

static void what_is_let_go_calls_nobody_though_its_leader_answers_later(void **state)
{
	enum { HANG_MS = 1500 };
	struct fixture *fixture = *state;
	assert_int_equal(send_parcel(fixture, 0), 0);
	wait_until_none_is_open(fixture); /* the leaders are known */
	rd_kafka_mock_broker_set_rtt(fixture->mock.cluster, 1, HANG_MS);
	for (int i = 1; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	for (int i = 1; i < RECORDS; i++)
		publisher_let_go(fixture->publisher, &fixture->parcels[i].delivery);
	assert_int_equal(publisher_open_count(fixture->publisher), 0);
	memset(&fixture->parcels[1], 0xff, (RECORDS - 1) * sizeof fixture->parcels[0]);
	int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
	for (int served = 0; served < RECORDS - 1; served += publisher_poll(fixture->publisher))
		assert_true(clock_monotonic_us() < deadline_us);
	assert_int_equal(publisher_open_count(fixture->publisher), 0);
}

static void a_copy_without_a_leader_is_given_up_in_time_while_the_others_flow(void **state)
{
	struct fixture *fixture = *state;
	publisher_free(fixture->publisher);
	fixture->publisher = publisher_new(&fixture->mock.settings, fixture->loop, "copies",
		PUBLISH_COPIES, errstr, sizeof errstr);
	rd_kafka_mock_partition_set_leader(fixture->mock.cluster, "answers", 2, -1);
	int64_t begun_us = clock_monotonic_us();
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	wait_until_none_is_open(fixture);
	assert_in_range(clock_monotonic_us() - begun_us, 4000000, 10000000);
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(fixture->parcels[i].last_error,
			i % 4 == 2 ? RD_KAFKA_RESP_ERR__MSG_TIMED_OUT : 0);
}

/* An event lingers for 50 ms, a round trip takes one or two. */
static void what_is_prompt_overtakes_what_lingers(void **state)
{
	enum { ROUNDS = 20 };
	struct fixture *fixture = *state;
	int overtaken = 0;
	publisher_free(fixture->publisher);
	fixture->publisher = publisher_new(&fixture->mock.settings, fixture->loop, "events",
		PUBLISH_EVENTS, errstr, sizeof errstr);
	struct parcel *first = &fixture->parcels[0], *second = &fixture->parcels[1];
	for (int i = 0; i < ROUNDS; i++) {
		int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
		assert_int_equal(hand_over(fixture->publisher, first, 0, false), 0);
		assert_int_equal(hand_over(fixture->publisher, second, 0, true), 0);
		while (!publisher_poll(fixture->publisher))
			assert_true(clock_monotonic_us() < deadline_us);
		overtaken += second->is_delivered && !first->is_delivered;
		wait_until_none_is_open(fixture);
		assert_true(first->is_delivered && second->is_delivered);
	}
	assert_true(overtaken > ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_record_ends_in_one_delivery_though_the_handle_breaks, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			after_a_fatal_error_records_flow_through_a_new_handle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_handle_that_breaks_at_once_is_not_replaced_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_publisher_that_ends_gives_back_what_it_could_not_deliver, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_let_go_calls_nobody_though_its_leader_answers_later, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_prompt_overtakes_what_lingers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_copy_without_a_leader_is_given_up_in_time_while_the_others_flow, set_up,
			tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
