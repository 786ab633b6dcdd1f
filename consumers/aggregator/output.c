#include "consumers/aggregator/output.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "consumers/aggregator/counters.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct output {
	struct delivery delivery; /* first */
	struct retry retry;
	struct aggregator *aggregator;
	struct output_group *group;
	size_t key_size, value_size;
	bool is_tombstone;
	char bytes[]; /* key, value */
};

struct output_group *output_group_new(void)
{
	struct output_group *group = calloc(1, sizeof *group);
	memory_need(group);
	return group;
}

void output_group_leave(struct output_group *group)
{
	if (!group)
		return;
	group->is_left = true;
	if (!group->open)
		free(group);
}

static void end(struct output *output)
{
	output->aggregator->open_outputs--;
	if (!--output->group->open && output->group->is_left)
		free(output->group);
	free(output);
}

static rd_kafka_resp_err_t hand_over(struct output *output)
{
	struct outgoing record = {
		.topic = output->aggregator->aggregates_topic,
		.partition = PARTITION_SOURCE,
		.key = output->bytes,
		.key_size = output->key_size,
		.value = output->is_tombstone ? NULL : output->bytes + output->key_size,
		.value_size = output->value_size,
	};
	return publisher_send(output->aggregator->publisher, &record, &output->delivery);
}

/* When the program closes, what was not acknowledged is written again by who reads on. */
static void fail(struct output *output, rd_kafka_resp_err_t err)
{
	struct aggregator *aggregator = output->aggregator;
	if (aggregator->is_closing) {
		end(output);
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		counters_refused();
		log_warn("aggregates", "a record was refused and is sent again: %s%s",
			rd_kafka_err2str(err), kafka_remedy(err));
	}
	retry_at(&aggregator->waiting, &output->retry,
		clock_monotonic_us() + publisher_pause_us(err));
}

static void send_output(struct output *output)
{
	rd_kafka_resp_err_t err = hand_over(output);
	if (err)
		fail(output, err);
}

static void on_retry(struct retry *retry)
{
	struct output *output = (struct output *)((char *)retry - offsetof(struct output, retry));
	if (output->aggregator->is_closing)
		end(output);
	else
		send_output(output);
}

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct output *output = (struct output *)delivery;
	if (err)
		fail(output, err);
	else
		end(output);
}

void output_send(struct aggregator *aggregator, struct output_group *group, int32_t partition,
	const char *key, size_t key_size, const struct avro_buffer *value)
{
	size_t value_size = value ? value->size : 0;
	struct output *output = calloc(1, sizeof *output + key_size + value_size);
	memory_need(output);
	output->delivery.done = on_delivery;
	output->delivery.source_partition = partition;
	output->retry.again = on_retry;
	output->aggregator = aggregator;
	output->group = group;
	output->key_size = key_size;
	output->value_size = value_size;
	output->is_tombstone = !value;
	memcpy(output->bytes, key, key_size);
	if (value)
		memcpy(output->bytes + key_size, value->data, value_size);
	group->open++;
	aggregator->open_outputs++;
	send_output(output);
}

struct once {
	struct delivery delivery; /* first */
	const char *topic;
};

/* One that is lost matters little; that none may be written does. */
static void on_delivery_once(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	if (*kafka_remedy(err))
		log_warn("aggregates", "a record for %s was refused: %s%s",
			((struct once *)delivery)->topic, rd_kafka_err2str(err), kafka_remedy(err));
	free(delivery);
}

void output_send_once(struct aggregator *aggregator, const char *topic, int32_t partition,
	const char *key, size_t key_size, const struct avro_buffer *value)
{
	bool is_exact = topic == aggregator->events_topic; /* which has that partition */
	struct once *once = calloc(1, sizeof *once);
	memory_need(once);
	once->delivery.done = on_delivery_once;
	once->delivery.source_partition = partition;
	once->topic = topic;
	struct outgoing record = {
		.topic = topic,
		.partition = is_exact ? partition : PARTITION_SOURCE,
		.key = key,
		.key_size = key_size,
		.value = value->data,
		.value_size = value->size,
	};
	if (publisher_send(aggregator->publisher, &record, &once->delivery))
		free(once);
}
