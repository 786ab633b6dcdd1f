/* The intake is a small state machine around one group membership:
 *
 *   JOINING ──assigned──▶ ASSIGNING ──positions known──▶ READING ──revoked──▶ DRAINING ──▶ JOINING
 *
 * A rebalance callback only notes what the group wants; the tick answers it with rd_kafka_assign,
 * at once or after the drain. librdkafka waits for that answer, so the loop goes on meanwhile. */
#include "common/intake.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/span.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	POLL_BUDGET = 256, /* records taken in by one tick */
	COMMIT_INTERVAL_US = 100000, /* at most this long stays done work uncommitted */
	POSITIONS_TIMEOUT_MS = 1000, /* one attempt to learn the committed offsets */
	WATCH_INTERVAL_US = 500000 /* librdkafka is polled at least this often */
};

enum intake_state {
	INTAKE_JOINING, /* no partitions; the group has not spoken */
	INTAKE_ASSIGNING, /* the group gave partitions; their positions are being learnt */
	INTAKE_READING, /* records flow */
	INTAKE_DRAINING /* the partitions leave; what is open may end until the deadline */
};

struct intake_partition {
	struct intake *intake; /* NULL once the partition has left */
	int32_t number;
	int open; /* records handed out and not yet done */
	bool stopped; /* by an alarm: not read until a new position is set */
	bool readable; /* its queue may hold records */
	rd_kafka_queue_t *queue;
	int wake_fd;
	struct span span;
	int64_t committed; /* acknowledged by Kafka, -1: none known */
	uint64_t committing; /* span.head when the running commit was asked for */
	struct intake_record *oldest, *newest; /* open ones, in the order in which they came */
};

struct intake {
	struct intake_config config;
	struct loop *loop;
	enum intake_state state;
	bool stopping; /* no new records are taken */
	bool closing; /* rd_kafka_consumer_close runs: revocations are answered at once */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wake_fd;
	rd_kafka_topic_partition_list_t *wanted; /* ASSIGNING: what the group gave */
	int64_t drain_deadline_us;
	bool lost; /* the partitions are already somebody else's: commit nothing */
	int64_t next_commit_us;
	bool commit_running;
	int64_t open; /* records handed out and not yet done, of partitions that left too */
	struct intake_partition **partitions;
	size_t n_partitions;
	size_t next_partition; /* round robin */
	struct intake_record *idle; /* free list, linked by next */
	char *topic, *group, *object;
};

static void partition_free(struct intake_partition *partition)
{
	span_fini(&partition->span);
	free(partition);
}

static void on_partition_readable(void *opaque)
{
	struct intake_partition *partition = opaque;
	partition->readable = true;
}

static struct intake_partition *partition_new(struct intake *intake, int32_t number)
{
	struct intake_partition *partition = calloc(1, sizeof *partition);
	if (!partition || span_init(&partition->span, intake->config.span_limit)) {
		free(partition);
		return NULL;
	}
	partition->intake = intake;
	partition->number = number;
	partition->committed = -1;
	partition->readable = true;
	partition->wake_fd = loop_eventfd(intake->loop, on_partition_readable, partition);
	partition->queue = rd_kafka_queue_get_partition(intake->rk, intake->topic, number);
	rd_kafka_queue_forward(partition->queue, NULL);
	kafka_queue_wake(partition->queue, partition->wake_fd);
	return partition;
}

/* The partition is no longer ours to read; it stays until its last record came back. */
static void partition_leave(struct intake_partition *partition)
{
	rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(partition->queue);
	loop_close_eventfd(partition->intake->loop, partition->wake_fd);
	partition->intake = NULL;
	if (!partition->open)
		partition_free(partition);
}

static struct intake_partition *find_partition(struct intake *intake, int32_t number)
{
	for (size_t i = 0; i < intake->n_partitions; i++)
		if (intake->partitions[i]->number == number)
			return intake->partitions[i];
	return NULL;
}

static void link_record(struct intake_partition *partition, struct intake_record *record)
{
	record->next = NULL;
	record->prev = partition->newest;
	if (partition->newest)
		partition->newest->next = record;
	else
		partition->oldest = record;
	partition->newest = record;
	partition->open++;
}

static void unlink_record(struct intake_partition *partition, struct intake_record *record)
{
	if (record->prev)
		record->prev->next = record->next;
	else
		partition->oldest = record->next;
	if (record->next)
		record->next->prev = record->prev;
	else
		partition->newest = record->prev;
	partition->open--;
}

static struct intake_record *take_record(struct intake *intake)
{
	struct intake_record *record = intake->idle;
	if (record)
		intake->idle = record->next;
	else
		record = malloc(intake->config.record_size);
	if (record)
		memset(record, 0, intake->config.record_size);
	return record;
}

void intake_done(struct intake *intake, struct intake_record *record)
{
	struct intake_partition *partition = record->partition;
	unlink_record(partition, record);
	intake->open--;
	if (!record->abandoned)
		span_done(&partition->span, record->sequence);
	if (!partition->intake && !partition->open)
		partition_free(partition);
	rd_kafka_message_destroy(record->rkm);
	record->next = intake->idle;
	intake->idle = record;
}

int64_t intake_committed(const struct intake_partition *partition)
{
	return partition->committed;
}

static void abandon_all(struct intake *intake)
{
	for (size_t i = 0; i < intake->n_partitions; i++) {
		struct intake_record *next;
		for (struct intake_record *r = intake->partitions[i]->oldest; r; r = next) {
			next = r->next;
			r->abandoned = true;
			intake->config.on_abandon(intake->config.opaque, r);
		}
	}
}

/* Commits. */

static void set_metadata(rd_kafka_topic_partition_t *entry, int64_t epoch)
{
	char text[32];
	int size = snprintf(text, sizeof text, "epoch %lld", (long long)epoch);
	entry->metadata = strdup(text);
	entry->metadata_size = entry->metadata ? (size_t)size : 0;
}

/* What is done and not yet committed; NULL when there is nothing. */
static rd_kafka_topic_partition_list_t *committable(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	for (size_t i = 0; i < intake->n_partitions; i++) {
		struct intake_partition *partition = intake->partitions[i];
		if (partition->span.committable <= partition->committed)
			continue;
		if (!list)
			list = rd_kafka_topic_partition_list_new((int)intake->n_partitions);
		rd_kafka_topic_partition_t *entry =
			rd_kafka_topic_partition_list_add(list, intake->topic, partition->number);
		entry->offset = partition->span.committable;
		set_metadata(entry, intake->config.epoch);
		partition->committing = partition->span.head;
	}
	return list;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
	(void)rk;
	struct intake *intake = opaque;
	intake->commit_running = false;
	if (err)
		log_warn(intake->object, "commit failed: %s", rd_kafka_err2str(err));
	for (int i = 0; offsets && i < offsets->cnt; i++) {
		const rd_kafka_topic_partition_t *entry = &offsets->elems[i];
		struct intake_partition *partition = find_partition(intake, entry->partition);
		if (err || entry->err || !partition || entry->offset < 0)
			continue;
		partition->committed = entry->offset;
		span_committed(&partition->span, partition->committing);
	}
}

static bool is_commit_due(const struct intake *intake, int64_t now_us)
{
	if (intake->commit_running)
		return false;
	if (now_us >= intake->next_commit_us)
		return true;
	for (size_t i = 0; i < intake->n_partitions; i++) {
		const struct span *span = &intake->partitions[i]->span;
		if (span->head - span->committed > span->limit / 4)
			return true;
	}
	return false;
}

static void commit_due(struct intake *intake, int64_t now_us)
{
	if (!is_commit_due(intake, now_us))
		return;
	intake->next_commit_us = now_us + COMMIT_INTERVAL_US;
	rd_kafka_topic_partition_list_t *list = committable(intake);
	if (!list)
		return;
	intake->commit_running = !rd_kafka_commit(intake->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

/* Before partitions leave: waits for the answer. */
static void commit_last(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *list = intake->lost ? NULL : committable(intake);
	if (!list)
		return;
	rd_kafka_resp_err_t err = rd_kafka_commit(intake->rk, list, 0);
	on_commit(intake->rk, err, list, intake);
	rd_kafka_topic_partition_list_destroy(list);
}

/* Rebalance. */

static void drop_partitions(struct intake *intake)
{
	abandon_all(intake);
	commit_last(intake);
	for (size_t i = 0; i < intake->n_partitions; i++)
		partition_leave(intake->partitions[i]);
	intake->n_partitions = 0;
	intake->next_partition = 0;
	intake->commit_running = false;
}

static void forget_wanted(struct intake *intake)
{
	if (intake->wanted)
		rd_kafka_topic_partition_list_destroy(intake->wanted);
	intake->wanted = NULL;
}

static void answer_revocation(struct intake *intake)
{
	drop_partitions(intake);
	forget_wanted(intake);
	rd_kafka_assign(intake->rk, NULL);
	intake->state = INTAKE_JOINING;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct intake *intake = opaque;
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !intake->closing) {
		forget_wanted(intake);
		intake->wanted = rd_kafka_topic_partition_list_copy(partitions);
		intake->state = INTAKE_ASSIGNING;
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS &&
		err != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		log_warn(intake->object, "rebalance failed: %s", rd_kafka_err2str(err));
	intake->lost = rd_kafka_assignment_lost(rk) != 0;
	if (intake->closing || intake->lost || intake->state != INTAKE_READING) {
		answer_revocation(intake);
		return;
	}
	intake->state = INTAKE_DRAINING;
	intake->drain_deadline_us = clock_monotonic_us() + intake->config.drain_us;
}

static bool is_of_epoch(const rd_kafka_topic_partition_t *entry, int64_t epoch)
{
	char expected[32];
	int size = snprintf(expected, sizeof expected, "epoch %lld", (long long)epoch);
	return entry->metadata_size == (size_t)size &&
		!memcmp(entry->metadata, expected, (size_t)size);
}

/* Where to read on: the commit, else the written start. Returns false: not at all. */
static bool choose_position(struct intake *intake, rd_kafka_topic_partition_t *entry,
	struct intake_partition *partition)
{
	if (entry->offset >= 0 && is_of_epoch(entry, intake->config.epoch)) {
		partition->committed = entry->offset;
		return true;
	}
	entry->offset = intake->config.start(intake->config.opaque, entry->partition);
	if (entry->offset != INTAKE_STOPPED)
		return true;
	partition->stopped = true;
	log_error(intake->object, "partition %d has no position to start from and is not read",
		entry->partition);
	return false;
}

static int add_partition(struct intake *intake, rd_kafka_topic_partition_t *entry,
	rd_kafka_topic_partition_list_t *assignment)
{
	struct intake_partition *partition = partition_new(intake, entry->partition);
	struct intake_partition **grown = reallocarray(
		intake->partitions, intake->n_partitions + 1, sizeof(struct intake_partition *));
	if (grown)
		intake->partitions = grown;
	if (!partition || !grown) {
		if (partition)
			partition_leave(partition);
		log_error(intake->object, "out of memory: partition %d is not read",
			entry->partition);
		return -1;
	}
	intake->partitions[intake->n_partitions++] = partition;
	if (choose_position(intake, entry, partition))
		rd_kafka_topic_partition_list_add(assignment, intake->topic, entry->partition)
			->offset = entry->offset;
	return 0;
}

static void try_assign(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *wanted = intake->wanted;
	rd_kafka_resp_err_t err =
		wanted->cnt ? rd_kafka_committed(intake->rk, wanted, POSITIONS_TIMEOUT_MS) : 0;
	for (int i = 0; !err && i < wanted->cnt; i++)
		err = wanted->elems[i].err;
	if (err) {
		log_warn(intake->object, "committed offsets cannot be read: %s",
			rd_kafka_err2str(err));
		return;
	}
	rd_kafka_topic_partition_list_t *assignment =
		rd_kafka_topic_partition_list_new(wanted->cnt);
	for (int i = 0; i < wanted->cnt; i++)
		(void)add_partition(intake, &wanted->elems[i], assignment);
	rd_kafka_assign(intake->rk, assignment);
	rd_kafka_topic_partition_list_destroy(assignment);
	log_info(intake->object, "reading %d partitions of %s", wanted->cnt, intake->topic);
	forget_wanted(intake);
	intake->lost = false;
	intake->state = INTAKE_READING;
}

/* Records. */

static void on_consumer_error(struct intake *intake, const rd_kafka_message_t *rkm)
{
	struct intake_partition *partition =
		rkm->rkt ? find_partition(intake, rkm->partition) : NULL;
	if (rkm->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && partition) {
		partition->stopped = true;
		log_error(intake->object,
			"partition %d: its position is gone from the topic, so it is not read; set "
			"a new "
			"one with: umbractl apply --reset-start",
			rkm->partition);
		return;
	}
	log_warn(intake->object, "%s: %s", rd_kafka_err2name(rkm->err),
		rd_kafka_message_errstr(rkm));
}

static void take_in(struct intake *intake, rd_kafka_message_t *rkm)
{
	struct intake_partition *partition =
		rkm->err ? NULL : find_partition(intake, rkm->partition);
	if (!partition) {
		if (rkm->err)
			on_consumer_error(intake, rkm);
		rd_kafka_message_destroy(rkm);
		return;
	}
	struct intake_record *record = take_record(intake);
	if (!record) {
		log_error(intake->object, "out of memory");
		abort();
	}
	record->rkm = rkm;
	record->partition = partition;
	record->sequence = span_add(&partition->span, rkm->offset);
	record->polled_us = clock_monotonic_us();
	link_record(partition, record);
	intake->open++;
	intake->config.on_record(intake->config.opaque, record);
}

/* Takes in up to `budget` records of one partition; returns how many. */
static int poll_partition(struct intake *intake, struct intake_partition *partition, int budget)
{
	int n = 0;
	while (n < budget && partition->readable) {
		if (span_is_full(&partition->span)) {
			if (intake->config.on_full && partition->oldest)
				intake->config.on_full(intake->config.opaque, partition->oldest);
			break;
		}
		rd_kafka_message_t *rkm = rd_kafka_consume_queue(partition->queue, 0);
		if (rkm) {
			take_in(intake, rkm);
			n++;
		} else {
			partition->readable = false;
		}
	}
	return n;
}

/* True when records may wait and there is room for them. */
static bool poll_partitions(struct intake *intake)
{
	bool more = false;
	int budget = POLL_BUDGET;
	for (size_t i = 0; i < intake->n_partitions; i++) {
		size_t at = (intake->next_partition + i) % intake->n_partitions;
		struct intake_partition *partition = intake->partitions[at];
		int share = budget / (int)(intake->n_partitions - i);
		budget -= poll_partition(intake, partition, share > 0 ? share : 1);
		more |= partition->readable && !span_is_full(&partition->span);
	}
	if (intake->n_partitions)
		intake->next_partition = (intake->next_partition + 1) % intake->n_partitions;
	return more;
}

/* Errors, rebalances and commit answers; never a record, save one that was fetched before its
 * partition got a queue of its own. */
static void poll_group(struct intake *intake)
{
	rd_kafka_message_t *rkm;
	while ((rkm = rd_kafka_consumer_poll(intake->rk, 0)))
		take_in(intake, rkm);
}

static int64_t open_records(const struct intake *intake)
{
	int64_t open = 0;
	for (size_t i = 0; i < intake->n_partitions; i++)
		open += intake->partitions[i]->open;
	return open;
}

int64_t intake_tick(struct intake *intake, int64_t now_us)
{
	bool more = false;
	poll_group(intake);
	if (intake->state == INTAKE_ASSIGNING && !intake->stopping)
		try_assign(intake);
	if (intake->state == INTAKE_DRAINING &&
		(!open_records(intake) || now_us >= intake->drain_deadline_us))
		answer_revocation(intake);
	if (intake->state == INTAKE_READING && !intake->stopping)
		more = poll_partitions(intake);
	commit_due(intake, now_us);
	if (more)
		return 0;
	int64_t wait = WATCH_INTERVAL_US;
	if (intake->state == INTAKE_DRAINING && intake->drain_deadline_us - now_us < wait)
		wait = intake->drain_deadline_us - now_us;
	for (size_t i = 0; i < intake->n_partitions && !intake->commit_running; i++)
		if (intake->partitions[i]->span.committable > intake->partitions[i]->committed)
			wait = intake->next_commit_us - now_us;
	return wait > 0 ? wait : 0;
}

/* Life. */

static const struct kafka_property consumer_defaults[] = {
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"partition.assignment.strategy", "range,roundrobin"},
	{"allow.auto.create.topics", "false"},
	{"queued.min.messages", "10000"},
	{"queued.max.messages.kbytes", "16384"},
	{"topic.metadata.refresh.interval.ms", "30000"},
	{"session.timeout.ms", "10000"},
	{NULL, NULL},
};

static int set_own(rd_kafka_conf_t *conf, const char *name, const char *value, char *errstr,
	size_t errstr_size)
{
	return rd_kafka_conf_set(conf, name, value, errstr, errstr_size) == RD_KAFKA_CONF_OK ? 0
											     : -1;
}

static rd_kafka_conf_t *make_conf(const struct common_settings *settings, struct intake *intake,
	char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = kafka_conf_new(settings, consumer_defaults, errstr, errstr_size);
	if (!conf)
		return NULL;
	const char *reset = intake->config.reset_to_earliest ? "earliest" : "error";
	if (set_own(conf, "group.id", intake->group, errstr, errstr_size) ||
		set_own(conf, "auto.offset.reset", reset, errstr, errstr_size) ||
		(settings->instance &&
			set_own(conf, "group.instance.id", settings->instance, errstr,
				errstr_size))) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_conf_set_opaque(conf, intake);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
	return conf;
}

static int join(struct intake *intake, const struct common_settings *settings, char *errstr,
	size_t errstr_size)
{
	rd_kafka_conf_t *conf = make_conf(settings, intake, errstr, errstr_size);
	if (!conf)
		return -1;
	intake->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, errstr_size);
	if (!intake->rk) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	rd_kafka_poll_set_consumer(intake->rk);
	intake->wake_fd = loop_eventfd(intake->loop, NULL, NULL);
	intake->queue = rd_kafka_queue_get_consumer(intake->rk);
	kafka_queue_wake(intake->queue, intake->wake_fd);
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, intake->topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_subscribe(intake->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (err)
		snprintf(errstr, errstr_size, "%s: %s", intake->topic, rd_kafka_err2str(err));
	return err ? -1 : 0;
}

struct intake *intake_open(const struct common_settings *settings, struct loop *loop,
	const struct intake_config *config, char *errstr, size_t errstr_size)
{
	struct intake *intake = calloc(1, sizeof *intake);
	if (!intake) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	intake->config = *config;
	intake->loop = loop;
	intake->wake_fd = -1;
	intake->topic = strdup(config->topic);
	intake->group = strdup(config->group);
	intake->object = strdup(config->object);
	if (!intake->topic || !intake->group || !intake->object ||
		join(intake, settings, errstr, errstr_size)) {
		intake_free(intake);
		return NULL;
	}
	return intake;
}

void intake_stop(struct intake *intake)
{
	intake->stopping = true;
}

bool intake_is_drained(const struct intake *intake)
{
	return !intake->open;
}

void intake_close(struct intake *intake)
{
	if (!intake || !intake->rk)
		return;
	intake->closing = true;
	drop_partitions(intake);
	forget_wanted(intake);
	if (intake->queue) {
		rd_kafka_queue_io_event_enable(intake->queue, -1, NULL, 0);
		rd_kafka_queue_destroy(intake->queue);
	}
	rd_kafka_consumer_close(intake->rk);
	rd_kafka_destroy(intake->rk);
	intake->rk = NULL;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	intake_close(intake);
	if (intake->wake_fd >= 0)
		loop_close_eventfd(intake->loop, intake->wake_fd);
	while (intake->idle) {
		struct intake_record *record = intake->idle;
		intake->idle = record->next;
		free(record);
	}
	free(intake->partitions);
	free(intake->topic);
	free(intake->group);
	free(intake->object);
	free(intake);
}

void intake_read_status(const struct intake *intake, struct intake_status *status)
{
	*status = (struct intake_status){
		.open = intake->open,
		.partitions = (int32_t)intake->n_partitions,
		.assigned = intake->state == INTAKE_READING,
	};
	for (size_t i = 0; i < intake->n_partitions; i++) {
		const struct intake_partition *partition = intake->partitions[i];
		int64_t low = 0, high = 0;
		status->stopped += partition->stopped;
		if (!rd_kafka_get_watermark_offsets(
			    intake->rk, intake->topic, partition->number, &low, &high) &&
			high > partition->committed && partition->committed >= 0)
			status->lag += high - partition->committed;
	}
}
