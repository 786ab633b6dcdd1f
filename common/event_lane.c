#include "common/event_lane.h"
#include "common/avro_buffer.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
	GIVE_UP_US = 60000000 /* the caller outranks our books */
};

/* Events of one origin that were given up. */
struct gap {
	struct delivery delivery; /* first */
	struct event_lane *lane;
	char *endpoint, *source_topic, *test; /* test NULL: production's */
	int64_t events; /* not yet told */
	int64_t from_us, to_us; /* UTC */
	int64_t sending; /* of them, in the record that is on its way; 0: none is */
	rd_kafka_resp_err_t reason;
	struct gap *next;
};

struct event_lane {
	struct publisher *publisher;
	const char *program, *instance;
	char *topic;
	bool is_flowing; /* since the last one that was given up */
	struct gap *gaps; /* one per origin, as many as there are endpoints and tests */
	struct avro_buffer buffer;
};

struct event_lane *event_lane_new(const struct common_settings *settings, struct loop *loop,
	const char *program, const char *instance, char *errstr, size_t errstr_size)
{
	struct event_lane *lane = calloc(1, sizeof *lane);
	memory_need(lane && asprintf(&lane->topic, "%sevents", settings->prefix) >= 0);
	lane->program = program;
	lane->instance = instance;
	lane->publisher =
		publisher_new(settings, loop, "events", PUBLISH_EVENTS, errstr, errstr_size);
	if (!lane->publisher) {
		event_lane_free(lane);
		return NULL;
	}
	return lane;
}

/* It will not be told on the topic any more. */
static void log_gap(const struct gap *gap)
{
	if (gap->events)
		log_error(gap->endpoint,
			"%lld events of %s%s%s were given up and are reported nowhere else: %s",
			(long long)gap->events, gap->source_topic, gap->test ? ", test " : "",
			gap->test ? gap->test : "", rd_kafka_err2str(gap->reason));
}

void event_lane_free(struct event_lane *lane)
{
	if (!lane)
		return;
	publisher_free(lane->publisher);
	while (lane->gaps) {
		struct gap *gap = lane->gaps;
		lane->gaps = gap->next;
		log_gap(gap);
		free(gap->endpoint);
		free(gap->source_topic);
		free(gap->test);
		free(gap);
	}
	avro_buffer_fini(&lane->buffer);
	free(lane->topic);
	free(lane);
}

/* An event's partition is chosen by its key, by the writer. */
static struct outgoing keyed_record(
	const struct event_lane *lane, const char *key, int64_t n_partitions)
{
	size_t key_size = strlen(key);
	return (struct outgoing){
		.topic = lane->topic,
		.partition = (int32_t)(XXH3_64bits(key, key_size) % (uint64_t)n_partitions),
		.key = key,
		.key_size = key_size,
	};
}

rd_kafka_resp_err_t event_lane_send(struct event_lane *lane, const struct event *event,
	int64_t n_partitions, struct delivery *delivery)
{
	struct outgoing record = keyed_record(lane, event->request_id, n_partitions);
	if (event_encode(event, &record.value, &record.value_size))
		return RD_KAFKA_RESP_ERR__QUEUE_FULL;
	return publisher_send(lane->publisher, &record, delivery);
}

int64_t event_lane_pause(int64_t first_try_us, int64_t now_us, rd_kafka_resp_err_t err)
{
	bool is_over = now_us - first_try_us >= GIVE_UP_US ||
		err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || kafka_is_permanent(err);
	return is_over && err != RD_KAFKA_RESP_ERR__QUEUE_FULL ? -1 : publisher_pause_us(err);
}

/* Gaps. */

static void on_gap_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct gap *gap = (struct gap *)delivery;
	if (err) {
		gap->lane->is_flowing = false;
	} else {
		gap->events -= gap->sending;
		if (!gap->events)
			gap->from_us = 0;
	}
	gap->sending = 0;
}

static struct gap *gap_of(
	struct event_lane *lane, const char *endpoint, const char *source_topic, const char *test)
{
	struct gap *gap = lane->gaps;
	while (gap &&
		!(text_equal(gap->endpoint, endpoint) &&
			text_equal(gap->source_topic, source_topic) && text_equal(gap->test, test)))
		gap = gap->next;
	if (gap)
		return gap;
	gap = calloc(1, sizeof *gap);
	memory_need(gap);
	gap->delivery.done = on_gap_delivery;
	gap->lane = lane;
	gap->endpoint = strdup(endpoint);
	gap->source_topic = strdup(source_topic);
	gap->test = test ? strdup(test) : NULL;
	memory_need(gap->endpoint && gap->source_topic && (!test || gap->test));
	gap->next = lane->gaps;
	lane->gaps = gap;
	return gap;
}

void event_lane_note_gap(struct event_lane *lane, const char *endpoint, const char *source_topic,
	const char *test, rd_kafka_resp_err_t err)
{
	struct gap *gap = gap_of(lane, endpoint, source_topic, test);
	gap->to_us = clock_wall_us();
	if (!gap->from_us)
		gap->from_us = gap->to_us;
	gap->events++;
	gap->reason = err;
	lane->is_flowing = false;
	log_error(
		endpoint, "an event was given up: %s%s", rd_kafka_err2str(err), kafka_remedy(err));
}

void event_lane_note_delivery(struct event_lane *lane)
{
	lane->is_flowing = true;
}

/* Field by field in the schema's order. */
static void write_gap(struct event_lane *lane, const struct gap *gap)
{
	struct avro_buffer *buffer = &lane->buffer;
	avro_buffer_begin(buffer, schema_get("event_gap")->fingerprint);
	avro_buffer_string(buffer, lane->instance);
	avro_buffer_string(buffer, lane->program);
	avro_buffer_string(buffer, gap->endpoint);
	avro_buffer_string(buffer, gap->source_topic);
	avro_buffer_optional_string(buffer, gap->test);
	avro_buffer_long(buffer, gap->events);
	avro_buffer_long(buffer, gap->from_us);
	avro_buffer_long(buffer, gap->to_us);
	avro_buffer_string(buffer, rd_kafka_err2str(gap->reason));
}

static void send_gap(struct event_lane *lane, struct gap *gap, int64_t n_partitions)
{
	struct outgoing record = keyed_record(lane, lane->instance, n_partitions);
	write_gap(lane, gap);
	record.value = lane->buffer.data;
	record.value_size = lane->buffer.size;
	if (!lane->buffer.failed && !publisher_send(lane->publisher, &record, &gap->delivery))
		gap->sending = gap->events;
}

void event_lane_tick(struct event_lane *lane, int64_t n_partitions)
{
	publisher_poll(lane->publisher);
	for (struct gap *gap = lane->gaps; gap && lane->is_flowing; gap = gap->next)
		if (gap->events && !gap->sending && n_partitions > 0)
			send_gap(lane, gap, n_partitions);
}

rd_kafka_t *event_lane_handle(struct event_lane *lane)
{
	return publisher_handle(lane->publisher);
}
