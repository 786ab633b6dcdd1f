/* What the aggregator counts: every family once, with its sentence. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_COUNTERS_H
#define UMBRA_CONSUMERS_AGGREGATOR_COUNTERS_H

#include "common/metrics.h"
#include "consumers/aggregator/ledger.h"

enum feed_kind { FEED_EVENT, FEED_GAP, FEED_LABEL, FEED_TICK, FEED_UNREADABLE, FEED_KIND_COUNT };

/* A record of umbra.events was read. */
void counters_record(enum feed_kind kind);

/* A final record is written; what in it is an alarm is counted as such. */
void counters_final(const struct tally *tally);
void counters_provisional(void);
void counters_refused(void);

void counters_partitions(int n);

/* Gauges of one partition; `lag`: records behind the log's end. */
void counters_shard(int32_t partition, const struct ledger_status *status, int64_t lag);
/* It is not ours any more. */
void counters_shard_gone(int32_t partition);

#endif
