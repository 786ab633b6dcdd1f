/* A rebalance callback only notes what the group wants; the tick answers it with rd_kafka_assign once
 * the committed positions are known. librdkafka waits for that answer. */
#include "consumers/aggregator/reader.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "consumers/aggregator/counters.h"
#include "consumers/aggregator/shard.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	POLL_BUDGET = 2000, /* records read by one tick */
	OUTPUTS_MAX = 20000, /* not acknowledged: no more is read */
	WATCH_INTERVAL_US = 500000, /* librdkafka is polled at least this often */
	COMMIT_INTERVAL_US = 1000000,
	POSITIONS_TIMEOUT_MS = 2000, /* the whole loop waits meanwhile */
	POSITIONS_PAUSE_US = 500000,
	LAST_COMMIT_TIMEOUT_MS = 2000,
	PATIENCE_US = 30000000 /* for a generation that the control log does not show */
};

enum reader_state {
	READER_JOINING, /* nothing is ours yet */
	READER_ASSIGNING, /* `wanted` is; where to read on is not known */
	READER_READING
};

struct reader {
	struct aggregator *aggregator;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wake_fd;
	enum reader_state state;
	rd_kafka_topic_partition_list_t *wanted; /* while READER_ASSIGNING */
	int64_t next_positions_us; /* monotonic: when they are asked for again */
	struct shard *shards; /* ours */
	struct shard *parked; /* were, before this rebalance */
	rd_kafka_message_t *held; /* of a generation that is not known yet */
	int64_t patient_until_us; /* valid with `held` */
	int64_t impatient_at; /* the history's generation when patience ended: no more of it until the
				 control log moves on; -1: there is patience */
	bool commit_is_running;
	int64_t next_commit_us;
	bool is_closing;
};

static struct shard *find_shard(struct shard *shards, int32_t partition)
{
	while (shards && shards->partition != partition)
		shards = shards->next;
	return shards;
}

static void free_shards(struct shard **shards)
{
	while (*shards) {
		struct shard *shard = *shards;
		*shards = shard->next;
		counters_shard_gone(shard->partition);
		shard_free(shard);
	}
}

static void drop_held(struct reader *reader)
{
	if (reader->held)
		rd_kafka_message_destroy(reader->held);
	reader->held = NULL;
}

/* Commits. */

static void add_commit(
	struct reader *reader, struct shard *shard, rd_kafka_topic_partition_list_t *list)
{
	struct ledger_point point;
	char text[LEDGER_POINT_MAX];
	if (!shard_committable(shard, &point))
		return;
	rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(
		list, reader->aggregator->events_topic, shard->partition);
	entry->offset = point.offset;
	entry->metadata_size = ledger_point_write(&point, text);
	entry->metadata = strdup(text);
	memory_need(entry->metadata);
}

static rd_kafka_topic_partition_list_t *committable(struct reader *reader)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	for (struct shard *shard = reader->shards; shard; shard = shard->next)
		add_commit(reader, shard, list);
	if (list->cnt)
		return list;
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

static void note_committed(struct reader *reader, const rd_kafka_topic_partition_t *entry)
{
	struct shard *shard = find_shard(reader->shards, entry->partition);
	struct ledger_point point = {.offset = entry->offset};
	if (!shard || entry->err || entry->offset < 0 ||
		!ledger_point_read(entry->metadata, entry->metadata_size, &point))
		return;
	shard->committed = point;
	shard->is_committed = true;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
	(void)rk;
	struct reader *reader = opaque;
	reader->commit_is_running = false;
	if (err)
		log_warn("events", "commit failed: %s%s", rd_kafka_err2str(err), kafka_remedy(err));
	for (int i = 0; !err && offsets && i < offsets->cnt; i++)
		note_committed(reader, &offsets->elems[i]);
}

static void commit_due(struct reader *reader, int64_t now_us)
{
	if (reader->commit_is_running || now_us < reader->next_commit_us ||
		reader->state != READER_READING)
		return;
	reader->next_commit_us = now_us + COMMIT_INTERVAL_US;
	rd_kafka_topic_partition_list_t *list = committable(reader);
	if (!list)
		return;
	reader->commit_is_running = !rd_kafka_commit(reader->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

/* rd_kafka_commit would wait for as long as there is no coordinator. */
static void commit_last(struct reader *reader)
{
	rd_kafka_topic_partition_list_t *list = committable(reader);
	if (!list)
		return;
	rd_kafka_queue_t *answers = rd_kafka_queue_new(reader->rk);
	rd_kafka_resp_err_t err =
		rd_kafka_commit_queue(reader->rk, list, answers, on_commit, reader);
	if (!err && !rd_kafka_queue_poll_callback(answers, LAST_COMMIT_TIMEOUT_MS))
		err = RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (err)
		log_warn("events", "the last commit failed: %s; what it covers is read again",
			rd_kafka_err2str(err));
	rd_kafka_queue_destroy(answers);
	rd_kafka_topic_partition_list_destroy(list);
}

/* What the group wants. */

static void forget_wanted(struct reader *reader)
{
	if (reader->wanted)
		rd_kafka_topic_partition_list_destroy(reader->wanted);
	reader->wanted = NULL;
}

static void park_shards(struct reader *reader)
{
	drop_held(reader);
	if (!reader->shards)
		return;
	free_shards(&reader->parked);
	reader->parked = reader->shards;
	reader->shards = NULL;
	for (struct shard *shard = reader->parked; shard; shard = shard->next)
		counters_shard_gone(shard->partition);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct reader *reader = opaque;
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !reader->is_closing) {
		forget_wanted(reader);
		reader->wanted = rd_kafka_topic_partition_list_copy(partitions);
		reader->state = READER_ASSIGNING;
		reader->next_positions_us = 0;
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS &&
		err != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		log_warn("events", "rebalance failed: %s", rd_kafka_err2str(err));
	if (reader->state == READER_READING && !rd_kafka_assignment_lost(rk))
		commit_last(reader);
	park_shards(reader);
	forget_wanted(reader);
	reader->commit_is_running = false;
	rd_kafka_assign(rk, NULL);
	reader->state = READER_JOINING;
}

/* Where to read on. */

static struct shard *take_parked(struct reader *reader, const rd_kafka_topic_partition_t *entry)
{
	struct ledger_point point = {.offset = entry->offset};
	for (struct shard **at = &reader->parked; *at; at = &(*at)->next) {
		struct shard *shard = *at;
		if (shard->partition != entry->partition)
			continue;
		if (!shard->is_committed || entry->offset != shard->committed.offset ||
			!ledger_point_read(entry->metadata, entry->metadata_size, &point) ||
			memcmp(&point, &shard->committed, sizeof point) != 0)
			return NULL;
		*at = shard->next;
		return shard;
	}
	return NULL;
}

/* The commit, else the beginning of the log. A commit beyond its end is of a log that was longer: this
 * one is another, or has lost records. */
static struct ledger_point choose_start(
	const rd_kafka_topic_partition_t *entry, int64_t low, int64_t high)
{
	struct ledger_point point = {.offset = entry->offset};
	bool is_cut_off = low > 0 || entry->offset > high;
	if (entry->offset < 0 || entry->offset > high ||
		!ledger_point_read(entry->metadata, entry->metadata_size, &point))
		point = (struct ledger_point){low, LEDGER_NEVER, LEDGER_NEVER,
			is_cut_off ? LEDGER_CUT_OFF : LEDGER_NEVER};
	if (point.offset < low) {
		point.offset = low;
		point.base_us = LEDGER_NEVER;
		point.blind_us = LEDGER_CUT_OFF;
	}
	if (point.blind_us == LEDGER_CUT_OFF)
		log_warn("events",
			"partition %d: records that are needed are gone; windows that may "
			"have begun before offset %lld are not written",
			entry->partition, (long long)low);
	return point;
}

static int open_shard(struct reader *reader, const rd_kafka_topic_partition_t *entry)
{
	int64_t low = 0, high = 0;
	struct aggregator *aggregator = reader->aggregator;
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(reader->rk,
		aggregator->events_topic, entry->partition, &low, &high, POSITIONS_TIMEOUT_MS);
	if (err) {
		log_warn("events", "the ends of partition %d cannot be learnt: %s",
			entry->partition, rd_kafka_err2str(err));
		return -1;
	}
	struct shard *shard = take_parked(reader, entry);
	if (!shard) {
		struct ledger_point start = choose_start(entry, low, high);
		shard = shard_new(aggregator, entry->partition, &start, high);
		if (entry->offset >= low && start.offset == entry->offset) {
			shard->committed = start;
			shard->is_committed = true;
		}
	}
	shard->end_offset = high;
	shard->next = reader->shards;
	reader->shards = shard;
	return 0;
}

static int open_shards(struct reader *reader)
{
	rd_kafka_topic_partition_list_t *wanted = reader->wanted;
	rd_kafka_resp_err_t err = wanted->cnt
		? rd_kafka_committed(reader->rk, wanted, POSITIONS_TIMEOUT_MS)
		: RD_KAFKA_RESP_ERR_NO_ERROR;
	for (int i = 0; !err && i < wanted->cnt; i++)
		err = wanted->elems[i].err;
	if (err) {
		log_warn("events", "committed offsets cannot be read: %s%s", rd_kafka_err2str(err),
			kafka_remedy(err));
		return -1;
	}
	for (int i = 0; i < wanted->cnt; i++)
		if (!find_shard(reader->shards, wanted->elems[i].partition) &&
			open_shard(reader, &wanted->elems[i]))
			return -1;
	return 0;
}

static void try_assign(struct reader *reader)
{
	if (open_shards(reader)) {
		reader->next_positions_us = clock_monotonic_us() + POSITIONS_PAUSE_US;
		return;
	}
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	for (struct shard *shard = reader->shards; shard; shard = shard->next)
		rd_kafka_topic_partition_list_add(
			list, reader->aggregator->events_topic, shard->partition)
			->offset = shard->next_offset;
	log_info("events", "reading %d partitions of %s", list->cnt,
		reader->aggregator->events_topic);
	rd_kafka_assign(reader->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	free_shards(&reader->parked);
	forget_wanted(reader);
	reader->state = READER_READING;
}

/* Records. */

static void close_shard(struct reader *reader, int32_t partition)
{
	struct shard **at = &reader->shards;
	while (*at && (*at)->partition != partition)
		at = &(*at)->next;
	struct shard *shard = *at;
	if (!shard)
		return;
	*at = shard->next;
	shard->next = NULL;
	free_shards(&shard);
}

/* What is to be read there is gone: that partition is begun as after a start, the others go on. */
static void begin_anew(struct reader *reader, int32_t partition)
{
	log_error("events",
		"partition %d: records were deleted before they were read: it is begun anew",
		partition);
	reader->wanted = rd_kafka_topic_partition_list_new(8);
	for (struct shard *shard = reader->shards; shard; shard = shard->next)
		rd_kafka_topic_partition_list_add(
			reader->wanted, reader->aggregator->events_topic, shard->partition);
	close_shard(reader, partition);
	drop_held(reader);
	reader->state = READER_ASSIGNING;
	reader->next_positions_us = clock_monotonic_us() + POSITIONS_PAUSE_US;
}

static void on_consumer_error(struct reader *reader, const rd_kafka_message_t *rkm)
{
	if (rkm->err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
		log_warn("events", "%s: %s%s", rd_kafka_err2name(rkm->err),
			rd_kafka_message_errstr(rkm), kafka_remedy(rkm->err));
	else if (reader->state == READER_READING)
		begin_anew(reader, rkm->partition);
}

/* A record may be of a generation that the control log is about to tell: then all wait, not long. */
static void take(struct reader *reader, rd_kafka_message_t *rkm, bool is_patient)
{
	struct shard *shard = find_shard(reader->shards, rkm->partition);
	int64_t wanted = 0;
	if (reader->state == READER_READING && shard && rkm->offset >= shard->next_offset)
		wanted = shard_take(shard, rkm, is_patient);
	if (!wanted) {
		if (reader->held == rkm)
			reader->held = NULL;
		rd_kafka_message_destroy(rkm);
		return;
	}
	if (reader->held == rkm)
		return;
	reader->held = rkm;
	reader->patient_until_us = clock_monotonic_us() + PATIENCE_US;
}

static bool take_held(struct reader *reader, int64_t now_us)
{
	if (!reader->held)
		return true;
	bool is_patient = now_us < reader->patient_until_us;
	if (!is_patient) {
		reader->impatient_at = reader->aggregator->history.generation;
		log_error("events",
			"an event is of a generation that the control log does not show; it is "
			"taken by what is known");
	}
	take(reader, reader->held, is_patient);
	return !reader->held;
}

/* True when there may be more. */
static bool read_records(struct reader *reader, int64_t now_us)
{
	rd_kafka_message_t *rkm;
	if (!take_held(reader, now_us) || reader->aggregator->open_outputs > OUTPUTS_MAX)
		return false;
	for (int i = 0; i < POLL_BUDGET; i++) {
		rkm = rd_kafka_consumer_poll(reader->rk, 0);
		if (!rkm)
			return false;
		if (!rkm->err) {
			take(reader, rkm,
				reader->impatient_at != reader->aggregator->history.generation);
		} else {
			on_consumer_error(reader, rkm);
			rd_kafka_message_destroy(rkm);
		}
		if (reader->held)
			return false;
	}
	return true;
}

int64_t reader_tick(struct reader *reader, int64_t now_us, bool is_stopping)
{
	bool more = !is_stopping && read_records(reader, now_us);
	if (reader->state == READER_ASSIGNING && !is_stopping &&
		now_us >= reader->next_positions_us)
		try_assign(reader);
	for (struct shard *shard = reader->shards; shard && !is_stopping; shard = shard->next)
		shard_tick(shard, now_us);
	commit_due(reader, now_us);
	if (more)
		return 0;
	return reader->held ? 20000 : WATCH_INTERVAL_US;
}

bool reader_is_assigned(const struct reader *reader)
{
	return reader->state == READER_READING;
}

void reader_count(const struct reader *reader)
{
	int n = 0;
	for (const struct shard *shard = reader->shards; shard; shard = shard->next) {
		struct ledger_status status;
		int64_t low = 0, high = shard->end_offset;
		ledger_read_status(shard->ledger, &status);
		(void)rd_kafka_get_watermark_offsets(reader->rk, reader->aggregator->events_topic,
			shard->partition, &low, &high);
		int64_t lag = high - shard->next_offset;
		counters_shard(shard->partition, &status, lag > 0 ? lag : 0);
		n++;
	}
	counters_partitions(n);
}

/* Life. */

static const struct kafka_property defaults[] = {
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"partition.assignment.strategy", "range,roundrobin"},
	{"allow.auto.create.topics", "false"},
	{"auto.offset.reset", "error"},
	/* A queue that reaches its threshold is not filled for a second: the bytes are the bound. */
	{"queued.min.messages", "1000000"},
	{"queued.max.messages.kbytes", "65536"},
	{"topic.metadata.refresh.interval.ms", "30000"},
	{"session.timeout.ms", "10000"},
	{NULL, NULL},
};

static rd_kafka_conf_t *make_conf(struct reader *reader, char *errstr, size_t errstr_size)
{
	const struct common_settings *settings = reader->aggregator->service.settings;
	char group[256];
	snprintf(group, sizeof group, "%saggregator", settings->prefix);
	rd_kafka_conf_t *conf = kafka_conf_new(settings, defaults, errstr, errstr_size);
	if (!conf)
		return NULL;
	if (rd_kafka_conf_set(conf, "group.id", group, errstr, errstr_size) ||
		(settings->instance &&
			rd_kafka_conf_set(conf, "group.instance.id", settings->instance, errstr,
				errstr_size))) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_conf_set_opaque(conf, reader);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
	return conf;
}

static int join(struct reader *reader, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = make_conf(reader, errstr, errstr_size);
	if (!conf)
		return -1;
	reader->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, errstr_size);
	if (!reader->rk) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	rd_kafka_poll_set_consumer(reader->rk);
	reader->queue = rd_kafka_queue_get_consumer(reader->rk);
	kafka_queue_wake(reader->queue, reader->wake_fd);
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(
		topics, reader->aggregator->events_topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_subscribe(reader->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (err)
		snprintf(errstr, errstr_size, "%s: %s", reader->aggregator->events_topic,
			rd_kafka_err2str(err));
	return err ? -1 : 0;
}

struct reader *reader_open(struct aggregator *aggregator, char *errstr, size_t errstr_size)
{
	struct reader *reader = calloc(1, sizeof *reader);
	memory_need(reader);
	reader->aggregator = aggregator;
	reader->impatient_at = -1;
	reader->wake_fd = loop_eventfd(aggregator->service.loop, NULL, NULL);
	if (!join(reader, errstr, errstr_size))
		return reader;
	reader_close(reader);
	return NULL;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	reader->is_closing = true;
	if (reader->state == READER_READING)
		commit_last(reader);
	drop_held(reader);
	free_shards(&reader->shards);
	free_shards(&reader->parked);
	forget_wanted(reader);
	kafka_consumer_close(reader->rk, reader->queue);
	loop_close_eventfd(reader->aggregator->service.loop, reader->wake_fd);
	free(reader);
}
