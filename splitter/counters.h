/* What the splitter counts: every family once, with its sentence. */
#ifndef UMBRA_SPLITTER_COUNTERS_H
#define UMBRA_SPLITTER_COUNTERS_H

#include "common/metrics.h"

struct exchange;
struct part;
struct route;

extern struct metric_family counter_events_given_up;

/* The latency series of a production variant. */
struct metric *counters_latency(const char *endpoint, const char *variant);

/* The model call of the exchange ended. */
void counters_request(struct exchange *exchange);
void counters_dead_letter(const struct exchange *exchange);

/* `result`: "delivered" or the reason of the loss. */
void counters_copy(const struct part *part, const char *result);

/* Gauges of a route: open records, partitions, lag, in flight. */
void counters_route(const struct route *route);

#endif
