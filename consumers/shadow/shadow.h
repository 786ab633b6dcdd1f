/* The shadow consumer's parts and how they hang together:
 *
 *   main.c      options, loop, drain, exit
 *   shadow.c    the process: control log, publisher, one lane per shadow variant
 *   lane.c      a shadow variant: intake of its topic, model, the test as it stands
 *   replay.c    one copy from record to event
 *   copy.c      what a copy's headers say
 *   counters.c  what is counted
 */
#ifndef UMBRA_CONSUMERS_SHADOW_SHADOW_H
#define UMBRA_CONSUMERS_SHADOW_SHADOW_H

#include "common/admin.h"
#include "common/control_log.h"
#include "common/publisher.h"
#include "common/retry.h"
#include "common/startup.h"

struct shadow_settings {
	struct common_settings common;
	int64_t max_age_us; /* older copies are shed */
	int64_t drain_us; /* SIGTERM: how long open copies may take */
};

struct shadow {
	struct shadow_settings *settings;
	struct loop *loop;
	struct admin *admin;
	struct control_log *control;
	struct model_caller *caller;
	struct publisher *events;
	struct retry_queue waiting; /* events that Kafka did not take yet */
	char *events_topic;
	char instance[INSTANCE_MAX]; /* stands in events */
	struct lane *lanes;
	bool is_stopping;
	struct startup startup;
	int64_t next_look_us; /* lanes also open and close by the clock */
};

/* NULL and errstr. */
struct shadow *shadow_new(
	struct shadow_settings *settings, struct loop *loop, char *errstr, size_t errstr_size);
void shadow_free(struct shadow *shadow);

/* Does all due work; returns microseconds until there is more, as loop_wait takes them. */
int64_t shadow_tick(struct shadow *shadow);

/* Takes no more copies; open ones may end. */
void shadow_stop(struct shadow *shadow);
bool shadow_is_drained(const struct shadow *shadow);

#endif
