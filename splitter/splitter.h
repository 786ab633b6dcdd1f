/* The splitter's parts and how they hang together:
 *
 *   main.c       options
 *   splitter.c   the process: publishers, one route per endpoint
 *   route.c      an endpoint: its intake, its present lineup
 *   lineup.c     what the control state says of an endpoint at one generation; immutable
 *   exchange.c   one request from record to commit
 *   part.c       one thing that an exchange owes Kafka: sent, sent again, acknowledged
 *   stuck.c      where Kafka takes no copies for now
 *   copy.c       sampling decisions, shadow copies
 *   records.c    answers, dead letters, copies, events as Kafka records
 *   counters.c   what is counted
 */
#ifndef UMBRA_SPLITTER_SPLITTER_H
#define UMBRA_SPLITTER_SPLITTER_H

#include "common/event_lane.h"
#include "common/publisher.h"
#include "common/retry.h"
#include "common/service.h"
#include "splitter/stuck.h"

struct splitter_settings {
	struct common_settings common; /* first */
	struct string_list endpoints; /* serve only these; empty: all */
	int64_t drain_us; /* SIGTERM: how long open requests may take */
};

struct splitter {
	struct service service; /* first */
	struct publisher *answers, *copies;
	struct event_lane *events;
	struct retry_queue waiting; /* parts that Kafka did not take yet */
	struct stuck stuck; /* where copies were given up lately */
	struct route *routes;
	bool is_reconciled; /* the routes are what the control state says */
	char problem[512]; /* why they cannot be yet; "": nothing is known to stand in the way */
};

extern const struct program splitter_program;
extern const struct service_kind splitter_kind;

/* The program's own settings. */
static inline struct splitter_settings *splitter_settings(const struct splitter *splitter)
{
	return (struct splitter_settings *)splitter->service.settings;
}

#endif
