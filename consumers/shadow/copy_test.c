#include "consumers/shadow/copy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const good[][2] = {
	{"umbra-request-id", "run-7"},
	{"umbra-endpoint", "churn"},
	{"umbra-test", "v2-vs-v1"},
	{"umbra-variant", "churn-v2"},
	{"umbra-role", "shadow"},
	{"umbra-source", "churn.requests/3/9007199254740993"},
	{"umbra-epoch", "2"},
	{"umbra-generation", "17"},
	{"umbra-time", "1790000000123456"},
};
enum { N_GOOD = sizeof good / sizeof *good };

/* The good headers, with the one at `at` replaced by `value` (NULL: left out). */
static rd_kafka_headers_t *headers_with(size_t at, const char *value)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(N_GOOD);
	for (size_t i = 0; i < N_GOOD; i++) {
		const char *text = i == at ? value : good[i][1];
		if (text)
			rd_kafka_header_add(headers, good[i][0], -1, text, -1);
	}
	return headers;
}

static void a_copy_tells_whose_it_is(void **state)
{
	(void)state;
	char errstr[100];
	struct copy copy;
	rd_kafka_headers_t *headers = headers_with(N_GOOD, NULL);
	assert_int_equal(copy_decode(headers, &copy, errstr, sizeof errstr), 0);
	rd_kafka_headers_destroy(headers);
	assert_string_equal(copy.request_id, "run-7");
	assert_string_equal(copy.endpoint, "churn");
	assert_string_equal(copy.test, "v2-vs-v1");
	assert_string_equal(copy.variant, "churn-v2");
	assert_int_equal(copy.role, ROLE_SHADOW);
	assert_string_equal(copy.source_topic, "churn.requests");
	assert_int_equal(copy.source_partition, 3);
	assert_int_equal(copy.source_offset, 9007199254740993);
	assert_int_equal(copy.epoch, 2);
	assert_int_equal(copy.generation, 17);
	assert_int_equal(copy.time_us, 1790000000123456);
}

static void assert_refused(size_t at, const char *value)
{
	char errstr[100], expected[100];
	struct copy copy;
	rd_kafka_headers_t *headers = headers_with(at, value);
	assert_int_equal(copy_decode(headers, &copy, errstr, sizeof errstr), -1);
	rd_kafka_headers_destroy(headers);
	snprintf(expected, sizeof expected, "header %s is missing or broken", good[at][0]);
	assert_string_equal(errstr, expected);
}

static void every_header_is_needed_and_named_when_it_is_not_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_GOOD; i++) {
		assert_refused(i, NULL);
		assert_refused(i, "");
		assert_refused(i, "a\nb");
	}
	struct copy copy;
	char errstr[100];
	assert_int_equal(copy_decode(NULL, &copy, errstr, sizeof errstr), -1);
}

static void hostile_values_are_refused(void **state)
{
	(void)state;
	char huge[5000];
	memset(huge, 'x', sizeof huge - 1);
	huge[sizeof huge - 1] = 0;
	for (size_t i = 0; i < N_GOOD; i++)
		assert_refused(i, huge);
	const char *const sources[] = {"churn.requests", "churn.requests/3", "/3/4", "t/-1/4",
		"t/3/-4", "t/3/", "t//4", "t/4294967296/1", "t/3/99999999999999999999"};
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		assert_refused(5, sources[i]);
	assert_refused(4, "production");
	assert_refused(4, "king");
	assert_refused(6, "two");
	assert_refused(7, "1e3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_tells_whose_it_is),
		cmocka_unit_test(every_header_is_needed_and_named_when_it_is_not_there),
		cmocka_unit_test(hostile_values_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
