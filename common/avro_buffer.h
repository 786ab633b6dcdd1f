/* Avro's binary encoding written straight into a buffer that grows and is used again: no value tree,
 * and no allocation once it is large enough. Who writes a record this way has a test that reads it
 * with Avro C and the schema. */
#ifndef UMBRA_COMMON_AVRO_BUFFER_H
#define UMBRA_COMMON_AVRO_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avro_buffer {
	uint8_t *data; /* malloc'ed, NULL at first */
	size_t size;
	size_t capacity;
	bool failed; /* there was no memory: what was written since is lost */
};

/* Begins anew with the single-object prefix. */
void avro_buffer_begin(struct avro_buffer *buffer, uint64_t fingerprint);
void avro_buffer_fini(struct avro_buffer *buffer);

/* int, long, enum index, union branch, and the count that begins or (0) ends an array's block. */
void avro_buffer_long(struct avro_buffer *buffer, int64_t value);
void avro_buffer_bytes(struct avro_buffer *buffer, const void *data, size_t size);
/* Text that is not UTF-8 would make the record unreadable: its bytes beyond ASCII become '?'. */
void avro_buffer_string(struct avro_buffer *buffer, const char *text);
void avro_buffer_fixed(struct avro_buffer *buffer, const void *data, size_t size);

/* ["null", "string"]: NULL is the first branch. */
void avro_buffer_optional_string(struct avro_buffer *buffer, const char *text);

#endif
