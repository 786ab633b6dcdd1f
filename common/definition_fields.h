/* The table of fields behind definition.h: names, types, bounds, defaults. */
#ifndef UMBRA_COMMON_DEFINITION_FIELDS_H
#define UMBRA_COMMON_DEFINITION_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_NAME, /* const char *: text_is_name() */
	FIELD_TEXT, /* const char *: 1 to 4096 bytes without control characters */
	FIELD_TOPIC, /* const char *: a name that Kafka takes for a topic */
	FIELD_URL, /* const char *: http or https */
	FIELD_HEADER, /* const char *: a token of HTTP */
	FIELD_INT, /* int64_t */
	FIELD_DURATION, /* int64_t, microseconds */
	FIELD_SIZE, /* int64_t, bytes */
	FIELD_TIME, /* int64_t, microseconds UTC */
	FIELD_REAL, /* double, finite */
	FIELD_PERCENT, /* uint32_t, percentage times 10^4 */
	FIELD_CHOICE, /* an enum, the index in `choices` */
	FIELD_WHEN, /* file only: one of `choices`, or a time */
	FIELD_TEXTS, /* struct string_list */
	FIELD_POINTER, /* const char *: a JSON pointer, "" too */
	FIELD_POINTERS, /* struct string_list */
	FIELD_LABEL, /* const char *: a JSON pointer, "" too, or a column of CSV */
	FIELD_OFFSETS, /* log only: int64_t * and size_t */
	FIELD_GROUP, /* fields of the same struct, in a group of their own */
	FIELD_LIST /* pointer to structs and size_t */
};

struct field_table {
	const struct field *fields;
	size_t n;
	size_t size; /* of the struct, where the table is that of a list's elements */
};

struct field {
	const char *name; /* in the file; NULL: only in the log */
	const char *key; /* in the log's JSON; NULL: only in the file */
	enum field_type type;
	size_t offset; /* of the value in the struct */
	size_t count_offset; /* FIELD_OFFSETS, FIELD_LIST: of the number of elements */
	const char *label; /* what people call it, where it is not the name in the file */
	bool required; /* in the log */
	int64_t min, max; /* numbers; both 0: any that is not negative */
	const char *fallback; /* the default as a user writes it */
	const char *const *choices; /* NULL-terminated */
	struct field_table table; /* FIELD_GROUP, FIELD_LIST */
};

extern const struct field_table definition_installation_table;
extern const struct field_table definition_endpoint_table;
extern const struct field_table definition_test_table;

/* What people call it: its name in the file, else its key in the log. */
const char *field_label(const struct field *field);
const struct field *field_by_name(const struct field_table *table, const char *name);
const struct field *field_by_key(const struct field_table *table, const char *key);

#endif
