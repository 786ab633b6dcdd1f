/* What the shadow consumer counts: every family once, with its sentence. */
#ifndef UMBRA_CONSUMERS_SHADOW_COUNTERS_H
#define UMBRA_CONSUMERS_SHADOW_COUNTERS_H

#include "common/metrics.h"

struct lane;
struct replay;

extern struct metric_family counter_events_given_up;

/* The copy's outcome is known. */
void counters_copy(const struct replay *replay);

/* A record of the shadow topic that is no copy. */
void counters_foreign(const struct lane *lane);

/* Gauges of a lane: open records, partitions, lag, in flight. */
void counters_lane(const struct lane *lane);

#endif
