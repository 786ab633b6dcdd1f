#include "producer/buffer.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

static void reserve(struct buffer *buffer, size_t size)
{
	if (buffer->capacity - buffer->size >= size)
		return;
	buffer->capacity = 2 * buffer->capacity + size + 64;
	buffer->data = realloc(buffer->data, buffer->capacity);
	memory_need(buffer->data);
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
	if (size == 0)
		return;
	reserve(buffer, size);
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
	reserve(buffer, 1);
	buffer->data[buffer->size++] = byte;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
}

void buffer_fini(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
