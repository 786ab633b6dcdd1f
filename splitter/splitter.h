/* The splitter's parts and how they hang together:
 *
 *   main.c       options, loop, drain, exit
 *   splitter.c   the process: publishers, model calls, control log, one route per endpoint
 *   route.c      an endpoint: its intake, its present lineup
 *   lineup.c     what the control state says of an endpoint at one generation; immutable
 *   exchange.c   one request from record to commit
 *   part.c       one thing that an exchange owes Kafka: sent, sent again, acknowledged
 *   copy.c       sampling decisions, shadow copies
 *   records.c    answers, dead letters, copies, events as Kafka records
 *   counters.c   what is counted
 */
#ifndef UMBRA_SPLITTER_SPLITTER_H
#define UMBRA_SPLITTER_SPLITTER_H

#include "common/admin.h"
#include "common/control_log.h"
#include "common/publisher.h"
#include "common/retry.h"
#include "common/startup.h"

struct splitter_settings {
	struct common_settings common;
	struct string_list endpoints; /* serve only these; empty: all */
	int64_t drain_us; /* SIGTERM: how long open requests may take */
};

struct splitter {
	struct splitter_settings *settings;
	struct loop *loop;
	struct admin *admin;
	struct control_log *control;
	struct model_caller *caller;
	struct publisher *answers, *events, *copies;
	struct retry_queue waiting; /* parts that Kafka did not take yet */
	char instance[INSTANCE_MAX]; /* stands in events */
	struct route *routes;
	bool is_stopping;
	struct startup startup;
	bool is_reconciled; /* the routes are what the control state says */
	int64_t next_gauges_us;
};

/* NULL and errstr. */
struct splitter *splitter_new(
	struct splitter_settings *settings, struct loop *loop, char *errstr, size_t errstr_size);
void splitter_free(struct splitter *splitter);

/* Does all due work; returns microseconds until there is more, as loop_wait takes them. */
int64_t splitter_tick(struct splitter *splitter);

/* Takes no more records; open ones may end. */
void splitter_stop(struct splitter *splitter);
bool splitter_is_drained(const struct splitter *splitter);

#endif
