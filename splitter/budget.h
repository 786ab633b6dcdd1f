/* How many copies, and how many bytes of them, an endpoint may publish in a second: a token bucket
 * that holds one second's worth. Pure: time is an argument, monotonic microseconds. */
#ifndef UMBRA_SPLITTER_BUDGET_H
#define UMBRA_SPLITTER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket {
	int64_t level; /* millionths; may fall below 0: a copy larger than what is left goes */
	int64_t filled_us;
};

struct budget {
	struct bucket copies, bytes;
};

/* May one more copy of that size go? Limits are per second; 0: none. */
bool budget_take(struct budget *budget, int64_t copies_per_second, int64_t bytes_per_second,
	size_t size, int64_t now_us);

#endif
