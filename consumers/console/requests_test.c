/* What reads requests, and packs answers. */
#include "common/text.h"
#include "consumers/console/gzip.h"
#include "consumers/console/page_token.h"
#include "consumers/console/percent.h"
#include "consumers/console/query.h"
#include "consumers/console/route.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define SECOND INT64_C(1000000)
#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *decoded(const char *text)
{
	static char copy[100];
	snprintf(copy, sizeof copy, "%s", text);
	size_t size = percent_decode(copy);
	assert_int_equal(size, strlen(copy));
	return copy;
}

static void percent_signs_are_decoded_once(void **state)
{
	(void)state;
	assert_string_equal(decoded("/a%20b%2Fc%2f"), "/a b/c/");
	assert_string_equal(decoded("%25%32%35"), "%25");
	assert_string_equal(decoded("%c3%a9%FF"), "\xc3\xa9\xff");
	assert_string_equal(decoded(""), "");
}

static void a_zero_byte_ends_no_text(void **state)
{
	(void)state;
	assert_string_equal(decoded("t%00x"), "t%00x");
	assert_string_equal(decoded("%00"), "%00");
	assert_string_equal(decoded("%2500"), "%00");
}

static void what_is_no_code_stays(void **state)
{
	static const char *const texts[] = {"%", "%%", "%1", "%g1", "%1g", "a%", "%u0041", "100%+"};
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		assert_string_equal(decoded(texts[i]), texts[i]);
	assert_string_equal(decoded("%%41"), "%A");
}

static void a_path_gives_its_name(void **state)
{
	char name[ROUTE_NAME_MAX];
	(void)state;
	assert_true(route_matches("tests/", "/series", "tests/t-1/series", name));
	assert_string_equal(name, "t-1");
	assert_true(route_matches("tests/", "", "tests/series", name));
	assert_string_equal(name, "series");
	assert_true(route_matches("tests", NULL, "tests", name));
	assert_string_equal(name, "");
	assert_true(route_matches("tests/", "/series", "tests/series/series", name));
	assert_string_equal(name, "series");
}

static void another_path_gives_none(void **state)
{
	static const char *const paths[] = {"", "tests", "tests/", "tests//series", "tests/series",
		"tests/a/b/series", "tests/../series/series", "test/a/series", "tests/a/serie",
		"tests/a/series/"};
	char name[ROUTE_NAME_MAX], path[300];
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(paths); i++)
		assert_false(route_matches("tests/", "/series", paths[i], name));
	snprintf(path, sizeof path, "tests/%0*d/series", ROUTE_NAME_MAX - 1, 0);
	assert_true(route_matches("tests/", "/series", path, name));
	snprintf(path, sizeof path, "tests/%0*d/series", ROUTE_NAME_MAX, 0);
	assert_false(route_matches("tests/", "/series", path, name));
}

static void a_page_token_comes_back_as_it_was(void **state)
{
	struct page_token token = {3, 1, 1795486562850353, "a-test_1"}, read;
	char text[PAGE_TOKEN_MAX];
	(void)state;
	assert_int_equal(0, page_token_read(page_token_write(&token, text), &read));
	assert_string_equal(text, "3.1.1795486562850353.a-test_1");
	assert_int_equal(read.sort_by, 3);
	assert_int_equal(read.order, 1);
	assert_int_equal(read.key, token.key);
	assert_string_equal(read.name, token.name);
}

static void what_is_no_page_token_is_refused(void **state)
{
	static const char *const texts[] = {"", "a", "0", "0.0", "0.0.0", "0.0.0.", "0.2.0.a",
		"10.0.0.a", "-1.0.0.a", " 0.0.0.a", "0.0.+1.a", "0.0.1.a b", "0.0.1.a.b",
		"0.0.1234567890123456789.a", "0,0.1.a", "0.0.1.\xff"};
	struct page_token read;
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		assert_int_equal(-1, page_token_read(texts[i], &read));
}

/* One parameter of each name; the reply is freed by the caller. */
static struct query asked(const char *name, const char *value)
{
	struct query query = {.n = 1};
	query.items[0].name = name;
	query.items[0].value = value;
	return query;
}

static void a_duration_is_a_whole_number_and_a_unit(void **state)
{
	static const char *const wrong[] = {
		"", "0s", "15", "m", "1.5h", "-1h", "+1h", "1000000s", "1w", "1ms", "1h ", "01h"};
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		struct query query = asked("step", wrong[i]);
		struct reply reply = {0};
		int64_t us = 7;
		assert_false(query_duration(&query, "step", &us, &reply));
		assert_int_equal(reply.status, 400);
		assert_int_equal(us, 7);
		reply_fini(&reply);
	}
	struct query query = asked("step", "15m");
	int64_t us;
	assert_true(query_duration(&query, "step", &us, NULL));
	assert_int_equal(us, 900 * SECOND);
	query = asked("step", "999999d");
	assert_true(query_duration(&query, "step", &us, NULL));
	assert_int_equal(us, INT64_C(999999) * 86400 * SECOND);
}

static void a_time_before_1970_is_1970(void **state)
{
	struct query query = asked("from", "1969-07-20T20:17:40Z");
	int64_t us = 7;
	(void)state;
	assert_true(query_time(&query, "from", &us, NULL));
	assert_int_equal(us, 0);
}

static void parameters_that_contradict_each_other_are_422(void **state)
{
	struct test test = {.start_us = 100 * SECOND, .end_us = 200 * SECOND};
	struct query query = asked("last", "1m");
	struct stretch stretch;
	struct reply reply = {0};
	(void)state;
	assert_true(query_stretch(&query, &test, 150 * SECOND, &stretch, &reply));
	assert_int_equal(stretch.from_us, 90 * SECOND);
	assert_int_equal(stretch.to_us, 150 * SECOND);
	query.items[query.n].name = "from";
	query.items[query.n++].value = "1970-01-01T00:01:00Z";
	assert_false(query_stretch(&query, &test, 150 * SECOND, &stretch, &reply));
	assert_int_equal(reply.status, 422);
	query.items[0].name = "to";
	query.items[0].value = "1970-01-01T00:00:59Z";
	assert_false(query_stretch(&query, &test, 150 * SECOND, &stretch, &reply));
	assert_int_equal(reply.status, 422);
	reply_fini(&reply);
}

static void a_parameter_that_nobody_knows_or_that_repeats_is_named(void **state)
{
	static const char *const names[] = {"a", "b", NULL};
	struct query query = asked("a", "1");
	struct reply reply = {0};
	(void)state;
	assert_true(query_check(&query, names, &reply));
	query.items[query.n].name = "\xff\"c";
	query.items[query.n++].value = "1";
	assert_false(query_check(&query, names, &reply));
	assert_int_equal(reply.status, 400);
	assert_non_null(strstr(reply.body, "there is no parameter \\\"?\\\"c\\\" here"));
	query.items[1].name = "a";
	assert_false(query_check(&query, names, &reply));
	assert_non_null(strstr(reply.body, "a is given twice"));
	reply_fini(&reply);
}

static void gzip_is_given_to_those_who_take_it(void **state)
{
	static const char *const yes[] = {"gzip", "GZip", "deflate, gzip, br",
		"br;q=1.0, gzip;q=0.5", "*", "gzip ;q=0.001", "identity;q=0,gzip"};
	static const char *const no[] = {"", "deflate", "x-gzip", "gzipped", "gzip;q=0",
		"br, gzip;q=0.000", ",,", "*;q=0", "identity, ;q=1", "gzip;q="};
	(void)state;
	assert_false(gzip_is_accepted(NULL));
	for (size_t i = 0; i < N_ELEMENTS(yes); i++)
		assert_true(gzip_is_accepted(yes[i]));
	for (size_t i = 0; i < N_ELEMENTS(no); i++)
		assert_false(gzip_is_accepted(no[i]));
}

static void what_is_packed_comes_out_again(void **state)
{
	enum { SIZE = 300000 };
	char *text = malloc(SIZE), *out = malloc(SIZE);
	size_t size;
	(void)state;
	assert_true(text && out);
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)(i % 251 * (i / 1000));
	char *packed = gzip_pack(text, SIZE, &size);
	z_stream stream = {.next_in = (Bytef *)packed,
		.avail_in = (uInt)size,
		.next_out = (Bytef *)out,
		.avail_out = SIZE};
	assert_int_equal(Z_OK, inflateInit2(&stream, 15 + 16));
	assert_int_equal(Z_STREAM_END, inflate(&stream, Z_FINISH));
	assert_int_equal(stream.total_out, SIZE);
	assert_memory_equal(text, out, SIZE);
	inflateEnd(&stream);
	free(packed);
	free(text);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_signs_are_decoded_once),
		cmocka_unit_test(a_zero_byte_ends_no_text),
		cmocka_unit_test(what_is_no_code_stays),
		cmocka_unit_test(a_path_gives_its_name),
		cmocka_unit_test(another_path_gives_none),
		cmocka_unit_test(a_page_token_comes_back_as_it_was),
		cmocka_unit_test(what_is_no_page_token_is_refused),
		cmocka_unit_test(a_duration_is_a_whole_number_and_a_unit),
		cmocka_unit_test(a_time_before_1970_is_1970),
		cmocka_unit_test(parameters_that_contradict_each_other_are_422),
		cmocka_unit_test(a_parameter_that_nobody_knows_or_that_repeats_is_named),
		cmocka_unit_test(gzip_is_given_to_those_who_take_it),
		cmocka_unit_test(what_is_packed_comes_out_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
