#include "common/breaker.h"

bool breaker_admits(struct breaker *breaker, int64_t now_us)
{
	if (breaker->state == BREAKER_CLOSED)
		return true;
	if (breaker->state == BREAKER_HALF_OPEN ||
		now_us - breaker->opened_us < breaker->cooldown_us)
		return false;
	breaker->state = BREAKER_HALF_OPEN;
	return true;
}

static bool open_again(struct breaker *breaker, int64_t now_us)
{
	bool was_closed = breaker->state == BREAKER_CLOSED;
	breaker->state = BREAKER_OPEN;
	breaker->opened_us = now_us;
	return was_closed;
}

bool breaker_record(struct breaker *breaker, bool is_failure, int64_t now_us)
{
	bool was_closed = breaker->state == BREAKER_CLOSED;
	if (!is_failure) {
		breaker->state = BREAKER_CLOSED;
		breaker->failures = 0;
		return !was_closed;
	}
	if (breaker->state == BREAKER_OPEN)
		return false; /* one that had begun before */
	if (was_closed &&
		(!breaker->failures_to_open || ++breaker->failures < breaker->failures_to_open))
		return false;
	return open_again(breaker, now_us);
}

void breaker_forget_probe(struct breaker *breaker)
{
	if (breaker->state == BREAKER_HALF_OPEN)
		breaker->state = BREAKER_OPEN;
}
