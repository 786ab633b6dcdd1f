/* What agrees and what does not, as compare.h defines it: tables of tricky pairs. */
#include "common/compare_test_fixture.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void exact_answers_agree_byte_for_byte(void **opaque)
{
	const struct pair pairs[] = {
		{EXACT, "a", "a", "match"},
		{EXACT, "a", "b", "mismatch"},
		{EXACT, "a", "ab", "mismatch"},
		{EXACT, "", "", "match"},
		{EXACT, "\xff", "\xff", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void json_answers_agree_by_value_not_by_spelling(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "{\"a\":1,\"b\":2}", " { \"b\" : 2.0 , \"a\" : 1e0 } ", "match"},
		{JSON, "\"\\u0041\\/\"", "\"A/\"", "match"},
		{JSON, "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "match"},
		{JSON, "\xef\xbb\xbf[1]", "[1]", "match"},
		{JSON, "[1,2]", "[2,1]", "mismatch"},
		{JSON, "[1]", "[1,1]", "mismatch"},
		{JSON, "[]", "{}", "mismatch"},
		{JSON, "1", "\"1\"", "mismatch"},
		{JSON, "null", "false", "mismatch"},
		{JSON, "true", "true", "match"},
		{JSON, "{\"a\":null}", "{}", "mismatch"},
		{JSON, "{\"a\":1}", "{\"b\":1}", "mismatch"},
		{JSON, "{}", "{\"\":1}", "mismatch"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void of_duplicate_keys_the_last_counts(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "{\"a\":1,\"a\":2}", "{\"a\":2}", "match"},
		{JSON, "{\"a\":1,\"a\":2}", "{\"a\":1}", "mismatch"},
		{JSON, "{\"a\":1,\"b\":0,\"\\u0061\":2,\"a\":3}", "{\"b\":0,\"a\":3}", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void a_zero_character_and_half_a_surrogate_are_characters(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "\"a\\u0000b\"", "\"a\\u0000b\"", "match"},
		{JSON, "\"a\\u0000b\"", "\"a\"", "mismatch"},
		{JSON, "\"a\\u0000b\"", "\"a\\u0000c\"", "mismatch"},
		{JSON, "{\"\\u0000\":1}", "{\"\":1}", "mismatch"},
		{JSON, "\"\\ud800\"", "\"\\ud800\"", "match"},
		{JSON, "\"\\ud800\"", "\"\\ud801\"", "mismatch"},
		{JSON, "\"\\udc00\\ud800\"", "\"\\ud800\\udc00\"", "mismatch"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void what_is_wrong_in_one_arm_cannot_be_compared(void **opaque)
{
	static const char *const wrong[] = {"", " ", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}",
		"{a:1}", "{\"a\":1,}", "\"", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\xff\"", "\"\xed\xa0\x80\"", "01", "1.", ".5", "+1", "1e", "--1", "1e1234567890",
		"nan", "nul", "1 2", "[1]]", "\xef\xbb\xbf", "'a'", "True"};

	(void)opaque;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pair pairs[] = {{JSON, wrong[i], "1", "not_parseable"},
			{JSON, wrong[i], wrong[i], "not_parseable"}};

		CHECK_PAIRS(pairs);
	}
}

static void numbers_agree_within_the_tolerance(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "0.1", "0.10000000000000001", "match"},
		{JSON, "0.1", "0.1000000000000001", "mismatch"},
		{JSON, "-0", "0.0", "match"},
		{JSON, "1e400", "1e400", "match"},
		{JSON, "1e400", "10e399", "match"},
		{JSON, "1e400", "1e401", "mismatch"},
		{JSON, "1e-400", "0", "match"},
		{WITHIN(COMPARE_JSON, 0.5, 0), "[1.0,2]", "[1.5,2.5]", "match"},
		{WITHIN(COMPARE_JSON, 0.5, 0), "1.0", "1.51", "mismatch"},
		{WITHIN(COMPARE_JSON, 0, 0.01), "100.0", "101.0", "match"},
		{WITHIN(COMPARE_JSON, 0, 0.01), "100.0", "101.1", "mismatch"},
		{WITHIN(COMPARE_JSON, 0, 0.01), "0", "0.001", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 1), "1e400", "1e401", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 0.5), "1.7e308", "-1.7e308", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 1), "1", "\"1\"", "mismatch"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void whole_numbers_are_compared_digit_by_digit(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "9007199254740992", "9007199254740993", "mismatch"},
		{WITHIN(COMPARE_JSON, 0.5, 0), "9007199254740992", "9007199254740993", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 0), "9007199254740992", "9007199254740993", "match"},
		{WITHIN(COMPARE_JSON, 1, 0), "-9223372036854775808", "-9223372036854775807",
			"match"},
		{WITHIN(COMPARE_JSON, 1, 0), "-9223372036854775808", "9223372036854775807",
			"mismatch"},
		{WITHIN(COMPARE_JSON, 9, 0.5), "9223372036854775808", "9223372036854775807",
			"mismatch"},
		{WITHIN(COMPARE_JSON, 9, 0.5), "123456789012345678901234567890",
			"123456789012345678901234567891", "mismatch"},
		{JSON, "123456789012345678901234567890", "123456789012345678901234567890", "match"},
		{JSON, "1000000000000000000000", "1e21", "match"},
		{WITHIN(COMPARE_JSON, 0, 0.1), "100000000000000000000.0", "100000000000000000001",
			"match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void a_number_is_the_double_that_is_nearest_to_its_text(void **opaque)
{
	const struct compare_spec spec = JSON;
	struct compare_result result;
	char text[60];

	(void)opaque;
	for (int round = 0; round < 20000; round++) {
		double value = (double)(int64_t)(next_random(1u << 31)) *
			pow(10, (int)next_random(60) - 30);

		snprintf(text, sizeof(text), "%.*g", (int)next_random(17) + 1, value);
		compare_two(&spec, text, "1", &result);
		assert_true(result.production.number == strtod(text, NULL));
	}
}

static void nan_and_the_infinities_agree_with_themselves_only(void **opaque)
{
	const struct pair pairs[] = {
		{JSON, "[NaN,Infinity,-Infinity]", "[NaN,Infinity,-Infinity]", "match"},
		{WITHIN(COMPARE_JSON, 1, 1), "NaN", "1", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 1), "Infinity", "-Infinity", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 1), "Infinity", "1e999", "mismatch"},
		{WITHIN(COMPARE_JSON, 1, 1), "NaN", "null", "mismatch"},
		{CSV, "nan,inf,-INF", "NaN,+Infinity,-infinity", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void ignored_paths_do_not_count(void **opaque)
{
	const struct pair pairs[] = {
		{IGNORE("/t"), "{\"a\":1,\"t\":5}", "{\"a\":1,\"t\":[6]}", "match"},
		{IGNORE("/t"), "{\"a\":1,\"t\":5}", "{\"a\":1}", "match"},
		{IGNORE("/t"), "{\"a\":1,\"t\":5}", "{\"a\":2,\"t\":5}", "mismatch"},
		{IGNORE("/x/t"), "{\"x\":{\"t\":1},\"t\":1}", "{\"x\":{\"t\":2},\"t\":2}",
			"mismatch"},
		{IGNORE("/a~1b/m~0n"), "{\"a/b\":{\"m~n\":1}}", "{\"a/b\":{}}", "match"},
		{IGNORE("/*/t"), "[{\"t\":1},{\"t\":2}]", "[{\"t\":3},{}]", "match"},
		{IGNORE("/1"), "[1,2,3]", "[1,9,3]", "match"},
		{IGNORE("/1"), "[1,2]", "[1]", "mismatch"},
		{IGNORE("/01", "/-", "/99999999", "/"), "[1,2]", "[1,3]", "mismatch"},
		{IGNORE("/"), "{\"\":1}", "{}", "match"},
		{IGNORE("/a/b/c", "/*/*/*"), "1", "1", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void an_unordered_array_is_a_bag(void **opaque)
{
	const struct pair pairs[] = {
		{BAG(""), "[3,1,2]", "[1,2,3]", "match"},
		{BAG(""), "[1,1,2]", "[1,2,2]", "mismatch"},
		{BAG(""), "[1,2]", "[1,2,2]", "mismatch"},
		{BAG("/a"), "{\"a\":[1,\"x\",null]}", "{\"a\":[null,1,\"x\"]}", "match"},
		{BAG("/a"), "{\"a\":[1,2],\"b\":[1,2]}", "{\"a\":[2,1],\"b\":[2,1]}", "mismatch"},
		{BAG("", "/*"), "[[1,2],[3]]", "[[3],[2,1]]", "match"},
		{BAG("/a"), "{\"a\":1}", "{\"a\":1}", "match"},
		{{.kind = COMPARE_JSON, .absolute = 0.1, .unordered = LIST(""), .threshold = NAN},
			"[{\"x\":1.0,\"y\":2.0},{\"x\":1.01,\"y\":1.0}]",
			"[{\"x\":1.05,\"y\":2.0},{\"x\":1.0,\"y\":1.0}]", "match"},
		{{.kind = COMPARE_JSON, .absolute = 0.1, .unordered = LIST(""), .threshold = NAN},
			"[{\"x\":1.0,\"y\":2.0},{\"x\":1.01,\"y\":1.0}]",
			"[{\"x\":1.05,\"y\":2.0},{\"x\":1.0,\"y\":2.0}]", "mismatch"},
		{{.kind = COMPARE_JSON,
			 .ignore = LIST("/*/t"),
			 .unordered = LIST(""),
			 .threshold = NAN},
			"[{\"t\":1,\"a\":2},{\"t\":2,\"a\":1}]",
			"[{\"t\":1,\"a\":1},{\"t\":2,\"a\":2}]", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void csv_answers_agree_cell_by_cell(void **opaque)
{
	const struct pair pairs[] = {
		{CSV, "0.5", " 0.50\r\n", "match"},
		{CSV, "a,1\n\nb,2", "a,1.0\r\nb,+2.\r\n", "match"},
		{CSV, "\"a\"\"b,\nc\",1", "\"a\"\"b,\nc\",\"1\"", "match"},
		{CSV, "a, b", "a,b", "mismatch"},
		{CSV, "1,2", "1\n2", "mismatch"},
		{CSV, "1,", "1", "mismatch"},
		{CSV, "007", "7", "mismatch"},
		{CSV, "", "\n", "match"},
		{CSV, "", "\"\"", "mismatch"},
		{CSV, ".5,5.", "0.5,5", "match"},
		{CSV, ".", "0", "mismatch"},
		{CSV, "a\"b", "a", "not_parseable"},
		{CSV, "\"a\"b", "a", "not_parseable"},
		{CSV, "\"a", "a", "not_parseable"},
		{CSV, "a\rb", "a", "not_parseable"},
		{CSV, "\xff", "a", "not_parseable"},
		{WITHIN(COMPARE_CSV, 0.01, 0), "0.50,yes", "0.505,yes", "match"},
		{WITHIN(COMPARE_CSV, 0.01, 0), "0.50,yes", "0.52,yes", "mismatch"},
		{{.kind = COMPARE_CSV,
			 .ignore = LIST("/*/1"),
			 .unordered = LIST(""),
			 .threshold = NAN},
			"a,1\nb,2", "b,3\na,4", "match"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void a_pointer_is_known_by_its_form(void **opaque)
{
	(void)opaque;
	assert_true(compare_is_pointer(""));
	assert_true(compare_is_pointer("/a/~0~1/0"));
	assert_false(compare_is_pointer("a"));
	assert_false(compare_is_pointer("/a~"));
	assert_false(compare_is_pointer("/~2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_answers_agree_byte_for_byte),
		cmocka_unit_test(json_answers_agree_by_value_not_by_spelling),
		cmocka_unit_test(of_duplicate_keys_the_last_counts),
		cmocka_unit_test(a_zero_character_and_half_a_surrogate_are_characters),
		cmocka_unit_test(what_is_wrong_in_one_arm_cannot_be_compared),
		cmocka_unit_test(numbers_agree_within_the_tolerance),
		cmocka_unit_test(whole_numbers_are_compared_digit_by_digit),
		cmocka_unit_test(a_number_is_the_double_that_is_nearest_to_its_text),
		cmocka_unit_test(nan_and_the_infinities_agree_with_themselves_only),
		cmocka_unit_test(ignored_paths_do_not_count),
		cmocka_unit_test(an_unordered_array_is_a_bag),
		cmocka_unit_test(csv_answers_agree_cell_by_cell),
		cmocka_unit_test(a_pointer_is_known_by_its_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
