/* What the group wants, and its answer:
 *
 *   JOINING ──assigned──▶ ASSIGNING ──positions known──▶ READING ──revoked──▶ DRAINING ──▶ JOINING
 *
 * A rebalance callback only notes what the group wants; the tick answers it with rd_kafka_assign,
 * at once or after the drain. librdkafka waits for that answer, so the loop goes on meanwhile. */
#include "common/clock.h"
#include "common/intake_private.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One attempt to learn the committed offsets: the whole loop waits meanwhile, so the first is short,
 * each further one longer, and a pause of as many times its length follows. */
enum { POSITIONS_FIRST_MS = 250, POSITIONS_MOST_MS = 1000, POSITIONS_PAUSES = 8 };

static void forget_wanted(struct intake *intake)
{
	if (intake->wanted)
		rd_kafka_topic_partition_list_destroy(intake->wanted);
	intake->wanted = NULL;
}

void intake_drop_partitions(struct intake *intake)
{
	intake_abandon_all(intake);
	intake_commit_last(intake);
	for (size_t i = 0; i < intake->n_partitions; i++)
		intake_partition_leave(intake->partitions[i]);
	intake->n_partitions = 0;
	intake->next_partition = 0;
	intake->commit_running = false;
	forget_wanted(intake);
}

static void answer_revocation(struct intake *intake)
{
	intake_drop_partitions(intake);
	rd_kafka_assign(intake->rk, NULL);
	intake->state = INTAKE_JOINING;
}

void intake_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct intake *intake = opaque;
	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !intake->closing) {
		forget_wanted(intake);
		intake->wanted = rd_kafka_topic_partition_list_copy(partitions);
		intake->state = INTAKE_ASSIGNING;
		intake->positions_ms = POSITIONS_FIRST_MS;
		intake->next_positions_us = 0;
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
	char expected[INTAKE_EPOCH_MAX];
	size_t size = intake_epoch_metadata(epoch, expected);
	return entry->metadata_size == size && !memcmp(entry->metadata, expected, size);
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

static void add_partition(struct intake *intake, rd_kafka_topic_partition_t *entry,
	rd_kafka_topic_partition_list_t *assignment)
{
	struct intake_partition *partition = intake_partition_new(intake, entry->partition);
	struct intake_partition **grown = reallocarray(
		intake->partitions, intake->n_partitions + 1, sizeof(struct intake_partition *));
	memory_need(grown);
	intake->partitions = grown;
	intake->partitions[intake->n_partitions++] = partition;
	if (choose_position(intake, entry, partition))
		rd_kafka_topic_partition_list_add(assignment, intake->topic, entry->partition)
			->offset = entry->offset;
}

static void try_assign(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *wanted = intake->wanted;
	rd_kafka_resp_err_t err =
		wanted->cnt ? rd_kafka_committed(intake->rk, wanted, intake->positions_ms) : 0;
	for (int i = 0; !err && i < wanted->cnt; i++)
		err = wanted->elems[i].err;
	if (err) {
		log_warn(intake->object, "committed offsets cannot be read: %s",
			rd_kafka_err2str(err));
		intake->next_positions_us = clock_monotonic_us() +
			INT64_C(1000) * POSITIONS_PAUSES * intake->positions_ms;
		if (intake->positions_ms < POSITIONS_MOST_MS)
			intake->positions_ms *= 2;
		return;
	}
	rd_kafka_topic_partition_list_t *assignment =
		rd_kafka_topic_partition_list_new(wanted->cnt);
	for (int i = 0; i < wanted->cnt; i++)
		add_partition(intake, &wanted->elems[i], assignment);
	rd_kafka_assign(intake->rk, assignment);
	rd_kafka_topic_partition_list_destroy(assignment);
	log_info(intake->object, "reading %d partitions of %s", wanted->cnt, intake->topic);
	forget_wanted(intake);
	intake->lost = false;
	intake->state = INTAKE_READING;
}

static int64_t open_records(const struct intake *intake)
{
	int64_t open = 0;
	for (size_t i = 0; i < intake->n_partitions; i++)
		open += intake->partitions[i]->open;
	return open;
}

void intake_rebalance_tick(struct intake *intake, int64_t now_us)
{
	if (intake->state == INTAKE_ASSIGNING && !intake->stopping &&
		now_us >= intake->next_positions_us)
		try_assign(intake);
	if (intake->state == INTAKE_DRAINING &&
		(!open_records(intake) || now_us >= intake->drain_deadline_us))
		answer_revocation(intake);
}
