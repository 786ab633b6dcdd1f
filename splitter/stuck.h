/* Places where Kafka held up copies until they were given up: partitions of shadow topics. For a while
 * none is sent there, so that neither production nor the copies for other places wait behind them.
 * Pure: time is an argument, monotonic microseconds. */
#ifndef UMBRA_SPLITTER_STUCK_H
#define UMBRA_SPLITTER_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stuck {
	struct stuck_place *places;
	size_t n;
};

struct stuck_place {
	uint64_t key; /* a hash of topic and partition */
	int64_t until_us;
};

/* Nothing is sent to that partition of the topic until then. */
void stuck_note(struct stuck *stuck, const char *topic, int32_t partition, int64_t until_us);

/* Is there any such place at all? Mostly not. */
static inline bool stuck_any(const struct stuck *stuck)
{
	return stuck->n > 0;
}

/* Is this one? What is over is forgotten. */
bool stuck_has(struct stuck *stuck, const char *topic, int32_t partition, int64_t now_us);

void stuck_fini(struct stuck *stuck);

#endif
