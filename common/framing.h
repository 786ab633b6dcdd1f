/* How the bytes of a record announce their schema. Single-object encoding: C3 01, then the
 * CRC-64-AVRO of the schema's Parsing Canonical Form, little-endian (Avro specification 1.11,
 * "Single object encoding"). Confluent's: 00, then a big-endian id. */
#ifndef UMBRA_COMMON_FRAMING_H
#define UMBRA_COMMON_FRAMING_H

#include <stddef.h>
#include <stdint.h>

enum framing { FRAMING_SINGLE_OBJECT, FRAMING_CONFLUENT, FRAMING_NONE };
enum { FRAMING_SINGLE_OBJECT_SIZE = 10, FRAMING_CONFLUENT_SIZE = 5 };

/* Which one it is; `id` gets the fingerprint or the registry's id. Too short for its own prefix:
 * FRAMING_NONE. */
enum framing framing_read(const void *data, size_t size, uint64_t *id);

/* Writes C3 01 and the fingerprint: FRAMING_SINGLE_OBJECT_SIZE bytes. */
void framing_write(void *data, uint64_t fingerprint);

/* CRC-64-AVRO of bytes (Rabin fingerprint). */
uint64_t framing_crc64(const void *data, size_t size);

/* The Parsing Canonical Form of a schema's JSON text; malloc'ed, NULL and errstr. */
char *framing_canonical_form(const char *schema_json, char *errstr, size_t errstr_size);

#endif
