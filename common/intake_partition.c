/* The records of an intake's partitions: handed out, linked in their order, taken back. */
#include "common/clock.h"
#include "common/intake_private.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

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

struct intake_partition *intake_partition_new(struct intake *intake, int32_t number)
{
	struct intake_partition *partition = calloc(1, sizeof *partition);
	memory_need(partition && !span_init(&partition->span, intake->config.span_limit));
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
void intake_partition_leave(struct intake_partition *partition)
{
	rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(partition->queue);
	loop_close_eventfd(partition->intake->loop, partition->wake_fd);
	partition->intake = NULL;
	if (!partition->open)
		partition_free(partition);
}

struct intake_partition *intake_find_partition(struct intake *intake, int32_t number)
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
	memory_need(record);
	memset(record, 0, intake->config.zeroed_size);
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

/* Offsets fall when a topic was made anew. What is open of the old one ends as any record does. */
static void note_restart(struct intake *intake, struct intake_partition *partition, int64_t offset)
{
	log_warn(intake->object, "partition %d begins anew at offset %lld: its topic was made anew",
		partition->number, (long long)offset);
	span_restart(&partition->span);
}

void intake_take_in(
	struct intake *intake, struct intake_partition *partition, rd_kafka_message_t *rkm)
{
	struct intake_record *record = take_record(intake);
	record->rkm = rkm;
	record->partition = partition;
	if (rkm->offset <= partition->span.newest)
		note_restart(intake, partition, rkm->offset);
	record->sequence = span_add(&partition->span, rkm->offset);
	record->polled_us = clock_monotonic_us();
	link_record(partition, record);
	intake->open++;
	intake->config.on_record(intake->config.opaque, record);
}

int64_t intake_committed(const struct intake_partition *partition)
{
	return partition->committed;
}

void intake_abandon_all(struct intake *intake)
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
