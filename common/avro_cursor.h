/* Reads back what avro_buffer wrote, without a value tree. What is not there reads as 0 and sets
 * `failed`, so that a reader asks once, at the end. */
#ifndef UMBRA_COMMON_AVRO_CURSOR_H
#define UMBRA_COMMON_AVRO_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avro_cursor {
	const uint8_t *at, *end;
	bool failed;
};

int64_t avro_cursor_long(struct avro_cursor *cursor);
/* The bytes that avro_buffer_bytes or _string wrote; they stay the cursor's. */
const void *avro_cursor_bytes(struct avro_cursor *cursor, size_t *size);

#endif
