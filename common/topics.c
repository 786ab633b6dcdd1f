/* Topics and their properties. One table says what each kind of topic needs; creating, the command
 * for someone who may, and the check at a program's start (topics_check.c) all read it. */
#include "common/topics.h"
#include "common/clock.h"
#include "common/topic_properties.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PROPERTIES = 5 };

#define BODIES "8388608" /* model bodies of 6 MiB, and what stands around them */
#define DAY_MS INT64_C(86400000)

static const struct topic_property properties[][MAX_PROPERTIES] = {
	[TOPIC_CONTROL] = {{"cleanup.policy", "delete", 0}, {"retention.ms", "-1", 0},
		{"retention.bytes", "-1", 0}, {"message.timestamp.type", "LogAppendTime", 0}},
	[TOPIC_EVENTS] = {{"cleanup.policy", "delete", 0}, {"retention.ms", "259200000", DAY_MS},
		{"message.timestamp.type", "LogAppendTime", 0}},
	[TOPIC_AGGREGATES] = {{"cleanup.policy", "compact,delete", 0},
		{"retention.ms", "7776000000", 0}},
	[TOPIC_REQUESTS] = {{"max.message.bytes", BODIES, 0}},
	[TOPIC_RESPONSES] = {{"max.message.bytes", BODIES, 0}},
	[TOPIC_SHADOW] = {{"max.message.bytes", BODIES, 0}, {"retention.ms", "21600000", 0}},
	[TOPIC_DEAD_LETTER] = {{"max.message.bytes", BODIES, 0}, {"retention.ms", "2592000000", 0}},
};

const struct topic_property *topic_next_property(enum topic_kind kind, size_t *i)
{
	const struct topic_property *property = &properties[kind][*i];

	if (*i == MAX_PROPERTIES || !property->name)
		return NULL;
	(*i)++;
	return property;
}

char *topics_command(const struct topic_want *want, const char *brokers)
{
	char *text = NULL;
	size_t size, i = 0;
	const struct topic_property *property;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	fprintf(out,
		"kafka-topics.sh --bootstrap-server %s --create --if-not-exists --topic %s "
		"--partitions %d",
		brokers, want->name, want->partitions);
	if (want->replication > 0)
		fprintf(out, " --replication-factor %d", want->replication);
	while ((property = topic_next_property(want->kind, &i)))
		fprintf(out, " --config %s=%s", property->name, property->value);
	fclose(out);
	return text;
}

int topics_find_missing(rd_kafka_t *rk, const struct topic_want *want, size_t n, bool *missing,
	int timeout_ms, char *errstr, size_t errstr_size)
{
	for (size_t i = 0; i < n; i++) {
		int count =
			kafka_partition_count(rk, want[i].name, timeout_ms, errstr, errstr_size);

		if (count < 0)
			return -1;
		missing[i] = count == 0;
	}
	return 0;
}

static rd_kafka_NewTopic_t *new_topic(
	const struct topic_want *want, char *errstr, size_t errstr_size)
{
	size_t i = 0;
	const struct topic_property *property;
	char why[256];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
		want->name, want->partitions, want->replication, why, sizeof(why));

	if (!topic) {
		snprintf(errstr, errstr_size, "topic %s cannot be created: %s", want->name, why);
		return NULL;
	}
	while ((property = topic_next_property(want->kind, &i)))
		rd_kafka_NewTopic_set_config(topic, property->name, property->value);
	return topic;
}

rd_kafka_event_t *topics_wait_answer(rd_kafka_queue_t *queue, int timeout_ms,
	rd_kafka_resp_err_t *err, char *errstr, size_t errstr_size)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);

	*err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (*err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return event;
	snprintf(errstr, errstr_size, "%s",
		event ? rd_kafka_event_error_string(event) : "no answer in time");
	if (event)
		rd_kafka_event_destroy(event);
	return NULL;
}

bool topics_have_admin(rd_kafka_t *rk, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata;
	int32_t controller = rd_kafka_controllerid(rk, timeout_ms);
	bool is = false;

	if (rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms))
		return true; /* the request itself will say what is wrong */
	for (int i = 0; i < metadata->broker_cnt; i++)
		is = is || metadata->brokers[i].id == controller;
	rd_kafka_metadata_destroy(metadata);
	return is;
}

static int read_created(rd_kafka_event_t *event, char *errstr, size_t errstr_size)
{
	size_t n;
	const rd_kafka_topic_result_t **results =
		rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);

	for (size_t i = 0; i < n; i++) {
		rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
		const char *why = rd_kafka_topic_result_error_string(results[i]);

		if (err == RD_KAFKA_RESP_ERR_NO_ERROR ||
			err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			continue;
		snprintf(errstr, errstr_size, "topic %s cannot be created: %s%s",
			rd_kafka_topic_result_name(results[i]), why ? why : rd_kafka_err2str(err),
			kafka_remedy(err));
		return -1;
	}
	return 0;
}

static int create(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t n, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	char why[300];
	rd_kafka_resp_err_t err;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_event_t *event;
	int rc = -1;

	(void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
	(void)rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, NULL, 0);
	rd_kafka_CreateTopics(rk, topics, n, options, queue);
	event = topics_wait_answer(queue, timeout_ms + 1000, &err, why, sizeof(why));
	if (event) {
		rc = read_created(event, errstr, errstr_size);
		rd_kafka_event_destroy(event);
	} else {
		snprintf(errstr, errstr_size, "topics cannot be created: %s", why);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return rc;
}

/* A topic that was just created is not at once in every broker's metadata. */
static int wait_created(rd_kafka_t *rk, const struct topic_want *want, size_t n, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	int64_t deadline_us = clock_monotonic_us() + INT64_C(1000) * timeout_ms;

	for (size_t i = 0; i < n;) {
		int count =
			kafka_partition_count(rk, want[i].name, timeout_ms, errstr, errstr_size);

		if (count > 0) {
			i++;
		} else if (clock_monotonic_us() > deadline_us) {
			snprintf(errstr, errstr_size,
				"topic %s was created, but the brokers do not show it",
				want[i].name);
			return -1;
		} else {
			usleep(20000);
		}
	}
	return 0;
}

int topics_create(rd_kafka_t *rk, const struct topic_want *want, size_t n, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	rd_kafka_NewTopic_t **topics = calloc(n ? n : 1, sizeof(rd_kafka_NewTopic_t *));
	size_t made = 0;
	int rc = n == 0 ? 0 : -1;

	assert(topics);
	if (n > 0 && !topics_have_admin(rk, timeout_ms))
		snprintf(errstr, errstr_size,
			"these brokers cannot create topics: create them yourself, see "
			"--no-create");
	else
		while (made < n && (topics[made] = new_topic(&want[made], errstr, errstr_size)))
			made++;
	if (n > 0 && made == n)
		rc = create(rk, topics, n, timeout_ms, errstr, errstr_size);
	rd_kafka_NewTopic_destroy_array(topics, made);
	free(topics);
	return rc == 0 ? wait_created(rk, want, n, timeout_ms, errstr, errstr_size) : rc;
}
