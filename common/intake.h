/* A consumer group member that reads one topic, in the loop, with a bounded span per partition, and
 * commits only the unbroken prefix of done records. Used by the splitter (requests) and by the
 * shadow consumer (copies).
 *
 * Each partition has a queue of its own, so one that is full is not polled while others go on.
 * A rebalance lets the records that leave end for at most 2 s; what is still open is abandoned:
 * on_abandon is called for each, and the new owner reads it again. */
#ifndef UMBRA_COMMON_INTAKE_H
#define UMBRA_COMMON_INTAKE_H

#include "common/kafka.h"
#include "common/loop.h"

struct intake;
struct intake_partition;

/* The head of the user's own request struct. Memory is the intake's: `record_size` bytes, the first
 * `zeroed_size` of them 0, handed to on_record, taken back when intake_done was called and the last
 * reference is gone. Large buffers stand behind those: to clear what is written anyway costs. */
struct intake_record {
	rd_kafka_message_t *rkm; /* owned by the record; lives as long as it */
	struct intake_partition *partition;
	uint64_t sequence;
	int64_t polled_us; /* monotonic */
	bool abandoned; /* the partition left: publish nothing more, end what runs */
	struct intake_record *next, *prev; /* private */
};

/* Where a partition without a valid commit is read from. */
enum { INTAKE_STOPPED = -3 }; /* do not read: alarm */

struct intake_config {
	const char *topic;
	const char *group;
	const char *object; /* for logs, as "endpoint churn" */
	uint32_t span_limit; /* per partition */
	size_t record_size; /* sizeof the user's struct */
	size_t zeroed_size; /* at least sizeof(struct intake_record) */
	int64_t drain_us; /* bound of a rebalance's drain, 2 s */
	int64_t epoch; /* stands in the commits' metadata; a commit of another epoch does not count */
	bool reset_to_earliest; /* a committed offset that is gone: true: read from the earliest, with a
				   warning; false: stop that partition, with an alarm */
	/* The first offset of a partition that has no commit of this epoch: an offset, or
	 * RD_KAFKA_OFFSET_BEGINNING, or INTAKE_STOPPED. */
	int64_t (*start)(void *opaque, int32_t partition);
	void (*on_record)(void *opaque, struct intake_record *record);
	void (*on_abandon)(void *opaque, struct intake_record *record);
	/* The span of a partition is full, and `oldest` is what its commits wait for: give up what may
	 * be given up (queued copies). Not called while only a commit is awaited. May be NULL. */
	void (*on_full)(void *opaque, struct intake_record *oldest);
	/* How many more records can be used soon: the others are better left to librdkafka than taken
	 * in cold. Asked once a tick. NULL: as many as the spans hold. */
	uint32_t (*room)(void *opaque);
	void *opaque;
};

/* Joins the group. NULL and errstr. */
struct intake *intake_open(const struct common_settings *settings, struct loop *loop,
	const struct intake_config *config, char *errstr, size_t errstr_size);

/* Polls what there is room for (a bounded number a call), commits what is due, moves a rebalance on.
 * Returns microseconds until there is more to do: 0 at once, -1 when only an event can bring some. */
int64_t intake_tick(struct intake *intake, int64_t now_us);

/* Did the last tick leave records for lack of room, and is there room now? Then it should come again
 * at once. */
bool intake_has_new_room(const struct intake *intake);

/* The record is done: it may be committed once all before it are, and `record` is gone. For an
 * abandoned record: it is gone, nothing is committed. */
void intake_done(struct intake *intake, struct intake_record *record);

/* The offset that this member knows to be committed for the partition, -1: none. */
int64_t intake_committed(const struct intake_partition *partition);

/* While held, no record is taken in; the partitions stay this member's. */
void intake_hold(struct intake *intake, bool is_held);

/* Takes no more records, ever. */
void intake_stop(struct intake *intake);

/* Is no record open, of partitions that left neither? What is done may still await its commit. */
bool intake_is_drained(const struct intake *intake);

/* Abandons what is open, commits, and begins to leave the group. */
void intake_close(struct intake *intake);
/* Has it left? To be asked again until it has: that moves it on. */
bool intake_is_closed(struct intake *intake);
/* It has not in 10 s, as when a broker hangs: whoever waits for it to join anew need not. */
bool intake_is_late(const struct intake *intake);
/* Waits until it has left. Every record must have come back through intake_done. */
void intake_free(struct intake *intake);

/* Records open in all partitions, partitions owned, partitions stopped by an alarm. */
struct intake_status {
	int64_t open;
	int32_t partitions;
	int32_t stopped;
	int64_t lag; /* records between the committed and the high watermark, as last known */
	bool assigned; /* the group has given this member its share, be it none */
};
void intake_read_status(const struct intake *intake, struct intake_status *status);

#endif
