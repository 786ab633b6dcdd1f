#include "consumers/aggregator/shard.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/partition_clock.h"
#include "common/schema.h"
#include "consumers/aggregator/counters.h"
#include "consumers/aggregator/feed.h"
#include "consumers/aggregator/output.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROVISIONAL_INTERVAL_US = 2000000,
	CLOCK_INTERVAL_US = 5000000,
	SILENCE_US = 5000000, /* then a tick moves the partition's clock, while a window is open */
	IDLENESS_US = 20000000 /* while none is: so that readers know that nothing came */
};

static struct avro_buffer buffer; /* used again for each record */

static void write_record(const struct shard *shard, const struct tally *tally,
	int64_t window_start_us, bool is_provisional, char key[TALLY_KEY_MAX], size_t *key_size)
{
	struct tally_frame frame = {window_start_us, WINDOW_US, shard->partition, is_provisional};
	*key_size = tally_key(tally->arm, &frame, key);
	tally_write(tally, &frame, &buffer);
	memory_need(!buffer.failed);
}

/* Of copies of an arm; each line has a format of its own, so that it is not taken for another's
 * repetition. */
static void note_copies(const struct tally *tally)
{
	const char *test = tally->arm->test, *variant = tally->arm->variant;
	if (tally->unsolicited)
		log_error(test, "%" PRId64 " events of copies for %s that nobody announced",
			tally->unsolicited, variant);
	if (tally->losses[LOSS_UNANSWERED])
		log_error(test,
			"of %" PRId64 " copies for %s nobody told within the horizon what became "
			"of them",
			tally->losses[LOSS_UNANSWERED], variant);
	if (tally->losses[LOSS_STATE_BOUND])
		log_error(test,
			"%" PRId64
			" copies for %s were given up because too many waited to be joined",
			tally->losses[LOSS_STATE_BOUND], variant);
	if (!tally_closes(tally, true))
		log_error(test, "the books of a window of %s do not close", variant);
}

/* Of a closed window; the report says it again. */
static void note_alarms(const struct tally *tally)
{
	const char *whom = tally->arm->test ? tally->arm->test : tally->arm->endpoint;
	note_copies(tally);
	if (tally->wrong_decisions)
		log_error(whom, "%" PRId64 " sampling decisions are wrong", tally->wrong_decisions);
	if (tally->given_up_events)
		log_error(whom, "%" PRId64 " events were given up: the books have a gap",
			tally->given_up_events);
	if (tally->unwritten_windows)
		log_error(
			whom, "a window is missing: its events were deleted before they were read");
}

/* The final record, then the tombstone of the provisional one that it replaces. */
static void on_final(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct shard *shard = opaque;
	char key[TALLY_KEY_MAX];
	size_t size;
	write_record(shard, tally, window_start_us, false, key, &size);
	output_send(shard->aggregator, shard->since, shard->partition, key, size, &buffer);
	struct tally_frame frame = {window_start_us, WINDOW_US, shard->partition, true};
	size = tally_key(tally->arm, &frame, key);
	output_send(shard->aggregator, shard->since, shard->partition, key, size, NULL);
	counters_final(tally);
	note_alarms(tally);
}

static void on_open(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct shard *shard = opaque;
	char key[TALLY_KEY_MAX];
	size_t size;
	write_record(shard, tally, window_start_us, true, key, &size);
	output_send_once(shard->aggregator, shard->aggregator->aggregates_topic, shard->partition,
		key, size, &buffer);
	counters_provisional();
}

static struct ledger_config ledger_config_of(struct shard *shard)
{
	const struct aggregator_settings *settings = aggregator_settings(shard->aggregator);
	return (struct ledger_config){
		.limits = {.window_us = WINDOW_US,
			.horizon_us = settings->horizon_us,
			.memory_us = settings->memory_us,
			.joins = settings->max_joins,
			.join_bytes = settings->max_join_bytes,
			.requests = settings->max_requests},
		.history = &shard->aggregator->history,
		.on_final = on_final,
		.opaque = shard,
	};
}

struct shard *shard_new(struct aggregator *aggregator, int32_t partition,
	const struct ledger_point *start, int64_t end_offset)
{
	struct shard *shard = calloc(1, sizeof *shard);
	memory_need(shard);
	shard->aggregator = aggregator;
	shard->partition = partition;
	struct ledger_config config = ledger_config_of(shard);
	shard->ledger = ledger_new(&config, start);
	shard->next_offset = start->offset;
	shard->end_offset = end_offset;
	shard->heard_us = clock_monotonic_us();
	shard->told_clock_us = LEDGER_NEVER;
	shard->before = output_group_new();
	shard->since = output_group_new();
	return shard;
}

void shard_free(struct shard *shard)
{
	if (!shard)
		return;
	ledger_free(shard->ledger);
	output_group_leave(shard->before);
	output_group_leave(shard->since);
	free(shard);
}

/* Times that no broker gives would overflow in microseconds. */
static int64_t append_us(const rd_kafka_message_t *rkm)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(rkm, &type);
	if (ms < 0)
		return 0;
	return ms > INT64_MAX / 1000000 ? INT64_MAX / 1000 : ms * 1000;
}

int64_t shard_take(struct shard *shard, const rd_kafka_message_t *rkm, bool is_patient)
{
	struct feed_record fed = {
		.data = rkm->payload,
		.size = rkm->len,
		.partition = rkm->partition,
		.offset = rkm->offset,
		.append_us = append_us(rkm),
	};
	int64_t wanted = feed_take(shard->ledger, &shard->aggregator->history, &fed, is_patient);
	if (wanted)
		return wanted;
	shard->next_offset = rkm->offset + 1;
	shard->heard_us = clock_monotonic_us();
	return 0;
}

bool shard_is_current(const struct shard *shard)
{
	return shard->next_offset >= shard->end_offset;
}

static void send_tick(struct shard *shard)
{
	const char *instance = shard->aggregator->service.instance;
	avro_buffer_begin(&buffer, schema_get("event_tick")->fingerprint);
	avro_buffer_string(&buffer, instance);
	avro_buffer_long(&buffer, clock_wall_us());
	memory_need(!buffer.failed);
	output_send_once(shard->aggregator, shard->aggregator->events_topic, shard->partition,
		instance, strlen(instance), &buffer);
}

/* The first tick comes at once: the clock may stand where it was long ago. */
static bool is_tick_due(const struct shard *shard, int64_t now_us)
{
	struct ledger_status status;
	ledger_read_status(shard->ledger, &status);
	int64_t silence_us = status.windows ? SILENCE_US : IDLENESS_US;
	return !shard->has_ticked || now_us - shard->heard_us >= silence_us;
}

void shard_tick(struct shard *shard, int64_t now_us)
{
	if (!shard_is_current(shard))
		return;
	if (now_us >= shard->next_provisional_us) {
		shard->next_provisional_us = now_us + PROVISIONAL_INTERVAL_US;
		ledger_each_open(shard->ledger, true, on_open, shard);
	}
	if (is_tick_due(shard, now_us)) {
		shard->has_ticked = true;
		shard->heard_us = now_us;
		send_tick(shard);
	}
}

/* Commits. */

static bool is_same(const struct ledger_point *a, const struct ledger_point *b)
{
	return a->offset == b->offset && a->clock_us == b->clock_us && a->base_us == b->base_us &&
		a->blind_us == b->blind_us;
}

/* What was written until now is `before`, what comes is `since`. */
static void capture(struct shard *shard)
{
	struct output_group *empty = shard->before;
	ledger_point(shard->ledger, &shard->captured);
	shard->before = shard->since;
	shard->since = empty;
	shard->is_captured = true;
}

/* What was captured is acknowledged. */
static void tell_clock(struct shard *shard)
{
	int64_t now_us = clock_monotonic_us(), clock_us = shard->captured.clock_us;
	int64_t horizon_us = aggregator_settings(shard->aggregator)->horizon_us;
	if (clock_us == LEDGER_NEVER || clock_us == shard->told_clock_us ||
		now_us < shard->next_clock_us)
		return;
	shard->told_clock_us = clock_us;
	shard->next_clock_us = now_us + CLOCK_INTERVAL_US;
	int64_t until_us = clock_us > horizon_us ? clock_us - horizon_us : 0;
	struct partition_clock clock = {
		shard->partition, clock_us, until_us - until_us % WINDOW_US};
	char key[PARTITION_CLOCK_KEY_MAX];
	size_t size = partition_clock_key(shard->partition, key);
	partition_clock_write(&clock, &buffer);
	output_send_once(shard->aggregator, shard->aggregator->aggregates_topic, shard->partition,
		key, size, &buffer);
}

bool shard_committable(struct shard *shard, struct ledger_point *point)
{
	if (!shard->is_captured)
		capture(shard);
	if (shard->before->open)
		return false;
	shard->is_captured = false;
	tell_clock(shard);
	*point = shard->captured;
	bool is_known = shard->is_committed && is_same(point, &shard->committed);
	return !is_known && point->clock_us != LEDGER_NEVER;
}
