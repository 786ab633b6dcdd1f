/* The shadow consumer's parts and how they hang together:
 *
 *   main.c      options
 *   shadow.c    the process: publisher of events, one lane per shadow variant
 *   lane.c      a shadow variant: intake of its topic, model, the test as it stands
 *   replay.c    one copy from record to event
 *   copy.c      what a copy's headers say
 *   counters.c  what is counted
 */
#ifndef UMBRA_CONSUMERS_SHADOW_SHADOW_H
#define UMBRA_CONSUMERS_SHADOW_SHADOW_H

#include "common/event_lane.h"
#include "common/retry.h"
#include "common/service.h"

struct shadow_settings {
	struct common_settings common; /* first */
	int64_t max_age_us; /* older copies are shed */
	int64_t drain_us; /* SIGTERM: how long open copies may take */
};

struct shadow {
	struct service service; /* first */
	struct event_lane *events;
	struct retry_queue waiting; /* events that Kafka did not take yet */
	struct lane *lanes;
	char problem[512]; /* why a lane that is needed cannot be opened; "": none is missing */
};

extern const struct program shadow_program;
extern const struct service_kind shadow_kind;

/* The program's own settings. */
static inline struct shadow_settings *shadow_settings(const struct shadow *shadow)
{
	return (struct shadow_settings *)shadow->service.settings;
}

#endif
