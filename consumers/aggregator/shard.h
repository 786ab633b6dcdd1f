/* One partition of umbra.events that is ours, or was until the last rebalance. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_SHARD_H
#define UMBRA_CONSUMERS_AGGREGATOR_SHARD_H

#include "consumers/aggregator/aggregator.h"

struct shard {
	struct aggregator *aggregator;
	int32_t partition;
	struct ledger *ledger;
	int64_t next_offset; /* of the record to read */
	int64_t end_offset; /* of the log when the partition was taken over */
	int64_t heard_us; /* monotonic: the last record, or tick of ours */
	int64_t next_provisional_us; /* monotonic */
	int64_t next_clock_us; /* monotonic: when the partition's clock is told again */
	int64_t told_clock_us; /* what was told; LEDGER_NEVER: nothing yet */
	bool has_ticked; /* since it was taken over */
	/* A commit waits for what was written before it: it is captured, and what comes later belongs
	 * to the next. */
	struct output_group *before, *since;
	bool is_captured;
	struct ledger_point captured; /* valid while is_captured */
	struct ledger_point committed; /* as Kafka knows it */
	bool is_committed; /* there is one */
	struct shard *next;
};

/* Reads on from there; `end_offset`: of the log now. */
struct shard *shard_new(struct aggregator *aggregator, int32_t partition,
	const struct ledger_point *start, int64_t end_offset);
void shard_free(struct shard *shard);

/* As feed_take. */
int64_t shard_take(struct shard *shard, const rd_kafka_message_t *rkm, bool is_patient);

/* Publishes what is open, appends a tick when the partition is silent. */
void shard_tick(struct shard *shard, int64_t now_us);

/* What may be committed now and is not yet; false: nothing. Tells the partition's clock: what was
 * written up to it is acknowledged. */
bool shard_committable(struct shard *shard, struct ledger_point *point);

/* Has all that was there when it was taken over been read? */
bool shard_is_current(const struct shard *shard);

#endif
