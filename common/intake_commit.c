/* Commits of the done prefix of each partition: one request at a time, the epoch in its metadata. */
#include "common/intake_private.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdio.h>
#include <string.h>

enum {
	COMMIT_INTERVAL_US = 100000, /* at most this long stays done work uncommitted */
	LAST_COMMIT_TIMEOUT_MS = 2000 /* the whole loop waits meanwhile */
};

size_t intake_epoch_metadata(int64_t epoch, char text[INTAKE_EPOCH_MAX])
{
	return (size_t)snprintf(text, INTAKE_EPOCH_MAX, "epoch %lld", (long long)epoch);
}

static void set_metadata(rd_kafka_topic_partition_t *entry, int64_t epoch)
{
	char text[INTAKE_EPOCH_MAX];
	size_t size = intake_epoch_metadata(epoch, text);
	entry->metadata = strdup(text);
	memory_need(entry->metadata);
	entry->metadata_size = size;
}

/* What is done and not yet committed; NULL when there is nothing. */
static rd_kafka_topic_partition_list_t *committable(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	for (size_t i = 0; i < intake->n_partitions; i++) {
		struct intake_partition *partition = intake->partitions[i];
		if (!span_is_committable(&partition->span))
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

void intake_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
	(void)rk;
	struct intake *intake = opaque;
	intake->commit_running = false;
	if (err)
		log_warn(intake->object, "commit failed: %s", rd_kafka_err2str(err));
	for (int i = 0; offsets && i < offsets->cnt; i++) {
		const rd_kafka_topic_partition_t *entry = &offsets->elems[i];
		struct intake_partition *partition =
			intake_find_partition(intake, entry->partition);
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

void intake_commit_due(struct intake *intake, int64_t now_us)
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

int64_t intake_next_commit_us(const struct intake *intake)
{
	for (size_t i = 0; i < intake->n_partitions && !intake->commit_running; i++)
		if (span_is_committable(&intake->partitions[i]->span))
			return intake->next_commit_us;
	return -1;
}

/* rd_kafka_commit would wait for as long as there is no coordinator. */
void intake_commit_last(struct intake *intake)
{
	rd_kafka_topic_partition_list_t *list = intake->lost ? NULL : committable(intake);
	if (!list)
		return;
	rd_kafka_queue_t *answers = rd_kafka_queue_new(intake->rk);
	rd_kafka_resp_err_t err =
		rd_kafka_commit_queue(intake->rk, list, answers, intake_on_commit, intake);
	if (!err && !rd_kafka_queue_poll_callback(answers, LAST_COMMIT_TIMEOUT_MS))
		err = RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (err)
		log_warn(intake->object, "the last commit failed: %s; what it covers is read again",
			rd_kafka_err2str(err));
	rd_kafka_queue_destroy(answers);
	rd_kafka_topic_partition_list_destroy(list);
}
