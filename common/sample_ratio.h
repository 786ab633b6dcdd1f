/* Is the share of sampled requests the one that was asked for? A sequential test: it may be looked at
 * as often as one likes, at any time, and still raises a false alarm with no more than the
 * probability that it names. Pure. */
#ifndef UMBRA_COMMON_SAMPLE_RATIO_H
#define UMBRA_COMMON_SAMPLE_RATIO_H

#include "common/aggregate.h"

/* An arm whose requests are sampled as they should be is alarmed about with this probability, once
 * and for all. */
#define SAMPLE_RATIO_ALPHA 0.001

struct sample_ratio {
	int64_t requests, sampled; /* decided by request id; of those, taken */
	double expected; /* sampled, by the percentages in force */
	double p; /* always valid; 1 without requests */
};

/* From the aggregate's decisions by percentage and those taken. */
struct sample_ratio sample_ratio_of(const struct counts *decided, const struct counts *taken);

bool sample_ratio_is_mismatch(const struct sample_ratio *ratio);

/* Natural logarithm of the evidence that `taken` of `decided` requests speak against k / 10^6 each. */
double sample_ratio_evidence(int64_t decided, int64_t taken, int64_t k);

#endif
