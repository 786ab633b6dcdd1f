/* The project's Avro schemas (schemas/NAME.avsc), embedded at build. Unknown bytes pass the bounded
 * validator before Avro C sees them; the writer's schema is always one of ours, never one out of a
 * message. */
#ifndef UMBRA_COMMON_SCHEMA_H
#define UMBRA_COMMON_SCHEMA_H

#include <avro.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema {
	const char *name; /* "invocation_event" */
	const char *json; /* the .avsc text */
	uint64_t fingerprint;
	avro_schema_t avro;
	avro_value_iface_t *iface; /* generic values of it */
};

/* The schema of that name: an assertion fails when there is none. Parsed at the first call. */
const struct schema *schema_get(const char *name);

/* By fingerprint, as found in a record; NULL: none of ours. */
const struct schema *schema_find(uint64_t fingerprint);

/* Adds a further version of a schema of that name, so that records written with it are found and
 * read. `name` and `json` must live as long as the table. NULL and errstr: not a schema. */
const struct schema *schema_learn(
	const char *name, const char *json, char *errstr, size_t errstr_size);

/* All present ones; *n gets how many. */
const struct schema *const *schema_all(size_t *n);
void schema_free_all(void);

/* Is `data` (after the framing) exactly one datum of the schema? Bounds: lengths within what
 * remains, counts, depth 32, union and enum indexes, varints of at most 10 bytes and canonical,
 * UTF-8, no trailing bytes. 0, or -1 and why. Never allocates. */
int schema_validate(avro_schema_t schema, const void *data, size_t size, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

/* Valid UTF-8? */
bool schema_is_utf8(const void *data, size_t size);

/* framing + validator + Avro C into `value`, a generic value of `schema` that the caller made. A
 * record of an older version is resolved: fields by name, defaults for those it does not have.
 * 0; -1 and errstr: not this schema or not valid. */
int schema_decode(const struct schema *schema, const void *data, size_t size, avro_value_t *value,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* `from`, a value of an older version, as a value of `reader` (Avro's schema resolution). */
int schema_resolve(const avro_value_t *from, const struct schema *reader, avro_value_t *to,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* framing + value; malloc'ed, NULL: no memory. */
void *schema_encode(const struct schema *schema, avro_value_t *value, size_t *size);

/* Any record of ours as JSON (bytes as UTF-8 text where they are, else {"base64": ...}, fixed as
 * hexadecimal), new reference; NULL and errstr. */
json_t *schema_to_json(const void *data, size_t size, char *errstr, size_t errstr_size);

#endif
