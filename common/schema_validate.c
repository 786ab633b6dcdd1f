/* The bounded validator: walks the bytes by the schema before Avro C may see them, because Avro C
 * believes lengths and counts. A cursor, a depth, no allocation. Items that take no bytes at all
 * are counted over the whole record, since nothing else would bound them. */
#include "common/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 32, EMPTY_ITEMS_MAX = 1024 };

struct cursor {
	const uint8_t *start, *p, *end;
	int depth;
	int empty_items;
	char *errstr;
	size_t errstr_size;
};

static int walk(struct cursor *cursor, avro_schema_t schema);

__attribute__((format(printf, 2, 3))) static int refuse(
	struct cursor *cursor, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(cursor->errstr, cursor->errstr_size, "%s at byte %zu", text,
		(size_t)(cursor->p - cursor->start));
	return -1;
}

static size_t remaining(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->p);
}

static int walk_skip(struct cursor *cursor, uint64_t size)
{
	if (size > remaining(cursor))
		return refuse(cursor, "cut short");
	cursor->p += size;
	return 0;
}

/* Canonical: no byte more than needed, at most 64 bits. */
static int walk_long(struct cursor *cursor, int64_t *value)
{
	const uint8_t *p = cursor->p;
	uint64_t zigzag = 0;
	int shift = 0;

	do {
		if (p == cursor->end)
			return refuse(cursor, "cut short");
		if (shift == 63 && *p > 1)
			return refuse(cursor, "a number of more than 64 bits");
		zigzag |= (uint64_t)(*p & 0x7f) << shift;
		shift += 7;
	} while (*p++ & 0x80);
	if (p[-1] == 0 && p - cursor->p > 1)
		return refuse(cursor, "a number that is not in its shortest form");
	cursor->p = p;
	*value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
	return 0;
}

static int walk_index(struct cursor *cursor, size_t n, size_t *index)
{
	int64_t value = 0;

	if (walk_long(cursor, &value) == -1)
		return -1;
	if (value < 0 || (uint64_t)value >= n)
		return refuse(cursor, "index %lld of %zu", (long long)value, n);
	*index = (size_t)value;
	return 0;
}

static int walk_int(struct cursor *cursor)
{
	int64_t value = 0;

	if (walk_long(cursor, &value) == -1)
		return -1;
	return value == (int32_t)value ? 0 : refuse(cursor, "an int of more than 32 bits");
}

static int walk_bytes(struct cursor *cursor, bool text)
{
	int64_t size = 0;

	if (walk_long(cursor, &size) == -1)
		return -1;
	if (size < 0 || (uint64_t)size > remaining(cursor))
		return refuse(cursor, "a length of %lld", (long long)size);
	if (text && !schema_is_utf8(cursor->p, (size_t)size))
		return refuse(cursor, "not UTF-8");
	cursor->p += size;
	return 0;
}

static int walk_item(struct cursor *cursor, avro_schema_t item, bool map)
{
	const uint8_t *before = cursor->p;

	if ((map && walk_bytes(cursor, true) == -1) || walk(cursor, item) == -1)
		return -1;
	if (cursor->p == before && ++cursor->empty_items > EMPTY_ITEMS_MAX)
		return refuse(cursor, "too many empty items");
	return 0;
}

/* A block that tells its size in bytes must have it. */
static int walk_block(struct cursor *cursor, int64_t count, avro_schema_t item, bool map)
{
	const uint8_t *end = NULL;

	if (count < 0) {
		int64_t size = 0;

		if (walk_long(cursor, &size) == -1)
			return -1;
		if (size < 0 || (uint64_t)size > remaining(cursor))
			return refuse(cursor, "a block of %lld bytes", (long long)size);
		end = cursor->p + size;
	}

	uint64_t n = count < 0 ? -(uint64_t)count : (uint64_t)count;

	if (n > remaining(cursor))
		return refuse(cursor, "a count of %llu", (unsigned long long)n);
	for (; n > 0; n--) {
		if (walk_item(cursor, item, map) == -1)
			return -1;
	}
	return !end || end == cursor->p ? 0 : refuse(cursor, "a block that lies about its size");
}

static int walk_blocks(struct cursor *cursor, avro_schema_t item, bool map)
{
	int64_t count = 0;

	for (;;) {
		if (walk_long(cursor, &count) == -1)
			return -1;
		if (count == 0)
			return 0;
		if (walk_block(cursor, count, item, map) == -1)
			return -1;
	}
}

static int walk_record(struct cursor *cursor, avro_schema_t schema)
{
	size_t n = avro_schema_record_size(schema);

	for (size_t i = 0; i < n; i++) {
		if (walk(cursor, avro_schema_record_field_get_by_index(schema, (int)i)) == -1)
			return -1;
	}
	return 0;
}

static int walk_union(struct cursor *cursor, avro_schema_t schema)
{
	size_t index = 0;

	if (walk_index(cursor, avro_schema_union_size(schema), &index) == -1)
		return -1;
	return walk(cursor, avro_schema_union_branch(schema, (int)index));
}

static int walk_enum(struct cursor *cursor, avro_schema_t schema)
{
	size_t index = 0;

	return walk_index(cursor, (size_t)avro_schema_enum_number_of_symbols(schema), &index);
}

static int walk_boolean(struct cursor *cursor)
{
	if (cursor->p<cursor->end && * cursor->p> 1)
		return refuse(cursor, "a boolean of %d", *cursor->p);
	return walk_skip(cursor, 1);
}

static int walk_any(struct cursor *cursor, avro_schema_t schema)
{
	int64_t value = 0;

	switch (avro_typeof(schema)) {
	case AVRO_NULL:
		return 0;
	case AVRO_BOOLEAN:
		return walk_boolean(cursor);
	case AVRO_INT32:
		return walk_int(cursor);
	case AVRO_INT64:
		return walk_long(cursor, &value);
	case AVRO_FLOAT:
		return walk_skip(cursor, 4);
	case AVRO_DOUBLE:
		return walk_skip(cursor, 8);
	case AVRO_STRING:
		return walk_bytes(cursor, true);
	case AVRO_BYTES:
		return walk_bytes(cursor, false);
	case AVRO_FIXED:
		return walk_skip(cursor, (uint64_t)avro_schema_fixed_size(schema));
	case AVRO_ENUM:
		return walk_enum(cursor, schema);
	case AVRO_UNION:
		return walk_union(cursor, schema);
	case AVRO_ARRAY:
		return walk_blocks(cursor, avro_schema_array_items(schema), false);
	case AVRO_MAP:
		return walk_blocks(cursor, avro_schema_map_values(schema), true);
	case AVRO_RECORD:
		return walk_record(cursor, schema);
	case AVRO_LINK:
		return walk(cursor, avro_schema_link_target(schema));
	default:
		return refuse(cursor, "a type that Avro does not have");
	}
}

static int walk(struct cursor *cursor, avro_schema_t schema)
{
	if (cursor->depth == DEPTH_MAX)
		return refuse(cursor, "nested more than %d deep", DEPTH_MAX);
	cursor->depth++;

	int rc = walk_any(cursor, schema);

	cursor->depth--;
	return rc;
}

int schema_validate(
	avro_schema_t schema, const void *data, size_t size, char *errstr, size_t errstr_size)
{
	static const uint8_t nothing;
	const uint8_t *start = data ? data : &nothing;
	struct cursor cursor = {.start = start,
		.p = start,
		.end = start + (data ? size : 0),
		.errstr = errstr,
		.errstr_size = errstr_size};

	if (walk(&cursor, schema) == -1)
		return -1;
	return cursor.p == cursor.end ? 0 : refuse(&cursor, "bytes left over");
}

/* How many bytes the character takes that begins here, by its first byte; 0: cannot begin one. */
static size_t utf8_length(uint8_t first)
{
	return first < 0x80    ? 1
		: first < 0xc2 ? 0
		: first < 0xe0 ? 2
		: first < 0xf0 ? 3
		: first < 0xf5 ? 4
			       : 0;
}

/* Neither too long for what it says, nor a surrogate, nor beyond U+10FFFF: the second byte tells. */
static bool utf8_second_fits(uint8_t first, uint8_t second)
{
	uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= least && second <= most;
}

bool schema_is_utf8(const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size;) {
		size_t n = utf8_length(p[i]);

		if (n == 0 || n > size - i || (n > 1 && !utf8_second_fits(p[i], p[i + 1])))
			return false;
		for (size_t j = 2; j < n; j++) {
			if ((p[i + j] & 0xc0) != 0x80)
				return false;
		}
		i += n;
	}
	return true;
}
