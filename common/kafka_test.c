/* Kafka's settings, headers and partitions, without a broker; the partition count against
 * librdkafka's mock cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/kafka.h"
#include "common/log.h"
#include "common/loop.h"
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct common_settings settings_with(char **properties, size_t n)
{
	return (struct common_settings){.brokers = "127.0.0.1:1",
		.prefix = "umbra.",
		.properties = {.items = properties, .n = n}};
}

static void assert_property(rd_kafka_conf_t *conf, const char *name, const char *expected)
{
	char value[512];
	size_t size = sizeof(value);
	assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
	assert_string_equal(value, expected);
}

static void defaults_come_before_the_users_properties(void **state)
{
	(void)state;
	char problem[512];
	char *properties[] = {"linger.ms=7", "linger.ms=9"};
	struct common_settings settings = settings_with(properties, 2);
	static const struct kafka_property defaults[] = {
		{"linger.ms", "0"}, {"batch.size", "12345"}, {NULL, NULL}};
	settings.instance = "a1";
	rd_kafka_conf_t *conf = kafka_conf_new(&settings, defaults, problem, sizeof(problem));
	assert_non_null(conf);
	assert_property(conf, "bootstrap.servers", "127.0.0.1:1");
	assert_property(conf, "client.id", "kafka_test/a1");
	assert_property(conf, "socket.nagle.disable", "true");
	assert_property(conf, "allow.auto.create.topics", "false");
	assert_property(conf, "batch.size", "12345");
	assert_property(conf, "linger.ms", "9");
	rd_kafka_conf_destroy(conf);
	settings.instance = NULL;
	conf = kafka_conf_new(&settings, NULL, problem, sizeof(problem));
	assert_property(conf, "client.id", "kafka_test");
	rd_kafka_conf_destroy(conf);
}

struct property_case {
	char *property;
	const char *message;
};

static void a_reader_has_its_own_properties_then_those_it_is_given_then_the_users(void **state)
{
	(void)state;
	char problem[512], value[64];
	char *users[] = {"queued.max.messages.kbytes=77", "log_level=0"};
	struct common_settings settings = settings_with(users, 2);
	static const struct kafka_property given[] = {{"fetch.wait.max.ms", "200"},
		{"queued.max.messages.kbytes", "32768"}, {NULL, NULL}};
	static const char *const expected[][2] = {{"group.id", "umbra.reader"},
		{"enable.auto.commit", "false"}, {"fetch.wait.max.ms", "200"},
		{"queued.max.messages.kbytes", "77"}};
	const struct kafka_reader_config config = {.properties = given};
	rd_kafka_t *rk = kafka_reader_open(&settings, &config, problem, sizeof(problem));
	assert_non_null(rk);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		size_t size = sizeof value;
		assert_int_equal(rd_kafka_conf_get(rd_kafka_conf(rk), expected[i][0], value, &size),
			RD_KAFKA_CONF_OK);
		assert_string_equal(value, expected[i][1]);
	}
	rd_kafka_destroy(rk);
}

static void a_bad_property_is_named_and_its_value_is_not(void **state)
{
	(void)state;
	static const struct property_case cases[] = {
		{"linger.ms=geheim",
			"librdkafka does not take the value of property \"linger.ms\"; see "
			"its CONFIGURATION.md"},
		{"sasl.pasword=geheim",
			"librdkafka has no property \"sasl.pasword\"; did you mean "
			"\"sasl.password\"?"},
		{"x=geheim", "librdkafka has no property \"x\"; see its CONFIGURATION.md"},
		{"geheim", "a property is written NAME=VALUE"},
		{"=geheim", "a property is written NAME=VALUE"},
		{"sasl.password_file=/nowhere/pw",
			"property \"sasl.password_file\": cannot read "
			"/nowhere/pw: No such file or directory"},
		{"nothing_file=/nowhere/pw",
			"librdkafka has no property \"nothing_file\"; see its CONFIGURATION.md"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char problem[512] = "";
		char *property = cases[i].property;
		struct common_settings settings = settings_with(&property, 1);
		assert_null(kafka_conf_new(&settings, NULL, problem, sizeof(problem)));
		assert_string_equal(problem, cases[i].message);
		assert_int_equal(kafka_property_check(property, problem, sizeof(problem)), -1);
		assert_null(strstr(problem, "geheim"));
	}
	char problem[512];
	assert_int_equal(kafka_property_check("linger.ms=5", problem, sizeof(problem)), 0);
}

static void a_property_may_stand_in_a_file(void **state)
{
	(void)state;
	char path[] = P_tmpdir "/umbra-kafka-XXXXXX", property[128], problem[512];
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "geheim\n", 7), 7);
	close(fd);
	snprintf(property, sizeof(property), "sasl.password_file=%s", path);
	char *properties[] = {property};
	struct common_settings settings = settings_with(properties, 1);
	rd_kafka_conf_t *conf = kafka_conf_new(&settings, NULL, problem, sizeof(problem));
	assert_non_null(conf);
	assert_property(conf, "sasl.password", "geheim");
	rd_kafka_conf_destroy(conf);
	unlink(path);
}

static void a_bad_default_is_an_error_too(void **state)
{
	(void)state;
	char problem[512];
	struct common_settings settings = settings_with(NULL, 0);
	static const struct kafka_property bad[] = {{"no.such", "1"}, {NULL, NULL}};
	assert_null(kafka_conf_new(&settings, bad, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "no.such"));
}

/* From the tests of Kafka's Java client. */
static void murmur2_is_that_of_java(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		int32_t hash;
	} cases[] = {{"21", -973932308}, {"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
		{"abc", 479470107}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t hash = kafka_murmur2(cases[i].key, strlen(cases[i].key));
		assert_int_equal((int32_t)hash, cases[i].hash);
		int32_t partition = kafka_murmur2_partition(cases[i].key, strlen(cases[i].key), 7);
		assert_int_equal(partition, (cases[i].hash & 0x7fffffff) % 7);
	}
	assert_in_range(kafka_murmur2_partition(NULL, 0, 3), 0, 2);
	assert_in_range(kafka_murmur2_partition("\xff\xfe\xfd", 3, 3), 0, 2);
}

static void the_last_header_of_a_name_counts_whatever_its_case(void **state)
{
	(void)state;
	const void *value;
	size_t size;
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	rd_kafka_header_add(headers, "Content-Type", -1, "a", 1);
	rd_kafka_header_add(headers, "content-type", -1, "bb", 2);
	rd_kafka_header_add(headers, "other", -1, NULL, 0);
	rd_kafka_header_add(headers, "empty", -1, "", 0);
	assert_true(kafka_header_last(headers, "CONTENT-TYPE", &value, &size));
	assert_int_equal(size, 2);
	assert_memory_equal(value, "bb", 2);
	assert_true(kafka_header_last(headers, "other", &value, &size));
	assert_null(value);
	assert_int_equal(size, 0);
	assert_true(kafka_header_last(headers, "empty", &value, &size));
	assert_non_null(value);
	assert_int_equal(size, 0);
	assert_false(kafka_header_last(headers, "content", &value, &size));
	assert_false(kafka_header_last(NULL, "content-type", &value, &size));
	assert_null(value);
	rd_kafka_headers_destroy(headers);
}

static void what_kafka_may_accept_later_is_not_permanent(void **state)
{
	(void)state;
	static const rd_kafka_resp_err_t permanent[] = {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
		RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
		RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
		RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
		RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_INVALID_RECORD,
		RD_KAFKA_RESP_ERR_POLICY_VIOLATION};
	static const rd_kafka_resp_err_t passing[] = {RD_KAFKA_RESP_ERR_NO_ERROR,
		RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
		RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
		RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR__QUEUE_FULL,
		RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
		RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED};
	for (size_t i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++)
		assert_true(kafka_is_permanent(permanent[i]));
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		assert_false(kafka_is_permanent(passing[i]));
}

static void only_a_record_that_does_not_fit_is_too_large(void **state)
{
	(void)state;
	static const rd_kafka_resp_err_t others[] = {RD_KAFKA_RESP_ERR_NO_ERROR,
		RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
		RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
		RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT};
	assert_true(kafka_is_too_large(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
	assert_true(kafka_is_too_large(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(kafka_is_too_large(others[i]));
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *rkm, void *opaque)
{
	(void)rk, (void)opaque;
	assert_int_equal(rkm->err, 0);
}

static void count_up(void *opaque)
{
	++*(int *)opaque;
}

static void a_queue_wakes_the_loop(rd_kafka_t *rk)
{
	char problem[256];
	int calls = 0;
	struct loop *loop = loop_new(problem, sizeof(problem));
	int fd = loop_eventfd(loop, count_up, &calls);
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
	kafka_queue_wake(queue, fd);
	int produced = rd_kafka_producev(
		rk, RD_KAFKA_V_TOPIC("churn.requests"), RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_END);
	assert_int_equal(produced, 0);
	int64_t deadline = clock_monotonic_us() + 20000000;
	while (calls == 0 && clock_monotonic_us() < deadline)
		loop_wait(loop, NULL, 100000);
	assert_true(calls > 0);
	while (rd_kafka_poll(rk, 0) > 0)
		;
	rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
	rd_kafka_queue_destroy(queue);
	loop_close_eventfd(loop, fd);
	loop_free(loop);
}

static void check_counts(rd_kafka_mock_cluster_t *cluster, rd_kafka_t *rk)
{
	char problem[512];
	rd_kafka_mock_topic_create(cluster, "churn.requests", 3, 1);
	assert_int_equal(
		kafka_partition_count(rk, "churn.requests", 10000, problem, sizeof(problem)), 3);
	/* By itself the mock makes every topic that is asked for. */
	rd_kafka_mock_topic_set_error(cluster, "none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	assert_int_equal(kafka_partition_count(rk, "none", 10000, problem, sizeof(problem)), 0);
	rd_kafka_mock_topic_set_error(
		cluster, "secret", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	assert_int_equal(kafka_partition_count(rk, "secret", 10000, problem, sizeof(problem)), -1);
	assert_string_equal(problem,
		"the partitions of topic secret cannot be learnt: Broker: Topic authorization "
		"failed; umbractl acls prints what each program must be allowed");
}

static void partitions_are_counted_and_a_topic_that_is_not_there_has_none(void **state)
{
	(void)state;
	char problem[512];
	struct common_settings settings = settings_with(NULL, 0);
	static const struct kafka_property mock[] = {{"test.mock.num.brokers", "1"}, {NULL, NULL}};
	rd_kafka_conf_t *conf = kafka_conf_new(&settings, mock, problem, sizeof(problem));
	assert_non_null(conf);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
	assert_non_null(rk);
	rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(rk);
	assert_non_null(cluster);
	check_counts(cluster, rk);
	settings.brokers = (char *)rd_kafka_mock_cluster_bootstraps(cluster);
	rd_kafka_t *reader = kafka_reader_new(&settings, problem, sizeof(problem));
	assert_non_null(reader);
	assert_int_equal(
		kafka_partition_count(reader, "churn.requests", 10000, problem, sizeof(problem)),
		3);
	rd_kafka_destroy(reader);
	a_queue_wakes_the_loop(rk);
	rd_kafka_destroy(rk);
}

static void a_broker_that_is_not_there_is_said_in_time(void **state)
{
	(void)state;
	char problem[512] = "";
	char *properties[] = {"log_level=0"};
	struct common_settings settings = settings_with(properties, 1);
	rd_kafka_t *rk = kafka_reader_new(&settings, problem, sizeof(problem));
	assert_non_null(rk);
	assert_int_equal(kafka_partition_count(rk, "t", 200, problem, sizeof(problem)), -1);
	assert_non_null(strstr(problem, "no answer from the brokers at 127.0.0.1:1: Local: "));
	rd_kafka_destroy(rk);
	settings.brokers = "";
	properties[0] = "no.such=1";
	assert_null(kafka_reader_new(&settings, problem, sizeof(problem)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_come_before_the_users_properties),
		cmocka_unit_test(
			a_reader_has_its_own_properties_then_those_it_is_given_then_the_users),
		cmocka_unit_test(a_bad_property_is_named_and_its_value_is_not),
		cmocka_unit_test(a_property_may_stand_in_a_file),
		cmocka_unit_test(a_bad_default_is_an_error_too),
		cmocka_unit_test(murmur2_is_that_of_java),
		cmocka_unit_test(the_last_header_of_a_name_counts_whatever_its_case),
		cmocka_unit_test(what_kafka_may_accept_later_is_not_permanent),
		cmocka_unit_test(only_a_record_that_does_not_fit_is_too_large),
		cmocka_unit_test(partitions_are_counted_and_a_topic_that_is_not_there_has_none),
		cmocka_unit_test(a_broker_that_is_not_there_is_said_in_time),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_flush();
	return failed;
}
