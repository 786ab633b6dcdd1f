/* The aggregator's parts and how they hang together:
 *
 *   main.c        options
 *   aggregator.c  the process: its group membership, its publisher, the history of definitions
 *   reader.c      the group: which partitions of umbra.events are ours, where each is read on, commits
 *   shard.c       one partition: its ledger, what is published of it, what may be committed
 *   feed.c        a record of umbra.events from its bytes to the ledger
 *   output.c      a record of umbra.aggregates, sent until Kafka has it
 *   counters.c    what is counted
 *
 * and the pure part: ledger.h (the numbers), tally.h (those of one arm and window), history.h. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_AGGREGATOR_H
#define UMBRA_CONSUMERS_AGGREGATOR_AGGREGATOR_H

#include "common/publisher.h"
#include "common/retry.h"
#include "common/service.h"
#include "consumers/aggregator/ledger.h"

enum { WINDOW_US = 10000000 };

struct aggregator_settings {
	struct common_settings common; /* first */
	int64_t horizon_us;
	int64_t memory_us;
	int64_t max_joins;
	int64_t max_join_bytes;
	int64_t max_requests;
	int64_t drain_us; /* SIGTERM: how long what was written may take to be acknowledged */
};

struct aggregator {
	struct service service; /* first */
	struct publisher *publisher;
	struct retry_queue waiting; /* outputs that Kafka did not take yet */
	struct history history;
	struct reader *reader;
	char *events_topic, *aggregates_topic;
	int64_t open_outputs; /* final records not acknowledged */
	int64_t stop_deadline_us; /* monotonic; valid while stopping */
	bool is_closing; /* nothing is sent again */
};

extern const struct program aggregator_program;
extern const struct service_kind aggregator_kind;

/* The program's own settings. */
static inline struct aggregator_settings *aggregator_settings(const struct aggregator *aggregator)
{
	return (struct aggregator_settings *)aggregator->service.settings;
}

#endif
