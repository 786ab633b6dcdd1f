/* What the hosts of the models told, in a SQLite file of its own beside the console's store: that one
 * is a view of a topic and may be made anew; this cannot be read again from anywhere. Each reading is
 * added to a row of 10 s, of a minute and of an hour, and narrow rows are kept for less long. */
#ifndef UMBRA_CONSUMERS_CONSOLE_HOST_STORE_H
#define UMBRA_CONSUMERS_CONSOLE_HOST_STORE_H

#include "consumers/console/host_figures.h"

struct host_store;

/* A file that is damaged is made anew, and a log line says so. NULL and errstr: it cannot be used. */
struct host_store *host_store_open(const char *path, char *errstr, size_t errstr_size);
void host_store_close(struct host_store *store);

/* At that time, UTC. -1: it was not kept. */
int host_store_put(struct host_store *store, const char *endpoint, const char *variant,
	int64_t at_us, const struct host_reading *reading) __attribute__((warn_unused_result));

enum host_statistic {
	HOST_AVERAGE,
	HOST_MIN,
	HOST_MAX,
	HOST_SUM,
	HOST_COUNT,
	HOST_QUANTILE /* of the rows' averages */
};

struct host_query {
	const char *endpoint, *variant;
	enum host_metric metric;
	enum host_statistic statistic;
	double quantile; /* 0 to 1 */
	int64_t from_us, step_us; /* UTC */
};

/* values[i] is of the step that begins at from + i * step; NaN: nothing was measured in it. */
void host_store_series(
	struct host_store *store, const struct host_query *query, double *values, size_t n);

#endif
