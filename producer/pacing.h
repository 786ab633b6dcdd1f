/* When requests are meant to be sent. With a rate the times are fixed in advance (open loop): a system
 * that stalls does not slow the load down, and latency counts from the intended time. They come evenly,
 * or as those of many callers who know nothing of each other, a Poisson process: the gaps are
 * exponential, and the same seed gives the same gaps. Pure: the clock is an argument. */
#ifndef UMBRA_PRODUCER_PACING_H
#define UMBRA_PRODUCER_PACING_H

#include <stdint.h>

enum arrivals { ARRIVALS_CONSTANT, ARRIVALS_POISSON };

struct pacing {
	enum arrivals arrivals;
	double rate; /* requests a second; 0: each as soon as there is room for it */
	uint64_t seed;
	int64_t start_us; /* monotonic; -1: nothing was sent yet */
	int64_t n; /* requests sent */
	double gaps; /* Poisson: all up to the next request, in means */
};

void pacing_init(struct pacing *pacing, enum arrivals arrivals, double rate, uint64_t seed);

/* When the next request is to be sent, at `now_us` or later or earlier: monotonic. The first call
 * starts the clock. */
int64_t pacing_next(struct pacing *pacing, int64_t now_us);

/* It was handed to Kafka. */
void pacing_sent(struct pacing *pacing);

#endif
