#include "common/retry.h"
#include <assert.h>
#include <stddef.h>

void retry_at(struct retry_queue *queue, struct retry *retry, int64_t due_us)
{
	assert(!retry->is_waiting && retry->again);
	retry->is_waiting = true;
	retry->due_us = due_us;
	retry->next = NULL;
	retry->prev = queue->last;
	if (queue->last)
		queue->last->next = retry;
	else
		queue->first = retry;
	queue->last = retry;
}

void retry_cancel(struct retry_queue *queue, struct retry *retry)
{
	if (!retry->is_waiting)
		return;
	retry->is_waiting = false;
	if (retry->prev)
		retry->prev->next = retry->next;
	else
		queue->first = retry->next;
	if (retry->next)
		retry->next->prev = retry->prev;
	else
		queue->last = retry->prev;
}

static struct retry *first_due(const struct retry_queue *queue, int64_t now_us)
{
	for (struct retry *retry = queue->first; retry; retry = retry->next)
		if (retry->due_us <= now_us)
			return retry;
	return NULL;
}

/* Each call may cancel any other or wait anew (in the future), so the search starts afresh; what
 * is due stands near the front. */
void retry_tick(struct retry_queue *queue, int64_t now_us)
{
	struct retry *due;
	while ((due = first_due(queue, now_us))) {
		retry_cancel(queue, due);
		due->again(due);
	}
}

int64_t retry_wait(const struct retry_queue *queue, int64_t now_us)
{
	int64_t wait = -1;
	for (const struct retry *retry = queue->first; retry; retry = retry->next) {
		int64_t left_us = retry->due_us > now_us ? retry->due_us - now_us : 0;
		if (wait < 0 || left_us < wait)
			wait = left_us;
	}
	return wait;
}
