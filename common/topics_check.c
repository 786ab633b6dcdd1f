/* Do umbra's own topics have the properties that everything else relies on? */
#include "common/kafka.h"
#include "common/topic_properties.h"
#include <stdlib.h>
#include <string.h>

/* Is the value good enough? */
static bool satisfies(const struct topic_property *property, const char *value)
{
	if (property->at_least == 0)
		return strcmp(value, property->value) == 0;
	return strcmp(value, "-1") == 0 || strtoll(value, NULL, 10) >= property->at_least;
}

static const char *find_config(const rd_kafka_ConfigResource_t *resource, const char *name)
{
	size_t n;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	return NULL;
}

static int check_properties(rd_kafka_t *rk, enum topic_kind kind,
	const rd_kafka_ConfigResource_t *resource, char *errstr, size_t errstr_size)
{
	const char *topic = rd_kafka_ConfigResource_name(resource);
	const struct topic_property *property;
	size_t i = 0, brokers_size = 256;
	char brokers[256] = "BROKERS";

	rd_kafka_conf_get(rd_kafka_conf(rk), "bootstrap.servers", brokers, &brokers_size);
	while ((property = topic_next_property(kind, &i))) {
		const char *value = find_config(resource, property->name);

		if (!value || satisfies(property, value))
			continue;
		snprintf(errstr, errstr_size,
			"topic %s has %s=%s; repair it with: kafka-configs.sh --bootstrap-server "
			"%s "
			"--alter --entity-type topics --entity-name %s --add-config %s=%s",
			topic, property->name, value, brokers, topic, property->name,
			property->value);
		return -1;
	}
	return 0;
}

static int check_answer(rd_kafka_t *rk, rd_kafka_event_t *event, const struct topic_want *want,
	char *errstr, size_t errstr_size)
{
	size_t n;
	int rc = 0;
	const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &n);

	for (size_t i = 0; i < n; i++) {
		enum topic_kind kind;

		rd_kafka_resp_err_t err = rd_kafka_ConfigResource_error(resources[i]);
		if (err) {
			snprintf(errstr, errstr_size,
				"the properties of topic %s cannot be checked: %s%s",
				rd_kafka_ConfigResource_name(resources[i]), rd_kafka_err2str(err),
				kafka_remedy(err));
			rc = 1;
			continue;
		}
		kind = strcmp(rd_kafka_ConfigResource_name(resources[i]), want->name) == 0
			? want[0].kind
			: want[1].kind;
		if (check_properties(rk, kind, resources[i], errstr, errstr_size) != 0)
			return -1;
	}
	return rc;
}

static int describe_and_check(rd_kafka_t *rk, const struct topic_want *want, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	char why[300];
	rd_kafka_resp_err_t err;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_ConfigResource_t *resources[2];
	rd_kafka_event_t *event;
	int rc = 1;

	for (size_t i = 0; i < 2; i++)
		resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, want[i].name);
	(void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
	rd_kafka_DescribeConfigs(rk, resources, 2, options, queue);
	event = topics_wait_answer(queue, timeout_ms + 1000, &err, why, sizeof(why));
	if (event)
		rc = check_answer(rk, event, want, errstr, errstr_size);
	else
		snprintf(errstr, errstr_size, "the properties of the topics cannot be checked: %s",
			why);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_ConfigResource_destroy_array(resources, 2);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return rc;
}

static int check_partitions(rd_kafka_t *rk, const struct topic_want *want, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	int count = kafka_partition_count(rk, want->name, timeout_ms, errstr, errstr_size);

	if (count == 0)
		snprintf(errstr, errstr_size, "no such topic %s: run umbractl init", want->name);
	else if (count > 1 && want->kind == TOPIC_CONTROL)
		snprintf(errstr, errstr_size,
			"topic %s has %d partitions and must have 1: delete it, then run umbractl "
			"init",
			want->name, count);
	else
		return count > 0 ? 0 : -1;
	return -1;
}

int topics_check(
	rd_kafka_t *rk, const char *prefix, int timeout_ms, char *errstr, size_t errstr_size)
{
	struct topic_want want[2] = {{.kind = TOPIC_CONTROL}, {.kind = TOPIC_EVENTS}};

	snprintf(want[0].name, sizeof(want[0].name), "%scontrol", prefix);
	snprintf(want[1].name, sizeof(want[1].name), "%sevents", prefix);
	for (size_t i = 0; i < 2; i++)
		if (check_partitions(rk, &want[i], timeout_ms, errstr, errstr_size) != 0)
			return -1;
	if (!topics_have_admin(rk, timeout_ms)) {
		snprintf(errstr, errstr_size, "these brokers do not tell the properties of topics");
		return 1;
	}
	return describe_and_check(rk, want, timeout_ms, errstr, errstr_size);
}
