#include "producer/pacing.h"
#include <math.h>
#include <xxhash.h>

void pacing_init(struct pacing *pacing, enum arrivals arrivals, double rate, uint64_t seed)
{
	*pacing = (struct pacing){.arrivals = arrivals, .rate = rate, .seed = seed, .start_us = -1};
}

int64_t pacing_next(struct pacing *pacing, int64_t now_us)
{
	if (pacing->start_us < 0)
		pacing->start_us = now_us;
	if (pacing->rate <= 0)
		return now_us;
	/* From the start each time: no rounding adds up. */
	double means = pacing->arrivals == ARRIVALS_POISSON ? pacing->gaps : (double)pacing->n;
	return pacing->start_us + (int64_t)(means * 1e6 / pacing->rate);
}

/* The n-th gap in units of the mean: exponential, from a uniform number of [0, 1). */
static double gap(const struct pacing *pacing)
{
	uint64_t hash = XXH3_64bits_withSeed(&pacing->n, sizeof pacing->n, pacing->seed);
	return -log1p(-(double)(hash >> 11) * 0x1p-53);
}

void pacing_sent(struct pacing *pacing)
{
	pacing->gaps += gap(pacing);
	pacing->n++;
}
