#include "producer/target.h"
#include "common/control_log.h"
#include "common/kafka.h"
#include "common/memory.h"
#include "common/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTROL_TIMEOUT_MS = 15000, TOPIC_TIMEOUT_MS = 15000 };

static int refuse_endpoint(
	const struct control_state *state, const char *name, char *errstr, size_t errstr_size)
{
	const char **names = calloc(state->n_endpoints + 1, sizeof *names);
	const char *nearest = NULL;
	for (size_t i = 0; names && i < state->n_endpoints; i++)
		names[i] = state->endpoints[i]->name;
	if (names)
		nearest = text_nearest(name, names, state->n_endpoints);
	if (nearest)
		snprintf(errstr, errstr_size, "there is no endpoint \"%s\"; did you mean \"%s\"?",
			name, nearest);
	else
		snprintf(errstr, errstr_size,
			"there is no endpoint \"%s\"; see: umbractl get endpoints", name);
	free(names);
	return -1;
}

static int take_endpoint(struct target *target, const struct control_state *state, const char *name,
	char *errstr, size_t errstr_size)
{
	const struct endpoint *endpoint = control_endpoint(state, name);
	if (!endpoint)
		return refuse_endpoint(state, name, errstr, errstr_size);
	target->topic = strdup(endpoint->requests_topic);
	target->responses = strdup(endpoint->responses_topic);
	target->is_avro = endpoint->format == FORMAT_AVRO;
	target->event_partitions = state->event_partitions;
	return 0;
}

static int ask_control(
	struct target *target, const struct options *options, char *errstr, size_t errstr_size)
{
	struct control_log *log = control_log_open(&options->common, NULL, errstr, errstr_size);
	if (!log)
		return -1;
	int result = control_log_catch_up(log, CONTROL_TIMEOUT_MS, errstr, errstr_size);
	if (result == 0)
		result = take_endpoint(
			target, control_log_state(log), options->endpoint, errstr, errstr_size);
	control_log_close(log);
	return result;
}

int target_find(
	struct target *target, const struct options *options, char *errstr, size_t errstr_size)
{
	*target = (struct target){
		.is_avro = options->avro, .event_partitions = options->event_partitions};
	if (asprintf(&target->events, "%sevents", options->common.prefix) < 0)
		target->events = NULL;
	memory_need(target->events);
	if (options->endpoint)
		return ask_control(target, options, errstr, errstr_size);
	target->topic = strdup(options->topic);
	if (options->responses)
		target->responses = strdup(options->responses);
	return 0;
}

void target_fini(struct target *target)
{
	free(target->topic);
	free(target->responses);
	free(target->events);
	*target = (struct target){0};
}

int target_check_topic(rd_kafka_t *rk, const char *topic, char *errstr, size_t errstr_size)
{
	int n = kafka_partition_count(rk, topic, TOPIC_TIMEOUT_MS, errstr, errstr_size);
	if (n == 0)
		snprintf(errstr, errstr_size,
			"there is no topic \"%s\"; an endpoint's topics are made by: umbractl "
			"apply "
			"-f FILE",
			topic);
	return n > 0 ? n : -1;
}
