/* One group membership: its life, and the records that it polls. */
#include "common/clock.h"
#include "common/intake_private.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

enum {
	POLL_BUDGET = 256, /* records taken in by one tick */
	WATCH_INTERVAL_US = 500000 /* librdkafka is polled at least this often */
};

/* Records. */

static void on_consumer_error(struct intake *intake, const rd_kafka_message_t *rkm)
{
	struct intake_partition *partition =
		rkm->rkt ? intake_find_partition(intake, rkm->partition) : NULL;
	if (rkm->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && partition) {
		partition->stopped = true;
		log_error(intake->object,
			"partition %d: its position is gone from the topic, so it is not read; set "
			"a new one with: umbractl set-start",
			rkm->partition);
		return;
	}
	log_warn(intake->object, "%s: %s%s", rd_kafka_err2name(rkm->err),
		rd_kafka_message_errstr(rkm), kafka_remedy(rkm->err));
}

static void take_in(struct intake *intake, rd_kafka_message_t *rkm)
{
	struct intake_partition *partition =
		rkm->err ? NULL : intake_find_partition(intake, rkm->partition);
	if (!partition) {
		if (rkm->err)
			on_consumer_error(intake, rkm);
		rd_kafka_message_destroy(rkm);
		return;
	}
	intake_take_in(intake, partition, rkm);
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

static int budget_of(const struct intake *intake)
{
	uint32_t room =
		intake->config.room ? intake->config.room(intake->config.opaque) : POLL_BUDGET;
	return room < POLL_BUDGET ? (int)room : POLL_BUDGET;
}

bool intake_has_new_room(const struct intake *intake)
{
	return intake->has_left_records && budget_of(intake) > 0;
}

/* True when records may wait and there is room for them. */
static bool poll_partitions(struct intake *intake)
{
	bool more = false;
	int budget = budget_of(intake);
	intake->has_left_records = budget == 0;
	if (!budget)
		return false;
	for (size_t i = 0; i < intake->n_partitions; i++) {
		size_t at = (intake->next_partition + i) % intake->n_partitions;
		struct intake_partition *partition = intake->partitions[at];
		int share = budget / (int)(intake->n_partitions - i);
		budget -= poll_partition(intake, partition, share > 0 ? share : budget > 0);
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

int64_t intake_tick(struct intake *intake, int64_t now_us)
{
	bool more = false;
	poll_group(intake);
	intake_rebalance_tick(intake, now_us);
	if (intake->state == INTAKE_READING && !intake->stopping && !intake->held)
		more = poll_partitions(intake);
	else
		intake->has_left_records = false; /* room brings none */
	intake_commit_due(intake, now_us);
	if (more)
		return 0;
	int64_t wait = WATCH_INTERVAL_US;
	if (intake->state == INTAKE_DRAINING && intake->drain_deadline_us - now_us < wait)
		wait = intake->drain_deadline_us - now_us;
	int64_t commit_us = intake_next_commit_us(intake);
	if (commit_us >= 0 && commit_us - now_us < wait)
		wait = commit_us - now_us;
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
	rd_kafka_conf_set_rebalance_cb(conf, intake_on_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, intake_on_commit);
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
	memory_need(intake);
	intake->config = *config;
	intake->loop = loop;
	intake->wake_fd = -1;
	intake->topic = strdup(config->topic);
	intake->group = strdup(config->group);
	intake->object = strdup(config->object);
	memory_need(intake->topic && intake->group && intake->object);
	if (join(intake, settings, errstr, errstr_size)) {
		intake_free(intake);
		return NULL;
	}
	return intake;
}

void intake_hold(struct intake *intake, bool is_held)
{
	intake->held = is_held;
}

void intake_stop(struct intake *intake)
{
	intake->stopping = true;
}

bool intake_is_drained(const struct intake *intake)
{
	return !intake->open;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	intake_leave_wait(intake);
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
