#include "consumers/console/feed.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "consumers/console/counters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	START_TIMEOUT_MS = 3000,
	TURN_US = 30000, /* for how long records are taken before others get their turn */
	COMMIT_US = 200000,
	BATCH_MAX = 20000,
	AGAIN_US = 2000000,
	PARTITIONS_US = 60000000 /* how often it is asked whether there are more of them */
};

struct feed_partition {
	bool is_at_end; /* was once since the start */
	int64_t end; /* -1: not known */
};

struct feed {
	struct loop *loop;
	struct store *store;
	char *topic;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wake_fd;
	bool is_assigned;
	struct feed_partition *partitions;
	int32_t n_partitions;
	int64_t batch; /* records that are not lasting yet */
	int64_t commit_at_us; /* valid with `batch` */
	int64_t again_at_us; /* not before then is it assigned again */
	int64_t count_at_us;
	bool has_lost_kafka; /* in trouble by Kafka's word; the end of a partition says that it is over */
	int64_t ask_at_us; /* valid with `has_lost_kafka` */
	bool has_changed;
	char trouble[600];
};

__attribute__((format(printf, 2, 3))) static void be_in_trouble(
	struct feed *feed, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(feed->trouble, sizeof feed->trouble, format, arguments);
	va_end(arguments);
	log_warn("aggregates", "%s", feed->trouble);
}

static void be_well(struct feed *feed)
{
	feed->trouble[0] = '\0';
	feed->has_lost_kafka = false;
}

static void tell_unread(struct feed *feed, rd_kafka_resp_err_t err, const char *reason)
{
	char why[KAFKA_WHY_MAX];
	kafka_why_unread(feed->rk, feed->topic, err, reason, why);
	be_in_trouble(feed, "%s", why);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct feed *feed = opaque;
	(void)rk;
	if (!feed->has_lost_kafka)
		feed->ask_at_us = clock_monotonic_us() + AGAIN_US;
	feed->has_lost_kafka = true;
	tell_unread(feed, (rd_kafka_resp_err_t)err, reason);
}

static const struct kafka_property reader_properties[] = {
	{"fetch.wait.max.ms", "200"}, {"queued.max.messages.kbytes", "32768"}, {NULL, NULL}};

struct feed *feed_open(const struct common_settings *settings, struct loop *loop,
	struct store *store, char *errstr, size_t errstr_size)
{
	struct feed *feed = calloc(1, sizeof *feed);
	memory_need(feed && asprintf(&feed->topic, "%saggregates", settings->prefix) >= 0);
	feed->loop = loop;
	feed->store = store;
	feed->wake_fd = -1;
	struct kafka_reader_config config = {reader_properties, on_error, feed};
	feed->rk = kafka_reader_open(settings, &config, errstr, errstr_size);
	if (!feed->rk) {
		feed_close(feed);
		return NULL;
	}
	feed->queue = rd_kafka_queue_get_consumer(feed->rk);
	feed->wake_fd = loop_eventfd(loop, NULL, NULL);
	kafka_queue_wake(feed->queue, feed->wake_fd);
	return feed;
}

rd_kafka_t *feed_handle(struct feed *feed)
{
	return feed->rk;
}

/* Where to read. */

static void assign(struct feed *feed)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(feed->n_partitions);
	for (int32_t i = 0; i < feed->n_partitions; i++) {
		int64_t next = store_position(feed->store, i);
		rd_kafka_topic_partition_list_add(list, feed->topic, i)->offset =
			next ? next : RD_KAFKA_OFFSET_BEGINNING;
	}
	rd_kafka_resp_err_t err = rd_kafka_assign(feed->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	feed->is_assigned = !err;
	if (err)
		be_in_trouble(
			feed, "%s cannot be assigned: %s", feed->topic, rd_kafka_err2str(err));
}

/* Everything again from where the store stands, a while from now. */
static void assign_later(struct feed *feed)
{
	feed->is_assigned = false;
	feed->again_at_us = clock_monotonic_us() + AGAIN_US;
	rd_kafka_assign(feed->rk, NULL);
}

static void reset_store(struct feed *feed, const char *why)
{
	char errstr[500];
	log_warn("aggregates", "the store is made anew from %s: %s", feed->topic, why);
	if (store_reset(feed->store, errstr, sizeof errstr))
		be_in_trouble(feed, "%s", errstr);
	feed->has_changed = true;
	feed->batch = 0;
	assign_later(feed);
	feed->again_at_us = 0;
	for (int32_t i = 0; i < feed->n_partitions; i++)
		feed->partitions[i].is_at_end = false;
}

static void set_partitions(struct feed *feed, int n)
{
	feed->partitions = reallocarray(feed->partitions, (size_t)n, sizeof *feed->partitions);
	memory_need(feed->partitions);
	for (int32_t i = feed->n_partitions; i < n; i++)
		feed->partitions[i] = (struct feed_partition){.end = -1};
	feed->n_partitions = n;
}

static void check_cluster(struct feed *feed)
{
	char *cluster = rd_kafka_clusterid(feed->rk, 1000);
	if (cluster && !store_is_of(feed->store, cluster))
		reset_store(feed, "it tells of another Kafka");
	rd_kafka_mem_free(feed->rk, cluster);
}

bool feed_start(struct feed *feed)
{
	int64_t now_us = clock_monotonic_us();
	if (now_us < feed->again_at_us)
		return false;
	feed->again_at_us = now_us + AGAIN_US;
	feed->count_at_us = now_us + PARTITIONS_US;
	char errstr[500];
	int n = kafka_partition_count(
		feed->rk, feed->topic, START_TIMEOUT_MS, errstr, sizeof errstr);
	if (n <= 0) {
		be_in_trouble(feed, "%s", n < 0 ? errstr : "no such topic: run umbractl init");
		return false;
	}
	if (n > feed->n_partitions)
		set_partitions(feed, n);
	check_cluster(feed);
	assign(feed);
	if (feed->is_assigned)
		be_well(feed);
	return feed->is_assigned;
}

/* The position is not in the log any more: deleted by age, or the topic is another one. */
static void find_again(struct feed *feed, int32_t partition)
{
	int64_t low = 0, high = 0, position = store_position(feed->store, partition);
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
		feed->rk, feed->topic, partition, &low, &high, START_TIMEOUT_MS);
	if (!err && position > high) {
		reset_store(feed, "the topic is shorter than what was read of it");
	} else if (!err && position < low) {
		log_warn("aggregates",
			"partition %d: records %lld to %lld were deleted before they were read",
			(int)partition, (long long)position, (long long)low - 1);
		store_set_position(feed->store, partition, low);
		assign_later(feed);
	} else {
		assign_later(feed);
	}
}

/* Taking. */

static void take_record(struct feed *feed, const rd_kafka_message_t *rkm)
{
	char errstr[300];
	if (store_take(feed->store, rkm->key, rkm->key_len, rkm->payload, rkm->len, errstr,
		    sizeof errstr)) {
		counters_record(RECORD_MALFORMED);
		log_warn("aggregates", "partition %d offset %lld is no window: %s",
			(int)rkm->partition, (long long)rkm->offset, errstr);
	} else {
		counters_record(rkm->payload ? RECORD_WINDOW : RECORD_TOMBSTONE);
	}
	store_set_position(feed->store, rkm->partition, rkm->offset + 1);
	if (!feed->batch++)
		feed->commit_at_us = clock_monotonic_us() + COMMIT_US;
}

static void take(struct feed *feed, const rd_kafka_message_t *rkm)
{
	bool is_ours = rkm->partition >= 0 && rkm->partition < feed->n_partitions;
	if (!rkm->err && is_ours) {
		take_record(feed, rkm);
	} else if (rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && is_ours) {
		if (rkm->offset > store_position(feed->store, rkm->partition))
			store_set_position(feed->store, rkm->partition, rkm->offset);
		feed->partitions[rkm->partition].is_at_end = true;
		be_well(feed);
	} else if (rkm->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && is_ours) {
		find_again(feed, rkm->partition);
	} else if (rkm->err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		tell_unread(feed, rkm->err, rd_kafka_message_errstr(rkm));
		assign_later(feed);
	}
}

static void commit(struct feed *feed)
{
	char errstr[300];
	bool failed = store_commit(feed->store, errstr, sizeof errstr) != 0;
	feed->batch = 0;
	feed->has_changed = true;
	if (!failed)
		return;
	counters_failed_commit();
	if (store_is_damaged(feed->store))
		return; /* the tick makes it anew */
	be_in_trouble(feed, "the store cannot be written and is tried again: %s", errstr);
	assign_later(feed);
}

/* What was read stays read. */
void feed_close(struct feed *feed)
{
	if (!feed)
		return;
	if (feed->batch)
		commit(feed);
	kafka_consumer_close(feed->rk, feed->queue);
	if (feed->wake_fd >= 0)
		loop_close_eventfd(feed->loop, feed->wake_fd);
	free(feed->partitions);
	free(feed->topic);
	free(feed);
}

/* False: there is more. */
static bool poll_for_a_turn(struct feed *feed, int64_t now_us)
{
	rd_kafka_message_t *rkm;
	while (feed->is_assigned && feed->batch < BATCH_MAX &&
		(rkm = rd_kafka_consumer_poll(feed->rk, 0))) {
		take(feed, rkm);
		rd_kafka_message_destroy(rkm);
		if (clock_monotonic_us() - now_us > TURN_US)
			return false;
	}
	return feed->batch < BATCH_MAX;
}

static void learn_ends(struct feed *feed)
{
	for (int32_t i = 0; i < feed->n_partitions; i++) {
		int64_t low, high;
		if (!rd_kafka_get_watermark_offsets(feed->rk, feed->topic, i, &low, &high) &&
			high >= 0)
			feed->partitions[i].end = high;
	}
}

/* A topic can get more partitions. */
static void look_for_more(struct feed *feed, int64_t now_us)
{
	char errstr[300];
	feed->count_at_us = now_us + PARTITIONS_US;
	int n = kafka_partition_count(feed->rk, feed->topic, 1000, errstr, sizeof errstr);
	if (n > feed->n_partitions) {
		feed->is_assigned = false;
		feed->again_at_us = 0;
	}
}

/* An end is told once for each assignment: whether Kafka is back is heard by another one, which waits for
 * nothing. */
static void ask_for_ends(struct feed *feed, int64_t now_us)
{
	feed->ask_at_us = now_us + AGAIN_US;
	assign(feed);
}

int64_t feed_tick(struct feed *feed, int64_t now_us)
{
	if (store_is_damaged(feed->store))
		reset_store(feed, "the file is damaged, or gone");
	if (feed->is_assigned && now_us >= feed->count_at_us)
		look_for_more(feed, now_us);
	if (!feed->is_assigned) {
		if (feed->batch)
			commit(feed);
		if (!feed_start(feed))
			return AGAIN_US;
	} else if (feed->has_lost_kafka && now_us >= feed->ask_at_us) {
		ask_for_ends(feed, now_us);
	}
	bool is_done = poll_for_a_turn(feed, now_us);
	learn_ends(feed);
	if (feed->batch >= BATCH_MAX || (feed->batch && clock_monotonic_us() >= feed->commit_at_us))
		commit(feed);
	if (!is_done)
		return 0;
	if (feed->batch)
		return COMMIT_US;
	return feed->has_lost_kafka ? AGAIN_US : -1;
}

bool feed_take_change(struct feed *feed)
{
	bool has_changed = feed->has_changed;
	feed->has_changed = false;
	return has_changed;
}

const char *feed_trouble(const struct feed *feed)
{
	return feed->trouble;
}

bool feed_is_current(const struct feed *feed)
{
	for (int32_t i = 0; i < feed->n_partitions; i++)
		if (!feed->partitions[i].is_at_end)
			return false;
	return feed->n_partitions > 0;
}

const char *feed_topic(const struct feed *feed)
{
	return feed->topic;
}

int32_t feed_partitions(const struct feed *feed)
{
	return feed->n_partitions;
}

int64_t feed_end(const struct feed *feed, int32_t partition)
{
	return feed->partitions[partition].end;
}
