/* The bounded span of one partition: records polled and not yet committed, in the order in which
 * they were delivered. Only the unbroken prefix of done ones may be committed. Pure: no Kafka. */
#ifndef UMBRA_COMMON_SPAN_H
#define UMBRA_COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	struct span_entry *ring; /* capacity is a power of two */
	uint32_t capacity;
	uint32_t limit;
	uint64_t
		committed; /* sequence of the oldest that Kafka has not acknowledged as committed */
	uint64_t head; /* sequence of the oldest that is not yet passed */
	uint64_t tail; /* sequence that the next record gets */
	uint64_t restarted; /* records before this sequence are of a topic that is gone */
	int64_t newest; /* offset of the last record taken in, -1: none */
	int64_t committable; /* offset after the last passed record, -1: none passed yet */
};

struct span_entry {
	int64_t offset;
	bool done;
};

/* At most `limit` records, 1 or more, polled and not yet committed. -1: no memory. */
int span_init(struct span *span, uint32_t limit) __attribute__((warn_unused_result));
void span_fini(struct span *span);

bool span_is_full(const struct span *span);

/* Records that are not yet passed; records that are not yet committed, which are as many or more. */
uint32_t span_count(const struct span *span);
uint32_t span_uncommitted(const struct span *span);

/* Takes a record in; the span must not be full and offsets must rise. Returns its sequence. */
uint64_t span_add(struct span *span, int64_t offset);

/* The topic was made anew: offsets begin afresh. Those of records taken in before are never
 * committable; when the first of the new ones is passed, its offset is. */
void span_restart(struct span *span);

/* Is there something to commit that Kafka has not acknowledged? */
bool span_is_committable(const struct span *span);

/* The record of that sequence is done: exactly once each. */
void span_done(struct span *span, uint64_t sequence);

/* The commit of `committable`, asked for when `head` was `sequence`, is acknowledged. */
void span_committed(struct span *span, uint64_t sequence);

#endif
