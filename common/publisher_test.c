/* A publisher on librdkafka's mock brokers: what becomes of records when its handle breaks. */
#include "common/clock.h"
#include "common/log.h"
#include "common/publisher.h"
#include <librdkafka/rdkafka_mock.h>
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
	rd_kafka_t *rk; /* of the mock brokers */
	rd_kafka_mock_cluster_t *cluster;
	struct common_settings settings;
	struct loop *loop;
	struct publisher *publisher;
	struct parcel parcels[RECORDS];
};

static char errstr[512];

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	static char prefix[] = "umbra.";
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL);
	log_set_level(LOG_ERROR);
	fixture->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr);
	assert_non_null(fixture->rk);
	fixture->cluster = rd_kafka_mock_cluster_new(fixture->rk, 1);
	rd_kafka_mock_topic_create(fixture->cluster, "answers", 4, 1);
	fixture->settings.brokers = strdup(rd_kafka_mock_cluster_bootstraps(fixture->cluster));
	fixture->settings.prefix = prefix;
	fixture->loop = loop_new(errstr, sizeof errstr);
	fixture->publisher = publisher_new(&fixture->settings, fixture->loop, "answers",
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
	rd_kafka_mock_cluster_destroy(fixture->cluster);
	rd_kafka_destroy(fixture->rk);
	free(fixture->settings.brokers);
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

static rd_kafka_resp_err_t send_parcel(struct fixture *fixture, int i)
{
	static const char value[] = "an answer";
	struct parcel *parcel = &fixture->parcels[i];
	parcel->delivery = (struct delivery){.done = on_delivery, .source_partition = i % 4};
	struct outgoing record = {.topic = "answers",
		.partition = PARTITION_SOURCE,
		.value = value,
		.value_size = sizeof value - 1};
	return publisher_send(fixture->publisher, &record, &parcel->delivery);
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

static void after_a_fatal_error_records_flow_through_a_new_handle(void **state)
{
	struct fixture *fixture = *state;
	const rd_kafka_t *broken = publisher_handle(fixture->publisher);
	assert_int_equal(send_parcel(fixture, 0), 0);
	wait_until_none_is_open(fixture);
	break_handle(fixture);
	int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
	while (publisher_handle(fixture->publisher) == broken) {
		assert_true(clock_monotonic_us() < deadline_us);
		(void)publisher_poll(fixture->publisher);
	}
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	wait_until_none_is_open(fixture);
	for (int i = 0; i < RECORDS; i++)
		assert_true(fixture->parcels[i].is_delivered);
}

static void a_publisher_that_ends_gives_back_what_it_could_not_deliver(void **state)
{
	struct fixture *fixture = *state;
	rd_kafka_mock_broker_set_down(fixture->cluster, 1);
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(send_parcel(fixture, i), 0);
	publisher_free(fixture->publisher);
	fixture->publisher = NULL;
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(fixture->parcels[i].failures, 1);
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
			a_publisher_that_ends_gives_back_what_it_could_not_deliver, set_up,
			tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
