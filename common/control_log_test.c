/* The control log on librdkafka's mock brokers: reading, writing, and two writers at once. */
#include "common/clock.h"
#include "common/control_log.h"
#include "common/mock_test_fixture.h"
#include "common/topics.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char errstr[700];

static int set_up(void **opaque)
{
	struct mock *mock = calloc(1, sizeof(*mock));

	mock_open(mock);
	log_set_level(LOG_ERROR);
	*opaque = mock;
	return 0;
}

static int tear_down(void **opaque)
{
	mock_close(*opaque);
	free(*opaque);
	return 0;
}

static void create_topic(struct mock *mock)
{
	assert_int_equal(0, rd_kafka_mock_topic_create(mock->cluster, "umbra.control", 1, 1));
}

static struct control_log *open_log(struct mock *mock)
{
	struct control_log *log = control_log_open(&mock->settings, NULL, errstr, sizeof(errstr));

	assert_non_null(log);
	return log;
}

static void catch_up(struct control_log *log)
{
	int rc = control_log_catch_up(log, 15000, errstr, sizeof(errstr));

	if (rc != 0)
		fail_msg("%s", errstr);
}

static int append_within(
	struct control_log *log, const char *author, const char *definition, int timeout_ms)
{
	struct control_record record = {.author = strdup(author)};
	int rc;

	record.changes = calloc(1, sizeof(*record.changes));
	record.n_changes = 1;
	record.changes[0] = (struct control_change){
		OBJECT_INSTALLATION, CHANGE_PUT, strdup("installation"), strdup(definition)};
	rc = control_log_append(log, &record, timeout_ms, errstr, sizeof(errstr));
	control_record_fini(&record);
	return rc;
}

static int append(struct control_log *log, const char *author, const char *definition)
{
	return append_within(log, author, definition, 15000);
}

static void what_one_writes_another_reads(void **opaque)
{
	struct control_log *writer, *reader;

	create_topic(*opaque);
	writer = open_log(*opaque);
	catch_up(writer);
	assert_int_equal(CONTROL_ACCEPTED, append(writer, "ann@here", "{\"event_partitions\":4}"));
	assert_int_equal(4, control_log_state(writer)->event_partitions);
	reader = open_log(*opaque);
	catch_up(reader);
	assert_int_equal(1, control_log_state(reader)->generation);
	assert_int_equal(4, control_log_state(reader)->event_partitions);
	control_log_close(reader);
	control_log_close(writer);
}

static void of_two_writers_one_is_told_conflict_and_by_whom(void **opaque)
{
	struct control_log *ann, *bob;

	create_topic(*opaque);
	ann = open_log(*opaque);
	bob = open_log(*opaque);
	catch_up(ann);
	catch_up(bob);
	assert_int_equal(CONTROL_ACCEPTED, append(ann, "ann@here", "{\"event_partitions\":4}"));
	assert_int_equal(CONTROL_CONFLICT, append(bob, "bob@there", "{\"event_partitions\":5}"));
	assert_non_null(strstr(errstr, "conflict: ann@here at "));
	catch_up(ann);
	assert_int_equal(4, control_log_state(ann)->event_partitions);
	assert_int_equal(4, control_log_state(bob)->event_partitions);
	assert_int_equal(1, control_log_state(bob)->generation);
	control_log_close(ann);
	control_log_close(bob);
}

static void a_writer_is_told_why_its_record_is_refused(void **opaque)
{
	struct control_log *log;

	create_topic(*opaque);
	log = open_log(*opaque);
	catch_up(log);
	assert_int_equal(CONTROL_INVALID, append(log, "ann@here", "{\"event_partitions\":0}"));
	assert_string_equal(
		"installation: event_partitions must be from 1 to 10000, not 0", errstr);
	assert_int_equal(CONTROL_ACCEPTED, append(log, "ann@here", "{\"event_partitions\":2}"));
	control_log_close(log);
}

static void a_log_that_cannot_be_understood_is_neither_read_on_nor_written(void **opaque)
{
	struct control_log *log;

	create_topic(*opaque);
	log = open_log(*opaque);
	catch_up(log);
	assert_int_equal(CONTROL_NOT_UNDERSTOOD,
		append(log, "new@here", "{\"event_partitions\":2,\"colour\":1}"));
	assert_non_null(strstr(errstr, "unknown field \"colour\""));
	assert_int_equal(
		CONTROL_NOT_UNDERSTOOD, append(log, "ann@here", "{\"event_partitions\":2}"));
	assert_int_equal(-1, control_log_catch_up(log, 15000, errstr, sizeof(errstr)));
	assert_int_equal(0, control_log_state(log)->generation);
	control_log_close(log);
}

static void produce(struct mock *mock, const void *data, size_t size)
{
	assert_int_equal(0,
		rd_kafka_producev(mock->rk, RD_KAFKA_V_TOPIC("umbra.control"),
			RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE((void *)data, size),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END));
}

static rd_kafka_t *open_producer(struct mock *mock)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", mock->settings.brokers, NULL, 0);
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
}

struct seen {
	int records, no_records;
};

static void observe(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct seen *seen = opaque;

	(void)offset;
	(void)append_time_us;
	if (record) {
		seen->records++;
		return;
	}
	assert_int_equal(CONTROL_INVALID, verdict);
	assert_string_not_equal("", why);
	seen->no_records++;
}

static void bytes_that_are_no_record_are_passed_over(void **opaque)
{
	struct mock *mock = *opaque;
	struct seen seen = {0, 0};
	struct mock producer = *mock;
	struct control_log *log;

	create_topic(mock);
	producer.rk = open_producer(mock);
	produce(&producer, "garbage", 7);
	assert_int_equal(0, rd_kafka_flush(producer.rk, 10000));
	log = open_log(mock);
	control_log_observe(log, observe, &seen);
	catch_up(log);
	assert_int_equal(1, seen.no_records);
	assert_int_equal(CONTROL_ACCEPTED, append(log, "ann@here", "{\"event_partitions\":2}"));
	assert_int_equal(1, seen.records);
	control_log_close(log);
	rd_kafka_destroy(producer.rk);
}

static void a_record_of_a_newer_schema_stops_the_log(void **opaque)
{
	static const uint8_t newer[] = {0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0};
	struct mock *mock = *opaque;
	struct mock producer = *mock;
	struct control_log *log;
	const char *why_not;

	create_topic(mock);
	producer.rk = open_producer(mock);
	produce(&producer, newer, sizeof(newer));
	assert_int_equal(0, rd_kafka_flush(producer.rk, 10000));
	log = open_log(mock);
	assert_int_equal(-1, control_log_catch_up(log, 15000, errstr, sizeof(errstr)));
	assert_false(control_log_state(log)->not_understood == NULL);
	control_log_is_current(log, &why_not);
	assert_non_null(why_not);
	control_log_close(log);
	rd_kafka_destroy(producer.rk);
}

/* The mock makes each topic that is asked for, so a missing one is integration/tests/test_control's. */
static void a_log_that_was_not_read_yet_says_so(void **opaque)
{
	struct control_log *log = open_log(*opaque);
	const char *why_not;

	assert_false(control_log_is_current(log, &why_not));
	assert_string_equal("umbra.control has not been read yet", why_not);
	control_log_close(log);
}

static void brokers_that_do_not_answer_are_an_error_in_time(void **opaque)
{
	struct mock *mock = *opaque;
	struct common_settings settings = mock->settings;
	static char nobody[] = "127.0.0.1:1";
	struct control_log *log;
	int64_t before = clock_monotonic_us();

	settings.brokers = nobody;
	log = control_log_open(&settings, NULL, errstr, sizeof(errstr));
	assert_non_null(log);
	assert_int_equal(-1, control_log_catch_up(log, 1500, errstr, sizeof(errstr)));
	assert_int_equal(-1, append_within(log, "ann@here", "{\"event_partitions\":2}", 4000));
	assert_non_null(strstr(errstr, "ritten"));
	assert_true(clock_monotonic_us() - before < 10000000);
	control_log_close(log);
}

/* In a loop nothing blocks, and what another writes is seen within a second. */
static void a_loop_sees_changes_within_a_second(void **opaque)
{
	struct mock *mock = *opaque;
	struct loop *loop = loop_new(errstr, sizeof(errstr));
	struct control_log *log, *writer;
	const char *why_not;
	int64_t deadline = clock_monotonic_us() + 20000000, sent, worst = 0;

	assert_non_null(loop);
	create_topic(
		mock); /* first: the mock makes what a reader asks for, with other partitions */
	log = control_log_open(&mock->settings, loop, errstr, sizeof(errstr));
	assert_non_null(log);
	while (!control_log_is_current(log, &why_not) && clock_monotonic_us() < deadline) {
		int64_t before = clock_monotonic_us();

		control_log_tick(log, before);
		if (clock_monotonic_us() - before > worst)
			worst = clock_monotonic_us() - before;
		loop_wait(loop, NULL, 50000);
	}
	assert_true(control_log_is_current(log, &why_not));
	assert_null(why_not);
	assert_true(worst < 200000);
	control_log_tick(log, 0);
	assert_false(control_log_tick(log, 0));
	writer = open_log(mock);
	catch_up(writer);
	assert_int_equal(CONTROL_ACCEPTED, append(writer, "ann@here", "{\"event_partitions\":2}"));
	sent = clock_monotonic_us();
	while (!control_log_tick(log, 0) && clock_monotonic_us() < deadline)
		loop_wait(loop, NULL, 1000000);
	assert_true(clock_monotonic_us() - sent < 1000000);
	assert_int_equal(1, control_log_state(log)->generation);
	control_log_close(writer);
	control_log_close(log);
	loop_free(loop);
}

static void brokers_without_the_admin_api_are_taken_as_they_are(void **opaque)
{
	struct mock *mock = *opaque;
	struct topic_want want = {
		.name = "made-by-hand", .kind = TOPIC_SHADOW, .partitions = 2, .replication = -1};
	rd_kafka_t *rk = kafka_reader_new(&mock->settings, errstr, sizeof(errstr));

	assert_non_null(rk);
	create_topic(mock);
	assert_int_equal(0, rd_kafka_mock_topic_create(mock->cluster, "umbra.events", 4, 1));
	assert_int_equal(1, topics_check(rk, "umbra.", 10000, errstr, sizeof(errstr)));
	assert_non_null(strstr(errstr, "do not tell"));
	assert_int_equal(-1, topics_create(rk, &want, 1, 5000, errstr, sizeof(errstr)));
	assert_non_null(strstr(errstr, "cannot create topics"));
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
}

static void a_control_topic_with_more_partitions_is_refused(void **opaque)
{
	struct mock *mock = *opaque;
	rd_kafka_t *rk = kafka_reader_new(&mock->settings, errstr, sizeof(errstr));

	assert_int_equal(0, rd_kafka_mock_topic_create(mock->cluster, "umbra.control", 3, 1));
	assert_int_equal(-1, topics_check(rk, "umbra.", 10000, errstr, sizeof(errstr)));
	assert_non_null(strstr(errstr, "has 3 partitions and must have 1"));
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
}

static void the_command_for_a_topic_holds_all_its_properties(void **opaque)
{
	struct topic_want want = {
		.name = "umbra.control", .kind = TOPIC_CONTROL, .partitions = 1, .replication = 3};
	char *command = topics_command(&want, "k:9092");

	(void)opaque;
	assert_string_equal("kafka-topics.sh --bootstrap-server k:9092 --create --if-not-exists "
			    "--topic umbra.control --partitions 1 --replication-factor 3 --config "
			    "cleanup.policy=delete --config retention.ms=-1 --config "
			    "retention.bytes=-1 --config message.timestamp.type=LogAppendTime",
		command);
	free(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		PROMISE(what_one_writes_another_reads),
		PROMISE(of_two_writers_one_is_told_conflict_and_by_whom),
		PROMISE(a_writer_is_told_why_its_record_is_refused),
		PROMISE(a_log_that_cannot_be_understood_is_neither_read_on_nor_written),
		PROMISE(bytes_that_are_no_record_are_passed_over),
		PROMISE(a_record_of_a_newer_schema_stops_the_log),
		PROMISE(a_log_that_was_not_read_yet_says_so),
		PROMISE(brokers_that_do_not_answer_are_an_error_in_time),
		PROMISE(a_loop_sees_changes_within_a_second),
		PROMISE(brokers_without_the_admin_api_are_taken_as_they_are),
		PROMISE(a_control_topic_with_more_partitions_is_refused),
		PROMISE(the_command_for_a_topic_holds_all_its_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
