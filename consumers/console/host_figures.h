/* The load of a model's host, from its Prometheus page: what was asked for, or what the usual
 * exporters call it. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_HOST_FIGURES_H
#define UMBRA_CONSUMERS_CONSOLE_HOST_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_metric {
	HOST_CPU, /* per cent of one core */
	HOST_MEMORY, /* bytes */
	HOST_DISK, /* bytes */
	HOST_METRICS
};

/* What to look for, as metric_query.h says; NULL: what usual exporters call it. */
struct host_wish {
	const char *query[HOST_METRICS];
};

/* As the page has them. */
struct host_figures {
	double value[HOST_METRICS];
	bool is_known[HOST_METRICS];
	bool is_counter[HOST_METRICS];
};
void host_figures_read(
	const struct host_wish *wish, const char *page, size_t size, struct host_figures *figures);

/* What was read of a counter before. Zeroed at first. */
struct host_counter {
	double value;
	int64_t at_us; /* monotonic; 0: nothing was read */
};

/* As they are shown: a counter of seconds of CPU becomes a rate. What is not known, is negative or
 * has no rate yet (at the first page, after a restart of what counts, after a minute without a page)
 * is left out. */
struct host_reading {
	double value[HOST_METRICS];
	bool is_known[HOST_METRICS];
};
void host_reading_make(const struct host_figures *figures, struct host_counter *cpu, int64_t now_us,
	struct host_reading *reading);

#endif
