/* What the files of the intake share. */
#ifndef UMBRA_COMMON_INTAKE_PRIVATE_H
#define UMBRA_COMMON_INTAKE_PRIVATE_H

#include "common/intake.h"
#include "common/span.h"
#include <pthread.h>
#include <stdatomic.h>

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

/* How it leaves the group, see intake_leave.c. */
struct intake_leave {
	bool is_left; /* or was put out before */
	bool is_late; /* said that it takes long */
	int64_t late_us; /* monotonic */
	bool is_ending; /* the thread runs that ends the client */
	atomic_bool is_ended; /* it is done */
	pthread_t thread;
};

struct intake {
	struct intake_config config;
	struct loop *loop;
	enum intake_state state;
	bool held; /* no new records are taken for now */
	bool stopping; /* no new records are taken */
	bool closing; /* it leaves the group: revocations are answered at once */
	struct intake_leave leave; /* closing */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int wake_fd;
	rd_kafka_topic_partition_list_t *wanted; /* ASSIGNING: what the group gave */
	int positions_ms; /* ASSIGNING: how long the next attempt may take */
	int64_t next_positions_us; /* ASSIGNING: not before; monotonic */
	int64_t drain_deadline_us;
	bool lost; /* the partitions are already somebody else's: commit nothing */
	int64_t next_commit_us;
	bool commit_running;
	int64_t open; /* records handed out and not yet done, of partitions that left too */
	struct intake_partition **partitions;
	size_t n_partitions;
	size_t next_partition; /* round robin */
	bool has_left_records; /* the last tick, for lack of room */
	struct intake_record *idle; /* free list, linked by next */
	char *topic, *group, *object;
};

/* A partition that the group gave, with its queue. */
struct intake_partition *intake_partition_new(struct intake *intake, int32_t number);
/* It is no longer ours to read; it stays until its last record came back. */
void intake_partition_leave(struct intake_partition *partition);
struct intake_partition *intake_find_partition(struct intake *intake, int32_t number);

/* Hands the message, which is the record's from here on, to on_record. */
void intake_take_in(
	struct intake *intake, struct intake_partition *partition, rd_kafka_message_t *rkm);
void intake_abandon_all(struct intake *intake);

/* What a commit's metadata says: the epoch in which it was made. Returns its length. */
enum { INTAKE_EPOCH_MAX = 32 };
size_t intake_epoch_metadata(int64_t epoch, char text[INTAKE_EPOCH_MAX]);

/* Asks for a commit of what is done, if it is time. */
void intake_commit_due(struct intake *intake, int64_t now_us);
/* When the next commit is due; -1: nothing is to be committed. */
int64_t intake_next_commit_us(const struct intake *intake);
/* Before partitions leave: waits for the answer, for a bounded time. */
void intake_commit_last(struct intake *intake);
/* rd_kafka_conf_set_offset_commit_cb's. */
void intake_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *offsets, void *opaque);

/* Closes, and waits until the client is gone. */
void intake_leave_wait(struct intake *intake);

/* rd_kafka_conf_set_rebalance_cb's. */
void intake_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque);
/* Moves a rebalance on: learns positions and assigns, or ends a drain. */
void intake_rebalance_tick(struct intake *intake, int64_t now_us);
/* Abandons what is open, commits, and lets all partitions go. */
void intake_drop_partitions(struct intake *intake);

#endif
