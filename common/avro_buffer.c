/* A growing buffer; once it failed, everything is a no-op until the next begin. */
#include "common/avro_buffer.h"

#include "common/framing.h"
#include "common/schema.h"
#include <stdlib.h>
#include <string.h>

enum { VARINT_MAX = 10 };

/* Room for `size` more bytes; NULL: no memory. */
static uint8_t *reserve(struct avro_buffer *buffer, size_t size)
{
	if (size <= buffer->capacity - buffer->size && !buffer->failed)
		return buffer->data + buffer->size;

	size_t capacity = 2 * buffer->capacity + size + 256;
	uint8_t *data = buffer->failed ? NULL : realloc(buffer->data, capacity);

	if (!data) {
		buffer->failed = true;
		return NULL;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return data + buffer->size;
}

void avro_buffer_begin(struct avro_buffer *buffer, uint64_t fingerprint)
{
	buffer->size = 0;
	buffer->failed = false;

	uint8_t *p = reserve(buffer, FRAMING_SINGLE_OBJECT_SIZE);

	if (p) {
		framing_write(p, fingerprint);
		buffer->size = FRAMING_SINGLE_OBJECT_SIZE;
	}
}

void avro_buffer_fini(struct avro_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct avro_buffer){0};
}

void avro_buffer_long(struct avro_buffer *buffer, int64_t value)
{
	uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
	uint8_t *start = reserve(buffer, VARINT_MAX);
	uint8_t *p = start;

	if (!p)
		return;
	for (; zigzag >= 0x80; zigzag >>= 7)
		*p++ = (uint8_t)(zigzag | 0x80);
	*p++ = (uint8_t)zigzag;
	buffer->size += (size_t)(p - start);
}

void avro_buffer_fixed(struct avro_buffer *buffer, const void *data, size_t size)
{
	uint8_t *p = reserve(buffer, size);

	if (p && size) {
		memcpy(p, data, size);
		buffer->size += size;
	}
}

void avro_buffer_bytes(struct avro_buffer *buffer, const void *data, size_t size)
{
	avro_buffer_long(buffer, (int64_t)size);
	avro_buffer_fixed(buffer, data, size);
}

void avro_buffer_string(struct avro_buffer *buffer, const char *text)
{
	size_t size = strlen(text);

	avro_buffer_bytes(buffer, text, size);
	if (buffer->failed || schema_is_utf8(text, size))
		return;
	for (uint8_t *p = buffer->data + buffer->size - size; size > 0; p++, size--) {
		if (*p & 0x80)
			*p = '?';
	}
}

void avro_buffer_optional_string(struct avro_buffer *buffer, const char *text)
{
	avro_buffer_long(buffer, text != NULL);
	if (text)
		avro_buffer_string(buffer, text);
}
