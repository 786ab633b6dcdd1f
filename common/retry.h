/* Things to be tried again later, in the loop. Intrusive, no allocation. Pure: time is an argument. */
#ifndef UMBRA_COMMON_RETRY_H
#define UMBRA_COMMON_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Embedded in what is tried again. */
struct retry {
	void (*again)(struct retry *retry);
	int64_t due_us; /* monotonic */
	bool is_waiting;
	struct retry *next, *prev;
};

struct retry_queue {
	struct retry *first, *last;
};

/* again() is called by the first tick at or after due_us; it may wait anew. Not yet waiting. */
void retry_at(struct retry_queue *queue, struct retry *retry, int64_t due_us);

/* Takes it out if it waits. */
void retry_cancel(struct retry_queue *queue, struct retry *retry);

/* Calls what is due. */
void retry_tick(struct retry_queue *queue, int64_t now_us);

/* Microseconds until the next is due, 0: one is; -1: none waits. Asked at a turn's end, since what is
 * done in a turn may come to wait. */
int64_t retry_wait(const struct retry_queue *queue, int64_t now_us);

#endif
