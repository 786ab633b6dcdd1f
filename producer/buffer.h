/* Bytes that grow and are used again. Without memory the program ends: there is nothing to save. */
#ifndef UMBRA_PRODUCER_BUFFER_H
#define UMBRA_PRODUCER_BUFFER_H

#include <stddef.h>

struct buffer {
	char *data; /* malloc'ed; NULL at first */
	size_t size;
	size_t capacity;
};

void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_add_byte(struct buffer *buffer, char byte);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_fini(struct buffer *buffer);

#endif
