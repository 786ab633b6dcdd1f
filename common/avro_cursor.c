#include "common/avro_cursor.h"

int64_t avro_cursor_long(struct avro_cursor *cursor)
{
	uint64_t zigzag = 0;
	for (int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
		uint8_t byte = *cursor->at++;
		zigzag |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
	}
	cursor->failed = true;
	return 0;
}

const void *avro_cursor_bytes(struct avro_cursor *cursor, size_t *size)
{
	const uint8_t *bytes;
	int64_t n = avro_cursor_long(cursor);
	*size = 0;
	if (cursor->failed || n < 0 || n > cursor->end - cursor->at) {
		cursor->failed = true;
		return "";
	}
	bytes = cursor->at;
	cursor->at += n;
	*size = (size_t)n;
	return bytes;
}
