/* The numbers of the tests as Prometheus reads them, from the sums of all windows: counters that agree
 * with each other in every scrape, since they are written in one go. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_TEST_METRICS_H
#define UMBRA_CONSUMERS_CONSOLE_TEST_METRICS_H

#include "common/aggregate.h"
#include "common/control.h"
#include <stdio.h>

/* An arm; production over all requests of an endpoint has no test, and so an empty label. */
struct test_metrics_row {
	const struct aggregate *sum;
	int64_t newest_us; /* start of its newest window; 0: not told, as of a test that does not run */
	bool has_ratio_mismatch;
};

void test_metrics_write(FILE *out, const struct test_metrics_row *rows, size_t n);

/* The tests that run, whether anything came of them or not. */
void test_metrics_write_running(FILE *out, const struct control_state *state, int64_t now_us);

#endif
