/* Durations counted in buckets that grow with them, as HdrHistogram does: a percentile is never below
 * the exact one and at most 0.1 % above it; count, mean, least and greatest are exact. Pure. */
#ifndef UMBRA_PRODUCER_LATENCY_H
#define UMBRA_PRODUCER_LATENCY_H

#include <stdint.h>

enum {
	LATENCY_BITS = 10, /* 1,024 buckets for each doubling: the error is below 1/1,024 */
	LATENCY_BUCKETS = (64 - LATENCY_BITS) << LATENCY_BITS
};

struct latency {
	uint64_t *buckets; /* [LATENCY_BUCKETS] */
	uint64_t count;
	double sum_us;
	int64_t min_us, max_us; /* valid with count > 0 */
};

void latency_init(struct latency *latency);
void latency_fini(struct latency *latency);

/* Durations below 0 count as 0. */
void latency_add(struct latency *latency, int64_t us);

/* The smallest duration that `percent` of all do not exceed; 0: there are none. */
int64_t latency_percentile(const struct latency *latency, double percent);

int64_t latency_mean(const struct latency *latency);

#endif
