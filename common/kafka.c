/* Small things that every user of librdkafka needs once: see the header. */
#include "common/kafka.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { GROUP_MAX = 256 };

void kafka_properties_add(struct kafka_properties *list, const struct kafka_property *more)
{
	for (; more && more->name; more++) {
		assert(list->n + 1 < sizeof list->items / sizeof *list->items);
		list->items[list->n++] = *more;
	}
}

rd_kafka_t *kafka_reader_open(const struct common_settings *settings,
	const struct kafka_reader_config *config, char *errstr, size_t errstr_size)
{
	/* rd_kafka_assign needs a group, and librdkafka asks the brokers about it. */
	char group[GROUP_MAX];
	const struct kafka_property every_reader[] = {
		{"group.id", group},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"enable.partition.eof", "true"},
		{"auto.offset.reset", "error"},
		{"fetch.wait.max.ms", "10"},
		{NULL, NULL},
	};
	struct kafka_properties properties = {0};
	snprintf(group, sizeof group, "%sreader", settings->prefix ? settings->prefix : "");
	kafka_properties_add(&properties, every_reader);
	kafka_properties_add(&properties, config->properties);
	rd_kafka_conf_t *conf = kafka_conf_new(settings, properties.items, errstr, errstr_size);
	if (!conf)
		return NULL;
	if (config->on_error)
		rd_kafka_conf_set_error_cb(conf, config->on_error);
	rd_kafka_conf_set_opaque(conf, config->opaque);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, errstr_size);
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_poll_set_consumer(rk);
	return rk;
}

rd_kafka_t *kafka_reader_new(
	const struct common_settings *settings, char *errstr, size_t errstr_size)
{
	return kafka_reader_open(settings, &(struct kafka_reader_config){0}, errstr, errstr_size);
}

void kafka_consumer_close(rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
	if (queue) {
		rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
		rd_kafka_queue_destroy(queue);
	}
	if (rk) {
		rd_kafka_consumer_close(rk);
		rd_kafka_destroy(rk);
	}
}

void kafka_queue_wake(rd_kafka_queue_t *queue, int fd)
{
	static const uint64_t one = 1;
	rd_kafka_queue_io_event_enable(queue, fd, &one, sizeof(one));
}

bool kafka_header_last(
	const rd_kafka_headers_t *headers, const char *name, const void **value, size_t *size)
{
	if (!headers)
		return false;
	const char *found;
	for (size_t i = rd_kafka_header_cnt(headers); i-- > 0;) {
		if (rd_kafka_header_get_all(headers, i, &found, value, size) == 0 &&
			strcasecmp(found, name) == 0) {
			if (!*value)
				*size = 0;
			return true;
		}
	}
	*value = NULL;
	*size = 0;
	return false;
}

bool kafka_is_too_large(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
		err == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
		err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

/* Not in the list: CORRUPT_MESSAGE (RD_KAFKA_RESP_ERR_INVALID_MSG), a checksum broken on the way,
 * which Kafka's own producer sends again; everything about leaders, replicas, time and quotas. */
bool kafka_is_permanent(rd_kafka_resp_err_t err)
{
	switch ((int)err) {
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
		return true;
	default:
		return kafka_is_too_large(err);
	}
}

const char *kafka_remedy(rd_kafka_resp_err_t err)
{
	switch ((int)err) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "; umbractl acls prints what each program must be allowed";
	default:
		return "";
	}
}

void kafka_why_unread(rd_kafka_t *rk, const char *topic, rd_kafka_resp_err_t err,
	const char *reason, char text[KAFKA_WHY_MAX])
{
	char group[GROUP_MAX] = "";
	size_t size = sizeof group;
	if (!reason)
		reason = rd_kafka_err2str(err);
	rd_kafka_conf_get(rd_kafka_conf(rk), "group.id", group, &size);
	if (err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
		snprintf(text, KAFKA_WHY_MAX, "group %s may not be asked about: %s%s", group,
			rd_kafka_err2str(err), kafka_remedy(err));
	else
		snprintf(text, KAFKA_WHY_MAX, "%s cannot be read: %s%s", topic, reason,
			kafka_remedy(err));
}

static int count_partitions(
	const struct rd_kafka_metadata_topic *topic, char *errstr, size_t errstr_size)
{
	if (topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return 0;
	bool has_leaderless = topic->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
	if (topic->err && !(has_leaderless && topic->partition_cnt > 0)) {
		snprintf(errstr, errstr_size, "the partitions of topic %s cannot be learnt: %s%s",
			topic->topic, rd_kafka_err2str(topic->err), kafka_remedy(topic->err));
		return -1;
	}
	return topic->partition_cnt;
}

static void explain(rd_kafka_t *rk, const char *topic, rd_kafka_resp_err_t err, char *errstr,
	size_t errstr_size)
{
	char brokers[200] = "";
	size_t size = sizeof brokers;
	if (err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__TIMED_OUT ||
		err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		rd_kafka_conf_get(rd_kafka_conf(rk), "bootstrap.servers", brokers, &size);
		snprintf(errstr, errstr_size, "no answer from the brokers at %s: %s", brokers,
			rd_kafka_err2str(err));
	} else {
		snprintf(errstr, errstr_size, "the partitions of topic %s cannot be learnt: %s%s",
			topic, rd_kafka_err2str(err), kafka_remedy(err));
	}
}

int kafka_partition_count(
	rd_kafka_t *rk, const char *topic, int timeout_ms, char *errstr, size_t errstr_size)
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__INVALID_ARG;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	if (rkt) {
		err = rd_kafka_metadata(rk, 0, rkt, &metadata, timeout_ms);
		rd_kafka_topic_destroy(rkt);
	}
	if (err) {
		explain(rk, topic, err, errstr, errstr_size);
		return -1;
	}
	int count = 0;
	for (int i = 0; i < metadata->topic_cnt && count == 0; i++) {
		if (strcmp(metadata->topics[i].topic, topic) == 0)
			count = count_partitions(&metadata->topics[i], errstr, errstr_size);
	}
	rd_kafka_metadata_destroy(metadata);
	return count;
}
