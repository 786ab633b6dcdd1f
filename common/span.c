#include "common/span.h"
#include <assert.h>
#include <stdlib.h>

static struct span_entry *entry_at(const struct span *span, uint64_t sequence)
{
	return &span->ring[sequence & (span->capacity - 1)];
}

int span_init(struct span *span, uint32_t limit)
{
	uint32_t capacity = 1;
	while (capacity < limit)
		capacity *= 2;
	*span = (struct span){
		.capacity = capacity, .limit = limit, .newest = -1, .committable = -1};
	span->ring = calloc(capacity, sizeof *span->ring);
	return span->ring ? 0 : -1;
}

void span_fini(struct span *span)
{
	free(span->ring);
	span->ring = NULL;
}

bool span_is_full(const struct span *span)
{
	return span_uncommitted(span) >= span->limit;
}

uint32_t span_count(const struct span *span)
{
	return (uint32_t)(span->tail - span->head);
}

uint32_t span_uncommitted(const struct span *span)
{
	return (uint32_t)(span->tail - span->committed);
}

uint64_t span_add(struct span *span, int64_t offset)
{
	assert(span_uncommitted(span) < span->capacity);
	assert(offset > span->newest);
	*entry_at(span, span->tail) = (struct span_entry){.offset = offset};
	span->newest = offset;
	return span->tail++;
}

void span_restart(struct span *span)
{
	span->restarted = span->tail;
	span->newest = span->committable = -1;
}

bool span_is_committable(const struct span *span)
{
	return span->committable >= 0 && span->head > span->committed;
}

/* The oldest is done, and those before it are. */
static void pass(struct span *span)
{
	if (span->head >= span->restarted)
		span->committable = entry_at(span, span->head)->offset + 1;
	span->head++;
}

void span_done(struct span *span, uint64_t sequence)
{
	assert(sequence >= span->head && sequence < span->tail);
	struct span_entry *entry = entry_at(span, sequence);
	assert(!entry->done);
	entry->done = true;
	while (span->head < span->tail && entry_at(span, span->head)->done)
		pass(span);
}

void span_committed(struct span *span, uint64_t sequence)
{
	assert(sequence <= span->head);
	if (span->committed < sequence)
		span->committed = sequence;
}
