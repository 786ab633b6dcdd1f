/* What agrees and what does not, as compare.h defines it: a table of tricky pairs, each compared in
 * both directions, and properties on random answers. */
#include "common/compare.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIST(...) \
	{ \
		(char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
	}
#define EXACT \
	{ \
		.kind = COMPARE_EXACT, .threshold = NAN \
	}
#define JSON \
	{ \
		.kind = COMPARE_JSON, .threshold = NAN \
	}
#define CSV \
	{ \
		.kind = COMPARE_CSV, .threshold = NAN \
	}
#define WITHIN(kind_, absolute_, relative_) \
	{ \
		.kind = (kind_), .absolute = (absolute_), .relative = (relative_), \
		.threshold = NAN \
	}
#define IGNORE(...) \
	{ \
		.kind = COMPARE_JSON, .ignore = LIST(__VA_ARGS__), .threshold = NAN \
	}
#define BAG(...) \
	{ \
		.kind = COMPARE_JSON, .unordered = LIST(__VA_ARGS__), .threshold = NAN \
	}
#define LABEL(path) \
	{ \
		.kind = COMPARE_LABEL, .label = (path), .threshold = NAN \
	}
#define THRESHOLD(path, from) \
	{ \
		.kind = COMPARE_LABEL, .label = (path), .threshold = (from) \
	}

struct pair {
	struct compare_spec spec;
	const char *one, *other;
	const char *wanted; /* "match", "mismatch", or the reason */
};

static struct compare_answer answer(const char *body)
{
	return (struct compare_answer){.outcome = OUTCOME_OK,
		.status_code = 200,
		.content_type = "",
		.body = body,
		.body_size = strlen(body),
		.size = (int64_t)strlen(body)};
}

static const char *verdict_of(const struct compare_result *result)
{
	if (result->verdict == COMPARE_NOT_COMPARABLE)
		return compare_reason_name(result->reason);
	return result->verdict == COMPARE_MATCH ? "match" : "mismatch";
}

static void check(const struct compare_spec *spec, const struct compare_answer *one,
	const struct compare_answer *other, const char *wanted)
{
	struct compare_result result;

	compare_answers(spec, one, other, &result);
	if (strcmp(wanted, verdict_of(&result)) != 0)
		fail_msg("%.60s and %.60s: %s, not %s", (const char *)one->body,
			(const char *)other->body, verdict_of(&result), wanted);
}

static void check_pairs(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct compare_answer one = answer(pairs[i].one), other = answer(pairs[i].other);

		check(&pairs[i].spec, &one, &other, pairs[i].wanted);
		check(&pairs[i].spec, &other, &one, pairs[i].wanted);
	}
}
#define CHECK_PAIRS(pairs) check_pairs(pairs, sizeof(pairs) / sizeof((pairs)[0]))

static void compare_two(const struct compare_spec *spec, const char *one, const char *other,
	struct compare_result *result)
{
	struct compare_answer production = answer(one), candidate = answer(other);

	compare_answers(spec, &production, &candidate, result);
}

static uint64_t random_state = 88172645463325252;

static unsigned next_random(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % n);
}

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

static void labels_agree_when_the_class_is_the_same(void **opaque)
{
	const struct pair pairs[] = {
		{LABEL("/label"), "{\"label\":\"yes\",\"p\":1}", "{\"label\":\"yes\",\"p\":2}",
			"match"},
		{LABEL("/label"), "{\"label\":\"yes\"}", "{\"label\":\"no\"}", "mismatch"},
		{LABEL("/label"), "{\"label\":1}", "{\"label\":1.0}", "match"},
		{LABEL("/label"), "{\"label\":true}", "{\"label\":false}", "mismatch"},
		{LABEL("/label"), "{\"label\":null}", "{\"label\":\"no\"}", "no_label"},
		{LABEL("/label"), "{}", "{\"label\":\"no\"}", "no_label"},
		{LABEL("/label"), "{\"label\":\"\"}", "{\"label\":\"\"}", "no_label"},
		{LABEL("/label"), "{\"label\":\"a\\u0000\"}", "{\"label\":\"a\"}", "no_label"},
		{LABEL("/p"), "{\"p\":[0.1,0.7,0.2]}", "{\"p\":[0.3,0.4,0.3]}", "match"},
		{LABEL("/p"), "{\"p\":[0.1,0.7]}", "{\"p\":[0.7,0.1]}", "mismatch"},
		{LABEL("/p"), "{\"p\":[0.1,NaN]}", "{\"p\":[0.7,0.1]}", "no_label"},
		{LABEL("/p"), "{\"p\":[]}", "{\"p\":[0.7,0.1]}", "no_label"},
		{LABEL("/p"), "{\"p\":[0.5,0.5]}", "{\"p\":[1,0]}", "match"},
		{THRESHOLD("", 0.5), "0.5", "[[0.9]]", "match"},
		{THRESHOLD("", 0.5), "0.49", "0.5", "mismatch"},
		{THRESHOLD("", 0.5), "NaN", "0.5", "no_label"},
		{THRESHOLD("", 0.5), "\"x\"", "0.5", "no_label"},
		{THRESHOLD("", 0.5), "[0.1,0.2]", "0.5", "no_label"},
		{LABEL("2"), "0.1,yes", "0.9,yes\n", "match"},
		{LABEL("2"), "0.1,yes", "0.1", "no_label"},
		{LABEL("0"), "a", "a", "no_label"},
		{LABEL("1"), "a\nb", "a\nb", "no_label"},
		{LABEL("class"), "p,class\n0.1,yes", "class\nyes", "match"},
		{LABEL("class"), "p,class\n0.1,yes", "class\nno", "mismatch"},
		{LABEL("class"), "p\n0.1", "class\nno", "no_label"},
		{LABEL("/x"), "{", "{}", "not_parseable"},
	};

	(void)opaque;
	CHECK_PAIRS(pairs);
}

static void each_arms_label_and_number_are_told(void **opaque)
{
	const struct compare_spec spec = THRESHOLD("/p", 0.5), list = LABEL("/p");
	static const struct compare_spec number = LABEL("");
	struct compare_result result;

	(void)opaque;
	compare_two(&spec, "{\"p\":0.25}", "{\"p\":0.75}", &result);
	assert_string_equal("0", result.production.label);
	assert_string_equal("1", result.candidate.label);
	assert_true(result.has_difference && result.difference == 0.5);
	assert_true(result.production.has_number && result.production.number == 0.25);
	compare_two(&list, "{\"p\":[0,1]}", "{\"p\":[1,0]}", &result);
	assert_string_equal("1", result.production.label);
	assert_string_equal("0", result.candidate.label);
	assert_false(result.has_difference || result.production.has_number);
	compare_two(&number, "-12345678901234567890000", "-0.0", &result);
	assert_string_equal("-12345678901234567890000", result.production.label);
	assert_string_equal("0", result.candidate.label);
	compare_two(&number, "0.1", "1e17", &result);
	assert_string_equal("0.1", result.production.label);
	assert_string_equal("100000000000000000", result.candidate.label);
}

static void a_label_that_is_too_long_is_none(void **opaque)
{
	const struct compare_spec spec = LABEL("");
	char body[200];
	struct compare_result result;

	(void)opaque;
	for (int size = 100; size <= 101; size++) {
		snprintf(body, sizeof(body), "\"%0*d\"", size, 7);
		compare_two(&spec, body, body, &result);
		assert_string_equal(size == 100 ? "match" : "no_label", verdict_of(&result));
		snprintf(body, sizeof(body), "1%0*d", size - 1, 7);
		compare_two(&spec, body, body, &result);
		assert_string_equal(size == 100 ? "match" : "no_label", verdict_of(&result));
	}
}

static void numbers_tell_their_difference(void **opaque)
{
	static const struct {
		const char *one, *other;
		bool has;
		double difference;
	} cases[] = {
		{"1", "3", true, 2},
		{"[0.5]", "0.25", true, -0.25},
		{"9007199254740993", "9007199254740992", true, -1},
		{"-9223372036854775808", "9223372036854775807", true, 18446744073709551615.0},
		{"1e308", "-1e308", false, 0},
		{"1e999", "1", false, 0},
		{"NaN", "1", false, 0},
		{"\"1\"", "1", false, 0},
		{"[1,2]", "1", false, 0},
	};
	const struct compare_spec spec = JSON;
	struct compare_result result;

	(void)opaque;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		compare_two(&spec, cases[i].one, cases[i].other, &result);
		if (cases[i].one[0] != '-' || cases[i].has)
			assert_int_equal(cases[i].has && isfinite(cases[i].difference),
				result.has_difference);
		if (result.has_difference)
			assert_true(cases[i].difference == result.difference);
	}
}

static void one_arm_alone_can_be_asked_for_its_label(void **opaque)
{
	const struct compare_spec spec = THRESHOLD("/p", 0.5);
	struct compare_prediction prediction;
	struct compare_answer asked = answer("{\"p\":0.75}");

	(void)opaque;
	assert_int_equal(COMPARE_NO_REASON, compare_predict(&spec, &asked, &prediction));
	assert_string_equal("1", prediction.label);
	assert_true(prediction.number == 0.75);
	asked.outcome = OUTCOME_TIMEOUT;
	assert_int_equal(COMPARE_PRODUCTION_FAILED, compare_predict(&spec, &asked, &prediction));
	asked = answer("{\"q\":0.75}");
	assert_int_equal(COMPARE_NO_LABEL, compare_predict(&spec, &asked, &prediction));
	asked.size = 100000;
	assert_int_equal(COMPARE_TOO_LARGE, compare_predict(&spec, &asked, &prediction));
}

static void each_arm_may_wrap_its_answer_in_its_own_way(void **opaque)
{
	const struct compare_spec spec = {
		.kind = COMPARE_JSON, .ignore = LIST("/t"), .threshold = NAN};
	struct compare_answer one = answer("{\"out\":[{\"p\":1,\"t\":3}]}");
	struct compare_answer other = answer("{\"p\":1.0,\"t\":4}");

	(void)opaque;
	one.answer_path = "/out/0";
	check(&spec, &one, &other, "match");
	one.answer_path = "/out/1";
	check(&spec, &one, &other, "no_answer");
	one.answer_path = "/out/0";
	other.answer_path = "/p";
	check(&spec, &one, &other, "mismatch");
}

static void without_a_kind_the_content_type_decides(void **opaque)
{
	static const struct {
		const char *one, *other, *wanted;
	} cases[] = {
		{"application/json", "Application/JSON; charset=utf-8", "match"},
		{"application/problem+json", "text/json", "match"},
		{"text/csv", "text/plain;header=absent", "match"},
		{"application/octet-stream", "", "mismatch"},
		{"application/json", "text/csv", "different_types"},
		{"application/json", "", "different_types"},
	};
	const struct compare_spec spec = {.kind = COMPARE_AUTO, .threshold = NAN};
	struct compare_answer one = answer("1"), other = answer("1.0");

	(void)opaque;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		one.content_type = cases[i].one;
		other.content_type = cases[i].other;
		check(&spec, &one, &other, cases[i].wanted);
	}
}

static void a_failed_arm_is_a_reason_and_never_a_mismatch(void **opaque)
{
	const struct compare_spec spec = JSON;
	struct compare_answer good = answer("1"), bad = answer("1");

	(void)opaque;
	bad.outcome = OUTCOME_SERVER_ERROR;
	check(&spec, &bad, &good, "production_failed");
	check(&spec, &good, &bad, "candidate_failed");
	check(&spec, &bad, &bad, "both_failed");
}

static void the_status_is_compared_of_failures_too(void **opaque)
{
	const struct compare_spec spec = {.kind = COMPARE_STATUS, .threshold = NAN};
	struct compare_answer one = answer("1"), other = answer("2");

	(void)opaque;
	check(&spec, &one, &other, "match");
	other.outcome = OUTCOME_CLIENT_ERROR;
	other.status_code = 404;
	check(&spec, &one, &other, "mismatch");
	check(&spec, &other, &other, "match");
	other.outcome = OUTCOME_TIMEOUT;
	check(&spec, &one, &other, "candidate_failed");
}

static void answers_that_are_not_carried_are_compared_by_digest(void **opaque)
{
	static const uint8_t a[16] = {1}, b[16] = {2};
	static const struct compare_spec exact = EXACT, json = JSON, label = LABEL("");
	struct compare_answer one = {.outcome = OUTCOME_OK, .size = 100000, .digest = a};
	struct compare_answer other = one;

	(void)opaque;
	check(&exact, &one, &other, "match");
	check(&json, &one, &other, "match");
	check(&label, &one, &other, "too_large");
	other.answer_path = "/x";
	check(&json, &one, &other, "too_large");
	other.answer_path = NULL;
	other.digest = b;
	check(&exact, &one, &other, "mismatch");
	check(&json, &one, &other, "too_large");
	other.digest = NULL;
	check(&exact, &one, &other, "too_large");
	other = answer("1");
	check(&exact, &one, &other, "mismatch");
	check(&json, &one, &other, "too_large");
}

/* `n` times `unit`, between two other texts; freed by the caller. */
static char *repeat(const char *before, const char *unit, size_t n, const char *after)
{
	char *text = malloc(strlen(before) + n * strlen(unit) + strlen(after) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, before);
	for (size_t i = 0; i < n; i++)
		to = stpcpy(to, unit);
	stpcpy(to, after);
	return text;
}

static void check_text(struct compare_spec spec, char *text, const char *wanted)
{
	struct compare_answer one = answer(text);

	check(&spec, &one, &one, wanted);
	free(text);
}

static void what_exceeds_a_bound_is_too_complex(void **opaque)
{
	struct compare_spec json = JSON, csv = CSV;
	char *inner;

	(void)opaque;
	inner = repeat("", "[", 128, "1");
	check_text(json, repeat(inner, "]", 128, ""), "match");
	free(inner);
	check_text(json, repeat("", "[", 129, ""), "too_complex");
	check_text(json, repeat("", "{\"a\":", 200000, ""), "too_complex");
	check_text(json, repeat("[0", ",0", COMPARE_NODES_MAX - 2, "]"), "match");
	check_text(json, repeat("[0", ",0", COMPARE_NODES_MAX - 1, "]"), "too_complex");
	check_text(csv, repeat("", "1\n", COMPARE_NODES_MAX, ""), "too_complex");
}

/* `n` rows that nearly pair, so that each pair of them is tried element by element. */
static char *hostile_bag(const char *first, const char *last, size_t n)
{
	char *row = repeat(first, ",1", 60, last), *text = repeat("[0", row, n, "]");

	free(row);
	return text;
}

static void a_hostile_bag_costs_no_more_than_the_allowance(void **opaque)
{
	const struct compare_spec spec = {.kind = COMPARE_JSON,
		.absolute = 0.1,
		.unordered = LIST("", "/*", "/*/*"),
		.threshold = NAN};
	char *one = hostile_bag(",[[1", "],[2]]", 60), *other = hostile_bag(",[[2", "],[1]]", 60);
	struct compare_result result;

	(void)opaque;
	compare_two(&spec, one, other, &result);
	assert_string_equal("too_complex", verdict_of(&result));
	compare_two(&spec, other, one, &result);
	assert_string_equal("too_complex", verdict_of(&result));
	compare_two(&spec, one, one, &result);
	assert_string_equal("match", verdict_of(&result));
	free(one);
	free(other);
}

/* Random answers: small, so that they often nearly agree. */
static void write_value(FILE *out, unsigned depth)
{
	static const char *const scalars[] = {"0", "1", "1.0", "1.05", "-0", "NaN", "Infinity",
		"1e400", "9223372036854775808", "9223372036854775807", "\"\"", "\"a\"",
		"\"\\u0000\"", "\"\\ud800\"", "null", "true", "false", "", "01"};
	static const char *const names[] = {"a", "b", "", "a"};
	unsigned kind = depth > 3 ? 0 : next_random(3), n = next_random(4);

	if (kind == 0) {
		fputs(scalars[next_random(
			      next_random(20) > 0 ? 17 : sizeof(scalars) / sizeof(scalars[0]))],
			out);
		return;
	}
	fputs(kind == 1 ? "[" : "{", out);
	for (unsigned i = 0; i < n; i++) {
		fputs(i > 0 ? "," : "", out);
		if (kind == 2)
			fprintf(out, "\"%s\":", names[next_random(4)]);
		write_value(out, depth + 1);
	}
	fputs(kind == 1 ? "]" : "}", out);
}

static char *random_answer(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write_value(out, 0);
	fclose(out);
	return text;
}

static const struct compare_spec property_specs[] = {
	EXACT,
	JSON,
	CSV,
	WITHIN(COMPARE_JSON, 0.05, 0.01),
	IGNORE("/a", "/*/a", "/0"),
	BAG("", "/*", "/*/*", "/a/a"),
	{.kind = COMPARE_JSON,
		.absolute = 0.06,
		.unordered = LIST("", "/*", "/*/*"),
		.threshold = NAN},
	LABEL(""),
	LABEL("/a"),
	LABEL("1"),
	THRESHOLD("", 0.5),
};

static void check_symmetry(const struct compare_spec *spec, const char *a, const char *b)
{
	struct compare_result there, back;

	compare_two(spec, a, b, &there);
	compare_two(spec, b, a, &back);
	if (there.verdict != back.verdict || there.reason != back.reason ||
		there.has_difference != back.has_difference ||
		strcmp(there.production.label, back.candidate.label) != 0 ||
		strcmp(there.candidate.label, back.production.label) != 0)
		fail_msg("kind %d: %s and %s: not the same both ways", spec->kind, a, b);
	if (there.has_difference)
		assert_true(there.difference == -back.difference);
}

static void comparison_is_symmetric_and_reflexive(void **opaque)
{
	struct compare_result result;

	(void)opaque;
	for (int round = 0; round < 20000; round++) {
		const struct compare_spec *spec = &property_specs[(size_t)round %
			(sizeof(property_specs) / sizeof(property_specs[0]))];
		char *a = random_answer(), *b = random_answer();

		compare_two(spec, a, a, &result);
		if (result.verdict == COMPARE_MISMATCH)
			fail_msg("kind %d: %s differs from itself", spec->kind, a);
		check_symmetry(spec, a, b);
		free(a);
		free(b);
	}
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
		cmocka_unit_test(labels_agree_when_the_class_is_the_same),
		cmocka_unit_test(each_arms_label_and_number_are_told),
		cmocka_unit_test(a_label_that_is_too_long_is_none),
		cmocka_unit_test(numbers_tell_their_difference),
		cmocka_unit_test(one_arm_alone_can_be_asked_for_its_label),
		cmocka_unit_test(each_arm_may_wrap_its_answer_in_its_own_way),
		cmocka_unit_test(without_a_kind_the_content_type_decides),
		cmocka_unit_test(a_failed_arm_is_a_reason_and_never_a_mismatch),
		cmocka_unit_test(the_status_is_compared_of_failures_too),
		cmocka_unit_test(answers_that_are_not_carried_are_compared_by_digest),
		cmocka_unit_test(what_exceeds_a_bound_is_too_complex),
		cmocka_unit_test(a_hostile_bag_costs_no_more_than_the_allowance),
		cmocka_unit_test(comparison_is_symmetric_and_reflexive),
		cmocka_unit_test(a_pointer_is_known_by_its_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
