/* Fields of a record that schema_decode has filled, by name. The schema is ours and the value was
 * resolved into it: a field that is not there, or is of another type, is a bug and asserts.
 * A union stands for its branch. What is returned points into the record. */
#ifndef UMBRA_COMMON_AVRO_FIELD_H
#define UMBRA_COMMON_AVRO_FIELD_H

#include <avro.h>
#include <stddef.h>
#include <stdint.h>

avro_value_t avro_field(const avro_value_t *record, const char *name);

/* int, long, boolean (0 or 1). */
int64_t avro_field_number(const avro_value_t *record, const char *name);
int avro_field_enum(const avro_value_t *record, const char *name);

/* NULL: null. An empty one is not NULL. `size` is without the NUL and may be NULL. */
const char *avro_field_string(const avro_value_t *record, const char *name, size_t *size);
const void *avro_field_bytes(const avro_value_t *record, const char *name, size_t *size);

/* Items of an array field. */
size_t avro_field_count(const avro_value_t *record, const char *name);
avro_value_t avro_field_item(const avro_value_t *record, const char *name, size_t i);

#endif
