/* One number of a series: a metric and its statistic, from the windows of one step added up. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_SERIES_VALUE_H
#define UMBRA_CONSUMERS_CONSOLE_SERIES_VALUE_H

#include "common/aggregate.h"

enum metric {
	INVOCATIONS,
	INVOCATIONS_PER_INSTANCE,
	ERRORS_4XX,
	ERRORS_5XX,
	ERRORS_OTHER,
	MODEL_LATENCY,
	OVERHEAD_LATENCY,
	QUEUE,
	AGREEMENT,
	LOSSES,
	LATENCY_DIFFERENCE,
	CPU,
	MEMORY,
	DISK
};
/* In their order, NULL at the end; a latency's word is also its histogram's name in the schema. */
extern const char *const series_metrics[];

enum statistic { AVERAGE, MIN, MAX, SUM, COUNT, P50, P90, P99, P999 };
extern const char *const series_statistics[];

bool metric_is_latency(int metric);
/* Of a model's host. */
bool metric_is_load(int metric);

struct series_question {
	int metric, statistic;
	int64_t instances; /* of the variant; at least 1 */
	const char *reason; /* of losses */
	const char *histogram; /* of a latency: its name in the schema */
};
/* NaN: there is nothing to measure. Not for a host's load. */
double series_value(const struct series_question *question, const struct aggregate *sum);

#endif
