/* Events and gaps on librdkafka's mock brokers, read back with Avro C and the schemas. */
#include "common/clock.h"
#include "common/event_lane.h"
#include "common/log.h"
#include "common/mock_test_fixture.h"
#include "common/schema.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000, PARTITIONS = 3 };

struct fixture {
	struct mock mock;
	struct loop *loop;
	struct event_lane *lane;
	rd_kafka_t *reader;
};

static char errstr[512];

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	log_set_level(LOG_OFF);
	mock_open(&fixture->mock);
	rd_kafka_mock_topic_create(fixture->mock.cluster, "umbra.events", PARTITIONS, 1);
	fixture->loop = loop_new(errstr, sizeof errstr);
	fixture->lane = event_lane_new(&fixture->mock.settings, fixture->loop, "umbra-splitter",
		"host-1", errstr, sizeof errstr);
	assert_non_null(fixture->lane);
	fixture->reader = kafka_reader_new(&fixture->mock.settings, errstr, sizeof errstr);
	rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(PARTITIONS);
	for (int32_t i = 0; i < PARTITIONS; i++)
		rd_kafka_topic_partition_list_add(all, "umbra.events", i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(fixture->reader, all);
	rd_kafka_topic_partition_list_destroy(all);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	rd_kafka_consumer_close(fixture->reader);
	rd_kafka_destroy(fixture->reader);
	event_lane_free(fixture->lane);
	loop_free(fixture->loop);
	mock_close(&fixture->mock);
	free(fixture);
	event_free_buffers();
	schema_free_all();
	return 0;
}

/* The next record of that schema, decoded into `value`; the lane is served meanwhile. */
static void read_next(struct fixture *fixture, const char *schema, avro_value_t *value)
{
	int64_t deadline_us = clock_monotonic_us() + 20 * SECOND;
	for (;;) {
		assert_true(clock_monotonic_us() < deadline_us);
		event_lane_tick(fixture->lane, PARTITIONS);
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(fixture->reader, 20);
		bool found = rkm && !rkm->err &&
			!schema_decode(schema_get(schema), rkm->payload, rkm->len, value, errstr,
				sizeof errstr);
		if (rkm)
			rd_kafka_message_destroy(rkm);
		if (found)
			return;
	}
}

static void expect_text(avro_value_t *record, const char *field, const char *wanted)
{
	avro_value_t value;
	const char *text;
	size_t size;
	assert_int_equal(avro_value_get_by_name(record, field, &value, NULL), 0);
	assert_int_equal(avro_value_get_string(&value, &text, &size), 0);
	assert_string_equal(text, wanted);
}

static int64_t number(avro_value_t *record, const char *field)
{
	avro_value_t value;
	int64_t result = 0;
	assert_int_equal(avro_value_get_by_name(record, field, &value, NULL), 0);
	assert_int_equal(avro_value_get_long(&value, &result), 0);
	return result;
}

static void ignore(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	(void)delivery;
	assert_int_equal(err, 0);
}

static void an_event_goes_to_the_partition_of_its_request(void **state)
{
	struct fixture *fixture = *state;
	struct delivery delivery = {.done = ignore};
	struct event event = {.request_id = "r-1",
		.endpoint = "churn",
		.variant = "v1",
		.source_topic = "churn.requests",
		.reason = "",
		.response_content_type = "",
		.instance = "host-1"};
	avro_value_t value;
	avro_generic_value_new(schema_get("invocation_event")->iface, &value);
	assert_int_equal(event_lane_send(fixture->lane, &event, PARTITIONS, &delivery), 0);
	read_next(fixture, "invocation_event", &value);
	expect_text(&value, "request_id", "r-1");
	avro_value_decref(&value);
}

static void what_was_given_up_is_told_as_a_gap_once_events_flow(void **state)
{
	struct fixture *fixture = *state;
	avro_value_t gap;
	avro_generic_value_new(schema_get("event_gap")->iface, &gap);
	int64_t before_us = clock_wall_us();
	for (int i = 0; i < 3; i++)
		event_lane_note_gap(fixture->lane, "churn", "churn.requests", NULL,
			RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
	event_lane_tick(fixture->lane, PARTITIONS);
	event_lane_note_delivery(fixture->lane);
	read_next(fixture, "event_gap", &gap);
	expect_text(&gap, "instance", "host-1");
	expect_text(&gap, "program", "umbra-splitter");
	expect_text(&gap, "endpoint", "churn");
	expect_text(&gap, "source_topic", "churn.requests");
	expect_text(&gap, "reason", "Local: Message timed out");
	assert_int_equal(number(&gap, "events"), 3);
	assert_true(
		number(&gap, "from") >= before_us && number(&gap, "to") >= number(&gap, "from"));
	/* what comes later is another gap, of that test alone */
	event_lane_note_gap(fixture->lane, "churn", "churn.requests", "trial",
		RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	event_lane_note_delivery(fixture->lane);
	avro_value_reset(&gap);
	read_next(fixture, "event_gap", &gap);
	assert_int_equal(number(&gap, "events"), 1);
	expect_text(&gap, "reason", "Broker: Topic authorization failed");
	avro_value_decref(&gap);
}

static void a_refusal_is_tried_again_for_a_minute(void **state)
{
	(void)state;
	assert_int_equal(
		event_lane_pause(0, 999 * (int64_t)SECOND, RD_KAFKA_RESP_ERR__QUEUE_FULL), 2000);
	assert_int_equal(event_lane_pause(0, 59 * SECOND, RD_KAFKA_RESP_ERR__FATAL), SECOND);
	assert_int_equal(event_lane_pause(0, 60 * SECOND, RD_KAFKA_RESP_ERR__FATAL), -1);
	assert_int_equal(event_lane_pause(0, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), -1);
	assert_int_equal(event_lane_pause(0, 1, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_event_goes_to_the_partition_of_its_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_given_up_is_told_as_a_gap_once_events_flow, set_up, tear_down),
		cmocka_unit_test(a_refusal_is_tried_again_for_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
