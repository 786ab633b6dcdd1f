/* A PartitionClock in memory: how far a partition of umbra.events has been read. */
#ifndef UMBRA_COMMON_PARTITION_CLOCK_H
#define UMBRA_COMMON_PARTITION_CLOCK_H

#include "common/avro_buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct partition_clock {
	int32_t partition;
	int64_t clock_us; /* events that were appended up to then are counted */
	int64_t final_us; /* windows that end then or before are written */
};

/* Do the bytes begin as such a record does? umbra.aggregates holds windows beside it. */
bool partition_clock_is(const void *data, size_t size);
/* -1 and errstr: they are none. */
int partition_clock_decode(struct partition_clock *clock, const void *data, size_t size,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* Into `value`, which begins anew; and the record's key, which returns its size. */
void partition_clock_write(const struct partition_clock *clock, struct avro_buffer *value);
enum { PARTITION_CLOCK_KEY_MAX = 24 };
size_t partition_clock_key(int32_t partition, char key[PARTITION_CLOCK_KEY_MAX]);

#endif
