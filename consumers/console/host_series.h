/* GET tests/NAME/series with metric=cpu, memory or disk, from the host store. */
#ifndef UMBRA_CONSUMERS_CONSOLE_HOST_SERIES_H
#define UMBRA_CONSUMERS_CONSOLE_HOST_SERIES_H

#include "common/control.h"
#include "consumers/console/host_store.h"

struct host_series {
	const struct endpoint *endpoint; /* NULL: it is gone */
	const struct test *test;
	enum host_metric metric;
	const char *statistic; /* average, sum, count, min, max, p50 ... p99.9 */
	int64_t from_us, to_us, step_us; /* at most 100,000 steps */
	const char *variants; /* only these, as text_lists() has it */
};

/* "cpu", "memory", "disk"; -1: none of them. */
int host_metric_parse(const char *word);

/* A column for each variant of endpoint and test that names a page; NULL: no such statistic. The first
 * step begins at a multiple of steps. */
json_t *host_series_to_json(struct host_store *store, const struct host_series *series);

#endif
