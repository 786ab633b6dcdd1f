/* What an answer predicts: labels, and numbers and their difference. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_agree_when_the_class_is_the_same),
		cmocka_unit_test(each_arms_label_and_number_are_told),
		cmocka_unit_test(a_label_that_is_too_long_is_none),
		cmocka_unit_test(numbers_tell_their_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
