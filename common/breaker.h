/* A circuit breaker: after so many failures in a row a model is left alone for a while, then one call
 * tries it. Pure: time is an argument, monotonic microseconds. */
#ifndef UMBRA_COMMON_BREAKER_H
#define UMBRA_COMMON_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state {
	BREAKER_CLOSED, /* calls go */
	BREAKER_OPEN, /* none goes until the cooldown has passed */
	BREAKER_HALF_OPEN /* one is out to try */
};

struct breaker {
	int64_t failures_to_open; /* 0: never opens */
	int64_t cooldown_us;
	enum breaker_state state;
	int64_t failures; /* in a row */
	int64_t opened_us; /* OPEN, HALF_OPEN: when it opened last */
};

/* May a call go now? Of an open one whose cooldown has passed it is the one that tries. */
bool breaker_admits(struct breaker *breaker, int64_t now_us);

/* An attempt ended. True: the state changed to OPEN from CLOSED, or to CLOSED. */
bool breaker_record(struct breaker *breaker, bool is_failure, int64_t now_us);

/* The call that tried ended without a result: the next may. */
void breaker_forget_probe(struct breaker *breaker);

#endif
