/* Framing, CRC-64-AVRO and canonical form against the specification's vectors. */
#include "common/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Schema, canonical form, fingerprint, as in the tests of Avro's own implementations. */
static const struct {
	const char *json, *canonical;
	int64_t fingerprint;
} vectors[] = {
	{"\"null\"", "\"null\"", 7195948357588979594},
	{"{\"type\":\"null\"}", "\"null\"", 7195948357588979594},
	{"\"boolean\"", "\"boolean\"", -6970731678124411036},
	{"{\"type\":\"int\"}", "\"int\"", 8247732601305521295},
	{"\"long\"", "\"long\"", -3434872931120570953},
	{"\"float\"", "\"float\"", 5583340709985441680},
	{"\"double\"", "\"double\"", -8181574048448539266},
	{"\"bytes\"", "\"bytes\"", 5746618253357095269},
	{"{\"type\":\"string\",\"doc\":\"text\"}", "\"string\"", -8142146995180207161},
	{" [ ] ", "[]", -1241056759729112623},
	{"[ \"int\"  ]", "[\"int\"]", -5232228896498058493},
	{"[{\"type\":\"int\"} , \"boolean\"]", "[\"int\",\"boolean\"]", 5392556393470105090},
	{"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\"}",
		"{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", -4824392279771201922},
	{"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
		"{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}", 5916914534497305771},
	{"{\"fields\":[], \"type\":\"record\", \"name\":\"a.b.foo\", \"namespace\":\"x.y\"}",
		"{\"name\":\"a.b.foo\",\"type\":\"record\",\"fields\":[]}", -4616218487480524110},
	{"{\"type\":\"enum\",\"name\":\"foo\",\"doc\":\"d\",\"aliases\":[\"b\"],"
	 "\"symbols\":[\"A1\"],\"default\":\"A1\"}",
		"{\"name\":\"foo\",\"type\":\"enum\",\"symbols\":[\"A1\"]}", -6342190197741309591},
	{"{\"size\":\"015\",\"name\":\"foo\",\"type\":\"fixed\"}",
		"{\"name\":\"foo\",\"type\":\"fixed\",\"size\":15}", 1756455273707447556},
	{"{\"type\":\"fixed\",\"name\":\"f\\u006fo\",\"namespace\":\"x.\\u0079\",\"size\":15}",
		"{\"name\":\"x.y.foo\",\"type\":\"fixed\",\"size\":15}", 8973436725417971441},
	{"{ \"items\":{\"type\":\"null\"}, \"type\":\"array\"}",
		"{\"type\":\"array\",\"items\":\"null\"}", -589620603366471059},
	{"{ \"values\":\"string\", \"type\":\"map\"}", "{\"type\":\"map\",\"values\":\"string\"}",
		-8732877298790414990},
};

static void the_specifications_vectors_hold(void **state)
{
	char errstr[200];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		char *canonical = framing_canonical_form(vectors[i].json, errstr, sizeof(errstr));

		assert_non_null(canonical);
		assert_string_equal(canonical, vectors[i].canonical);
		assert_true((int64_t)framing_crc64(canonical, strlen(canonical)) ==
			vectors[i].fingerprint);
		free(canonical);
	}
}

static void the_crc_is_written_little_endian_after_c3_01(void **state)
{
	static const uint8_t null_schema[] = {
		0xc3, 0x01, 0x8a, 0x8f, 0x25, 0xcc, 0xe7, 0x24, 0xdd, 0x63};
	static const uint8_t string_schema[] = {
		0xc3, 0x01, 0xc7, 0x03, 0x45, 0x63, 0x72, 0x48, 0x01, 0x8f};
	uint8_t data[FRAMING_SINGLE_OBJECT_SIZE];

	(void)state;
	framing_write(data, framing_crc64("\"null\"", 6));
	assert_memory_equal(data, null_schema, sizeof(data));
	framing_write(data, framing_crc64("\"string\"", 8));
	assert_memory_equal(data, string_schema, sizeof(data));
}

static void names_become_full_names_in_the_namespace_around_them(void **state)
{
	static const char json[] =
		"{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a.b\",\"fields\":["
		"{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":4},"
		"\"default\":\"\",\"order\":\"ignore\"},"
		"{\"type\":\"F\",\"name\":\"y\",\"doc\":\"again\"},"
		"{\"name\":\"z\",\"type\":{\"type\":\"record\",\"name\":\"c.S\",\"fields\":["
		"{\"name\":\"e\",\"type\":[\"null\",\"S\",\"a.b.F\"]}]}},"
		"{\"name\":\"n\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"namespace\":\"\","
		"\"symbols\":[]}},"
		"{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}}"
		"]}";
	static const char expected[] =
		"{\"name\":\"a.b.R\",\"type\":\"record\",\"fields\":["
		"{\"name\":\"x\",\"type\":{\"name\":\"a.b.F\",\"type\":\"fixed\",\"size\":4}},"
		"{\"name\":\"y\",\"type\":\"a.b.F\"},"
		"{\"name\":\"z\",\"type\":{\"name\":\"c.S\",\"type\":\"record\",\"fields\":["
		"{\"name\":\"e\",\"type\":[\"null\",\"c.S\",\"a.b.F\"]}]}},"
		"{\"name\":\"n\",\"type\":{\"name\":\"E\",\"type\":\"enum\",\"symbols\":[]}},"
		"{\"name\":\"t\",\"type\":\"long\"}]}";
	char errstr[200];
	char *canonical = framing_canonical_form(json, errstr, sizeof(errstr));

	(void)state;
	assert_non_null(canonical);
	assert_string_equal(canonical, expected);
	free(canonical);
}

static void the_canonical_form_of_a_canonical_form_is_itself(void **state)
{
	char errstr[200];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		char *again = framing_canonical_form(vectors[i].canonical, errstr, sizeof(errstr));

		assert_non_null(again);
		assert_string_equal(again, vectors[i].canonical);
		free(again);
	}
}

static void what_is_no_schema_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {"", "{", "7", "null", "{}", "{\"type\":7}",
		"{\"type\":\"record\",\"fields\":[]}", "{\"type\":\"record\",\"name\":\"r\"}",
		"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"type\":\"int\"}]}",
		"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a.b\"}]}",
		"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\"}]}",
		"{\"type\":\"record\",\"name\":\"r\\\"\",\"fields\":[]}",
		"{\"type\":\"record\",\"name\":\"a..b\",\"fields\":[]}",
		"{\"type\":\"enum\",\"name\":\"e\"}",
		"{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"a b\"]}",
		"{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[7]}",
		"{\"type\":\"fixed\",\"name\":\"f\"}",
		"{\"type\":\"fixed\",\"name\":\"f\",\"size\":-1}",
		"{\"type\":\"fixed\",\"name\":\"f\",\"size\":\"4x\"}", "{\"type\":\"array\"}",
		"{\"type\":\"map\",\"values\":{\"type\":\"1x\"}}", "[\"int\",9]"};
	char errstr[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		*errstr = '\0';
		assert_null(framing_canonical_form(bad[i], errstr, sizeof(errstr)));
		assert_true(*errstr != '\0');
	}
}

static void a_schema_nested_too_deeply_or_with_a_huge_name_is_refused(void **state)
{
	char json[4000] = "", errstr[200];

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(json, "{\"type\":\"array\",\"items\":");
	strcat(json, "\"int\"");
	for (int i = 0; i < 100; i++)
		strcat(json, "}");
	assert_null(framing_canonical_form(json, errstr, sizeof(errstr)));
	assert_string_equal(errstr, "The schema is nested too deeply");
	snprintf(json, sizeof(json), "\"%0999d\"", 0);
	assert_null(framing_canonical_form(json, errstr, sizeof(errstr)));
}

static void framing_is_told_by_the_first_bytes(void **state)
{
	static const uint8_t single[] = {0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t confluent[] = {0, 0x01, 0x02, 0x03, 0x04, 9};
	uint64_t id;

	(void)state;
	assert_int_equal(framing_read(single, sizeof(single), &id), FRAMING_SINGLE_OBJECT);
	assert_true(id == 0x0807060504030201u);
	assert_int_equal(framing_read(confluent, sizeof(confluent), &id), FRAMING_CONFLUENT);
	assert_true(id == 0x01020304);
	for (size_t size = 0; size < sizeof(single); size++)
		assert_int_equal(framing_read(single, size, &id), FRAMING_NONE);
	for (size_t size = 0; size < 5; size++)
		assert_int_equal(framing_read(confluent, size, &id), FRAMING_NONE);
	assert_int_equal(framing_read("{\"a\": 12345}", 12, &id), FRAMING_NONE);
	assert_int_equal(framing_read(NULL, 0, &id), FRAMING_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_specifications_vectors_hold),
		cmocka_unit_test(the_crc_is_written_little_endian_after_c3_01),
		cmocka_unit_test(names_become_full_names_in_the_namespace_around_them),
		cmocka_unit_test(the_canonical_form_of_a_canonical_form_is_itself),
		cmocka_unit_test(what_is_no_schema_is_refused_with_a_reason),
		cmocka_unit_test(a_schema_nested_too_deeply_or_with_a_huge_name_is_refused),
		cmocka_unit_test(framing_is_told_by_the_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
