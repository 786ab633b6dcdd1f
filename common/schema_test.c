/* The contract, the validator and the evolution of schemas. */
#include "common/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/framing.h"
#include <cmocka.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char why[256];

static avro_schema_t parse(const char *json)
{
	avro_schema_t schema;

	assert_int_equal(avro_schema_from_json_length(json, strlen(json), &schema), 0);
	return schema;
}

/* Validates the bytes against the schema's text. */
static int validate(const char *json, const void *data, size_t size)
{
	avro_schema_t schema = parse(json);
	int rc = schema_validate(schema, data, size, why, sizeof(why));

	avro_schema_decref(schema);
	return rc;
}

#define assert_valid(json, bytes) assert_int_equal(validate(json, bytes, sizeof(bytes) - 1), 0)
#define assert_invalid(json, bytes, reason) \
	do { \
		assert_int_equal(validate(json, bytes, sizeof(bytes) - 1), -1); \
		assert_non_null(strstr(why, reason)); \
	} while (0)

/* The file is also what Python's avro is held to (integration/tests/test_records.py): when a line
 * changes, records that lie in topics need the old text in schema.c's table of older versions. */
static void fingerprints_are_those_that_were_published(void **state)
{
	FILE *file = fopen("schemas/fingerprints", "r");
	uint64_t fingerprint;
	char name[64];
	size_t n, lines = 0;

	(void)state;
	assert_non_null(file);
	while (fscanf(file, "%" SCNx64 " %63s", &fingerprint, name) == 2) {
		assert_true(schema_get(name)->fingerprint == fingerprint);
		assert_ptr_equal(schema_find(fingerprint), schema_get(name));
		lines++;
	}
	fclose(file);
	schema_all(&n);
	assert_int_equal(lines, n);
	assert_null(schema_find(1));
}

/* Fills a value with something in every field, so that each kind of byte is there to be cut. */
static void fill(avro_value_t *value)
{
	avro_value_t child;
	const char *name;
	size_t n = 0;

	switch (avro_value_get_type(value)) {
	case AVRO_STRING:
		avro_value_set_string(value, "h\xc3\xa9");
		break;
	case AVRO_BYTES:
		avro_value_set_bytes(value, (void *)(uintptr_t) "\xff\0z", 3);
		break;
	case AVRO_INT32:
		avro_value_set_int(value, -70000);
		break;
	case AVRO_INT64:
		avro_value_set_long(value, INT64_MIN);
		break;
	case AVRO_FLOAT:
		avro_value_set_float(value, 1);
		break;
	case AVRO_DOUBLE:
		avro_value_set_double(value, 1);
		break;
	case AVRO_BOOLEAN:
		avro_value_set_boolean(value, 1);
		break;
	case AVRO_NULL:
		avro_value_set_null(value);
		break;
	case AVRO_ENUM:
		avro_value_set_enum(value, 1);
		break;
	case AVRO_FIXED:
		avro_value_set_fixed(value, (void *)(uintptr_t) "0123456789abcdef", 16);
		break;
	case AVRO_UNION:
		avro_value_set_branch(value, 1, &child);
		fill(&child);
		break;
	case AVRO_ARRAY:
		for (int i = 0; i < 2; i++) {
			avro_value_append(value, &child, NULL);
			fill(&child);
		}
		break;
	case AVRO_MAP:
		avro_value_add(value, "k", &child, NULL, NULL);
		fill(&child);
		break;
	case AVRO_RECORD:
		avro_value_get_size(value, &n);
		for (size_t i = 0; i < n; i++) {
			avro_value_get_by_index(value, i, &child, &name);
			fill(&child);
		}
		break;
	default:
		fail();
	}
}

/* A record of that schema with something in every field; malloc'ed. */
static uint8_t *full_record(const struct schema *schema, size_t *size)
{
	avro_value_t value;

	assert_int_equal(avro_generic_value_new(schema->iface, &value), 0);
	fill(&value);

	uint8_t *data = schema_encode(schema, &value, size);

	assert_non_null(data);
	avro_value_decref(&value);
	return data;
}

/* The cut bytes are copied, so that the sanitizer sees a read beyond them. */
static void every_truncation_of_every_record_is_refused(void **state)
{
	const struct schema *const *all;
	size_t n, size;

	(void)state;
	all = schema_all(&n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *data = full_record(all[i], &size);
		const uint8_t *body = data + FRAMING_SINGLE_OBJECT_SIZE;

		size -= FRAMING_SINGLE_OBJECT_SIZE;
		assert_int_equal(schema_validate(all[i]->avro, body, size, why, sizeof(why)), 0);
		for (size_t cut = 0; cut < size; cut++) {
			uint8_t *copy = malloc(cut + 1);

			memcpy(copy, body, cut);
			copy = realloc(copy, cut ? cut : 1);
			assert_int_equal(
				schema_validate(all[i]->avro, copy, cut, why, sizeof(why)), -1);
			free(copy);
		}
		free(data);
	}
}

static void bytes_left_over_are_refused(void **state)
{
	const struct schema *const *all;
	size_t n, size;

	(void)state;
	all = schema_all(&n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *data = full_record(all[i], &size);

		data = realloc(data, size + 1);
		data[size] = 0;
		assert_int_equal(schema_validate(all[i]->avro, data + FRAMING_SINGLE_OBJECT_SIZE,
					 size + 1 - FRAMING_SINGLE_OBJECT_SIZE, why, sizeof(why)),
			-1);
		assert_non_null(strstr(why, "left over"));
		free(data);
	}
}

/* A count of 2^32, 2^62, 2^63 in a few bytes; also through a block with a size. */
static void bombs_are_refused_at_once_and_without_memory(void **state)
{
	const char *longs = "{\"type\":\"array\",\"items\":\"long\"}";
	const char *nulls = "{\"type\":\"array\",\"items\":\"null\"}";
	const char *map = "{\"type\":\"map\",\"values\":\"null\"}";
	size_t before;

	(void)state;
	assert_invalid(longs, "\x80\x80\x80\x80\x20", "count");
	assert_invalid(nulls, "\x80\x80\x80\x80\x20", "count");
	assert_invalid(nulls, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", "count");
	assert_invalid(nulls, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x00\x00", "count");
	assert_invalid(nulls, "\xff\xff\xff\xff\x0f\x00\x00", "count");
	assert_invalid(map, "\x80\x80\x80\x80\x20", "count");
	assert_invalid("\"bytes\"", "\x80\x80\x80\x80\x20", "length");
	assert_invalid("\"string\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", "length");

	avro_schema_t schema = parse(nulls);

	before = mallinfo2().uordblks;
	assert_int_equal(schema_validate(schema, "\x80\x80\x80\x80\x20", 5, why, sizeof(why)), -1);
	assert_int_equal(mallinfo2().uordblks, before);
	avro_schema_decref(schema);
}

/* 3,000 bytes could announce millions of items that take no bytes. */
static void items_without_bytes_are_counted_over_the_whole_record(void **state)
{
	const char *json = "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"null\"}}";
	uint8_t data[3004] = {0};

	(void)state;
	data[0] = 0x80 | (2000 & 0x7f);
	data[1] = 2000 >> 7; /* a thousand arrays */
	for (size_t i = 0; i < 1000; i++) {
		data[2 + 3 * i] = 0xd0;
		data[3 + 3 * i] = 0x0f; /* of a thousand nulls */
	}
	assert_int_equal(validate(json, data, sizeof(data)), -1);
	assert_non_null(strstr(why, "too many empty items"));
	assert_valid("{\"type\":\"array\",\"items\":\"null\"}", "\x01\x00\x00");
}

static void numbers_have_one_form_only(void **state)
{
	(void)state;
	assert_valid("\"long\"", "\x00");
	assert_valid("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	assert_invalid("\"long\"", "\x80\x00", "shortest");
	assert_invalid("\"long\"", "\x81\x80\x00", "shortest");
	assert_invalid("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "64 bits");
	assert_invalid("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "64 bits");
	assert_invalid("\"long\"", "", "cut short");
	assert_invalid("\"long\"", "\x80", "cut short");
	assert_valid("\"int\"", "\xff\xff\xff\xff\x0f");
	assert_invalid("\"int\"", "\x80\x80\x80\x80\x10", "32 bits");
	assert_valid("\"boolean\"", "\x01");
	assert_invalid("\"boolean\"", "\x02", "boolean");
	assert_invalid("\"boolean\"", "", "cut short");
	assert_valid("\"double\"", "12345678");
	assert_invalid("\"double\"", "1234567", "cut short");
	assert_invalid("\"float\"", "123", "cut short");
}

static void strings_are_utf8_and_lengths_are_not_negative(void **state)
{
	(void)state;
	assert_valid("\"string\"", "\x00");
	assert_valid("\"string\"", "\x06\xe2\x82\xac");
	assert_valid("\"string\"", "\x08\xf0\x9f\x98\x80");
	assert_valid("\"string\"", "\x08\xf4\x8f\xbf\xbf");
	assert_invalid("\"string\"", "\x02\xff", "UTF-8");
	assert_invalid("\"string\"", "\x02\x80", "UTF-8");
	assert_invalid("\"string\"", "\x04\xc0\x80", "UTF-8");
	assert_invalid("\"string\"", "\x06\xe0\x80\x80", "UTF-8");
	assert_invalid("\"string\"", "\x06\xed\xa0\x80", "UTF-8");
	assert_invalid("\"string\"", "\x08\xf0\x80\x80\x80", "UTF-8");
	assert_invalid("\"string\"", "\x08\xf4\x90\x80\x80", "UTF-8");
	assert_invalid("\"string\"", "\x08\xf5\x80\x80\x80", "UTF-8");
	assert_invalid("\"string\"", "\x04\xe2\x82", "UTF-8");
	assert_invalid("\"string\"", "\x06\xe2\x82\x41", "UTF-8");
	assert_invalid("\"string\"", "\x01", "length");
	assert_invalid("\"bytes\"", "\x04z", "length");
	assert_valid("\"bytes\"", "\x04\xff\x00");
}

static void indexes_are_within_their_unions_and_enums(void **state)
{
	const char *words = "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"a\",\"b\",\"c\"]}";

	(void)state;
	assert_valid("[\"null\",\"long\"]", "\x00");
	assert_valid("[\"null\",\"long\"]", "\x02\x08");
	assert_invalid("[\"null\",\"long\"]", "\x04", "index 2 of 2");
	assert_invalid("[\"null\",\"long\"]", "\x01", "index -1 of 2");
	assert_invalid("[\"null\",\"long\"]", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", "index");
	assert_valid(words, "\x04");
	assert_invalid(words, "\x06", "index 3 of 3");
	assert_invalid(words, "\x03", "index -2 of 3");
	assert_valid("{\"type\":\"fixed\",\"name\":\"f\",\"size\":4}", "abcd");
	assert_invalid("{\"type\":\"fixed\",\"name\":\"f\",\"size\":4}", "abc", "cut short");
}

static void blocks_may_tell_their_size_but_must_have_it(void **state)
{
	const char *longs = "{\"type\":\"array\",\"items\":\"long\"}";
	const char *map = "{\"type\":\"map\",\"values\":\"long\"}";

	(void)state;
	assert_valid(longs, "\x00");
	assert_valid(longs, "\x04\x02\x04\x02\x06\x00");
	assert_valid(longs, "\x03\x04\x02\x04\x00");
	assert_invalid(longs, "\x03\x06\x02\x04\x00", "lies");
	assert_invalid(longs, "\x03\x02\x02\x04\x00", "lies");
	assert_invalid(longs, "\x03\x01\x02\x04\x00", "block of -1");
	assert_invalid(longs, "\x03\x40\x02\x04\x00", "block of 32");
	assert_invalid(longs, "\x04\x02\x04", "cut short");
	assert_valid(map, "\x02\x02k\x08\x00");
	assert_invalid(map, "\x02\x02\xff\x08\x00", "UTF-8");
}

/* {"next": null or another one}: as deep as the bytes say. */
static void nesting_beyond_32_is_refused(void **state)
{
	const char *list = "{\"type\":\"record\",\"name\":\"l\",\"fields\":["
			   "{\"name\":\"next\",\"type\":[\"null\",\"l\"]}]}";
	uint8_t deep[100000];

	(void)state;
	memset(deep, 2, sizeof(deep));
	assert_valid(list, "\x02\x02\x02\x02\x00");
	assert_int_equal(validate(list, deep, sizeof(deep)), -1);
	assert_non_null(strstr(why, "32 deep"));
}

/* What the validator passes, Avro C reads to its end: both see the same record. */
static void what_is_valid_is_read_by_avro_c_to_the_same_bytes(void **state)
{
	const struct schema *const *all;
	size_t n, size, again_size = 0;

	(void)state;
	all = schema_all(&n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *data = full_record(all[i], &size);
		avro_value_t value;

		avro_generic_value_new(all[i]->iface, &value);
		assert_int_equal(schema_decode(all[i], data, size, &value, why, sizeof(why)), 0);

		uint8_t *again = schema_encode(all[i], &value, &again_size);

		assert_int_equal(again_size, size);
		assert_memory_equal(again, data, size);
		avro_value_decref(&value);
		free(again);
		free(data);
	}
}

static void a_record_of_another_schema_or_of_none_is_refused(void **state)
{
	const struct schema *tick = schema_get("event_tick");
	avro_value_t value;
	size_t size;
	uint8_t *data = full_record(schema_get("event_gap"), &size);

	(void)state;
	avro_generic_value_new(tick->iface, &value);
	assert_int_equal(schema_decode(tick, data, size, &value, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "but event_gap"));
	data[2] ^= 1;
	assert_int_equal(schema_decode(tick, data, size, &value, why, sizeof(why)), -1);
	assert_int_equal(schema_decode(tick, "{}", 2, &value, why, sizeof(why)), -1);
	assert_int_equal(schema_decode(tick, NULL, 0, &value, why, sizeof(why)), -1);
	assert_null(schema_to_json(data, size, why, sizeof(why)));
	assert_null(schema_to_json("x", 1, why, sizeof(why)));
	avro_value_decref(&value);
	free(data);
}

static void every_record_of_ours_is_shown_as_json(void **state)
{
	const struct schema *const *all;
	size_t n, size;

	(void)state;
	all = schema_all(&n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *data = full_record(all[i], &size);
		json_t *json = schema_to_json(data, size, why, sizeof(why));

		assert_true(json_is_object(json));
		assert_int_equal(json_object_size(json), avro_schema_record_size(all[i]->avro));
		json_decref(json);
		assert_null(schema_to_json(data, size - 1, why, sizeof(why)));
		free(data);
	}
}

static void bytes_are_text_in_json_where_they_can_be(void **state)
{
	size_t size;
	uint8_t *data = full_record(schema_get("invocation_event"), &size);
	json_t *json = schema_to_json(data, size, why, sizeof(why));
	json_t *body = json_object_get(json, "response_body");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(body, "base64")), "/wB6");
	assert_string_equal(json_string_value(json_object_get(json, "response_digest")),
		"30313233343536373839616263646566");
	assert_string_equal(json_string_value(json_object_get(json, "reason")), "h\xc3\xa9");
	assert_string_equal(json_string_value(json_object_get(json, "role")), "shadow");
	assert_true(json_integer_value(json_object_get(json, "epoch")) == INT64_MIN);
	json_decref(json);
	free(data);
}

/* A request as an earlier version of ours might have been: one field is missing, one is gone since,
 * one was an int, an optional one was plain, and an enum has a word that nobody knows any more. */
static const char older_json[] =
	"{\"type\":\"record\",\"name\":\"Thing\",\"fields\":["
	"{\"name\":\"gone\",\"type\":\"string\"},"
	"{\"name\":\"count\",\"type\":\"int\"},"
	"{\"name\":\"label\",\"type\":\"string\"},"
	"{\"name\":\"word\",\"type\":{\"type\":\"enum\",\"name\":\"Word\","
	"\"symbols\":[\"x\",\"b\",\"a\"]}},"
	"{\"name\":\"items\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","
	"\"name\":\"Item\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}}},"
	"{\"name\":\"map\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}]}";
static const char newer_json[] =
	"{\"type\":\"record\",\"name\":\"Thing\",\"fields\":["
	"{\"name\":\"label\",\"type\":[\"null\",\"string\"],\"default\":null},"
	"{\"name\":\"count\",\"type\":\"long\",\"default\":-1},"
	"{\"name\":\"word\",\"type\":{\"type\":\"enum\",\"name\":\"Word\","
	"\"symbols\":[\"a\",\"b\",\"unknown\"],\"default\":\"unknown\"}},"
	"{\"name\":\"items\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","
	"\"name\":\"Item\",\"fields\":[{\"name\":\"n\",\"type\":\"long\"},"
	"{\"name\":\"m\",\"type\":\"string\",\"default\":\"none\"}]}}},"
	"{\"name\":\"map\",\"type\":{\"type\":\"map\",\"values\":\"long\"}},"
	"{\"name\":\"text\",\"type\":\"bytes\",\"default\":\"ab\"},"
	"{\"name\":\"flag\",\"type\":\"boolean\",\"default\":true},"
	"{\"name\":\"rate\",\"type\":\"double\",\"default\":0.5},"
	"{\"name\":\"ratio\",\"type\":\"float\",\"default\":2},"
	"{\"name\":\"small\",\"type\":\"int\",\"default\":7},"
	"{\"name\":\"next\",\"type\":\"Word\",\"default\":\"b\"},"
	"{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[1,2]},"
	"{\"name\":\"more\",\"type\":{\"type\":\"map\",\"values\":\"long\"},\"default\":{\"k\":3}},"
	"{\"name\":\"one\",\"type\":\"Item\",\"default\":{\"n\":4}},"
	"{\"name\":\"opt\",\"type\":[\"null\",\"Item\"],\"default\":null}]}";

static const struct schema *learn(const char *json)
{
	const struct schema *schema = schema_learn("thing", json, why, sizeof(why));

	assert_non_null(schema);
	return schema;
}

/* The record of one schema, read by another, as JSON. */
static char *read_as(const struct schema *reader, const uint8_t *data, size_t size)
{
	avro_value_t value;

	assert_int_equal(avro_generic_value_new(reader->iface, &value), 0);
	assert_int_equal(schema_decode(reader, data, size, &value, why, sizeof(why)), 0);

	uint8_t *again = schema_encode(reader, &value, &size);
	json_t *json = schema_to_json(again, size, why, sizeof(why));
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	free(again);
	avro_value_decref(&value);
	return text;
}

static void bytes_of_an_older_writer_are_read_with_defaults(void **state)
{
	const struct schema *older = learn(older_json), *newer = learn(newer_json);
	uint8_t data[] = "\xc3\x01--------\x02g\x03\x02l\x00\x02\x05\x00\x02\x02k\x08";
	char *text;

	(void)state;
	framing_write(data, older->fingerprint);
	text = read_as(newer, data, sizeof(data));
	assert_string_equal(text,
		"{\"label\":\"l\",\"count\":-2,\"word\":\"unknown\",\"items\":[{\"n\":-3,\"m\":"
		"\"none\"}],"
		"\"map\":{\"k\":4},\"text\":\"ab\",\"flag\":true,\"rate\":0.5,\"ratio\":2.0,"
		"\"small\":7,"
		"\"next\":\"b\",\"list\":[1,2],\"more\":{\"k\":3},\"one\":{\"n\":4,\"m\":\"none\"},"
		"\"opt\":null}");
	free(text);
}

/* The way back: the older reader leaves out what it does not know. */
static const char back_json[] =
	"{\"type\":\"record\",\"name\":\"Thing\",\"fields\":["
	"{\"name\":\"gone\",\"type\":\"string\",\"default\":\"lost\"},"
	"{\"name\":\"word\",\"type\":{\"type\":\"enum\",\"name\":\"Word\",\"symbols\":[\"b\"],"
	"\"default\":\"b\"}},"
	"{\"name\":\"label\",\"type\":\"string\"},"
	"{\"name\":\"opt\",\"type\":[\"null\",\"long\",{\"type\":\"record\",\"name\":\"Item\","
	"\"fields\":[{\"name\":\"n\",\"type\":\"long\"}]}]}]}";

static void bytes_of_a_newer_writer_are_read_by_an_older_reader(void **state)
{
	const struct schema *newer = learn(newer_json), *older = learn(back_json);
	size_t size;
	uint8_t *data = full_record(newer, &size);
	char *text = read_as(older, data, size);

	(void)state;
	assert_string_equal(text,
		"{\"gone\":\"lost\",\"word\":\"b\",\"label\":\"h\xc3\xa9\","
		"\"opt\":{\"n\":-9223372036854775808}}");
	free(text);
	free(data);
}

/* Readers that the newer bytes cannot be brought to, each for its own reason. */
static void bytes_that_cannot_be_resolved_are_refused_with_the_reason(void **state)
{
	static const char *const fields[] = {"{\"name\":\"absent\",\"type\":\"string\"}",
		"has no default", "{\"name\":\"count\",\"type\":\"string\"}", "changed its type",
		"{\"name\":\"label\",\"type\":\"long\"}", "changed its type",
		"{\"name\":\"count\",\"type\":[\"null\",\"string\"]}", "lost a type",
		"{\"name\":\"word\",\"type\":{\"type\":\"enum\",\"name\":\"W\",\"symbols\":[\"z\"]}"
		"}",
		"Unknown symbol b",
		"{\"name\":\"absent\",\"type\":\"bytes\",\"default\":\"\\u00ff\"}", "beyond ASCII",
		"{\"name\":\"absent\",\"type\":\"string\",\"default\":7}", "should be text",
		"{\"name\":\"absent\",\"type\":{\"type\":\"enum\",\"name\":\"W\",\"symbols\":["
		"\"z\"]},"
		"\"default\":\"y\"}",
		"Not a symbol",
		"{\"name\":\"absent\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},"
		"\"default\":\"y\"}",
		"type that has none"};
	size_t size;
	uint8_t *data = full_record(learn(newer_json), &size);
	char json[16][512];

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i += 2) {
		avro_value_t value;

		snprintf(json[i / 2], sizeof(json[0]),
			"{\"type\":\"record\",\"name\":\"Thing\",\"fields\":[%s]}", fields[i]);

		const struct schema *reader = learn(json[i / 2]);

		avro_generic_value_new(reader->iface, &value);
		assert_int_equal(schema_decode(reader, data, size, &value, why, sizeof(why)), -1);
		assert_non_null(strstr(why, fields[i + 1]));
		avro_value_decref(&value);
	}
	free(data);
}

/* An event as it would be without the fields that have defaults: the real schema fills them in. */
static void an_event_with_only_the_required_fields_gets_our_defaults(void **state)
{
	json_t *root = json_loads(schema_get("invocation_event")->json, 0, NULL), *field;
	json_t *fields = json_object_get(root, "fields");

	(void)state;
	for (size_t i = json_array_size(fields); i-- > 0;) {
		field = json_array_get(fields, i);
		if (json_object_get(field, "default"))
			json_array_remove(fields, i);
	}

	char *text = json_dumps(root, 0);
	const struct schema *older = schema_learn("invocation_event", text, why, sizeof(why));
	size_t size;
	uint8_t *data = full_record(older, &size);
	char *read = read_as(schema_get("invocation_event"), data, size);
	json_t *event = json_loads(read, 0, NULL);

	assert_int_equal(json_integer_value(json_object_get(event, "done_below")), -1);
	assert_int_equal(json_integer_value(json_object_get(event, "queue_us")), -1);
	assert_true(json_is_null(json_object_get(event, "response_digest")));
	assert_int_equal(json_array_size(json_object_get(event, "sampled_for")), 0);
	assert_string_equal(json_string_value(json_object_get(event, "outcome")), "client_error");
	json_decref(event);
	json_decref(root);
	free(read);
	free(data);
	schema_free_all(); /* before its text */
	free(text);
}

static void a_text_that_is_no_schema_is_not_learned(void **state)
{
	(void)state;
	assert_null(schema_learn("x", "{", why, sizeof(why)));
	assert_null(schema_learn("x", "\"Nothing\"", why, sizeof(why)));
	for (size_t n = 0; schema_learn("x", "\"null\"", why, sizeof(why)); n++)
		assert_true(n < 1000);
	assert_non_null(strstr(why, "64 schemas"));
}

static int load(void **state)
{
	(void)state;
	schema_get("event_tick");
	return 0;
}

static int free_everything(void **state)
{
	(void)state;
	schema_free_all();
	return 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, load, free_everything)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(fingerprints_are_those_that_were_published),
		test(every_truncation_of_every_record_is_refused),
		test(bytes_left_over_are_refused),
		test(bombs_are_refused_at_once_and_without_memory),
		test(items_without_bytes_are_counted_over_the_whole_record),
		test(numbers_have_one_form_only),
		test(strings_are_utf8_and_lengths_are_not_negative),
		test(indexes_are_within_their_unions_and_enums),
		test(blocks_may_tell_their_size_but_must_have_it),
		test(nesting_beyond_32_is_refused),
		test(what_is_valid_is_read_by_avro_c_to_the_same_bytes),
		test(a_record_of_another_schema_or_of_none_is_refused),
		test(every_record_of_ours_is_shown_as_json),
		test(bytes_are_text_in_json_where_they_can_be),
		test(bytes_of_an_older_writer_are_read_with_defaults),
		test(bytes_of_a_newer_writer_are_read_by_an_older_reader),
		test(bytes_that_cannot_be_resolved_are_refused_with_the_reason),
		test(an_event_with_only_the_required_fields_gets_our_defaults),
		test(a_text_that_is_no_schema_is_not_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
