#include "producer/json_scan.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_good(const char *text)
{
	size_t at;
	const char *why = "";
	if (json_scan(text, strlen(text), &at, &why) < 0)
		fail_msg("%s: %zu: %s", text, at, why);
}

static void assert_bad(const char *text, size_t expected_at, const char *expected_why)
{
	size_t at = 999;
	const char *why = "";
	assert_int_equal(json_scan(text, strlen(text), &at, &why), -1);
	assert_string_equal(why, expected_why);
	assert_int_equal(at, expected_at);
}

static void values_of_every_kind_are_json(void **state)
{
	(void)state;
	assert_good("{}");
	assert_good(" [ ] ");
	assert_good("{\"a\" : [1, -0.5e+10, true, false, null, \"x\"], \"\": {}}");
	assert_good("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u0000\"");
	assert_good("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	assert_good("123456789012345678901234567890");
}

static void what_is_wrong_is_named_with_its_offset(void **state)
{
	(void)state;
	assert_bad("", 0, "a value is missing");
	assert_bad("{\"a\":1,}", 7, "a member's name in quotes is missing");
	assert_bad("[1,]", 3, "not a JSON value");
	assert_bad("[1 2]", 3, "a comma or ] is missing");
	assert_bad("{\"a\":1", 6, "a comma or } is missing");
	assert_bad("{\"a\" 1}", 5, "a colon is missing");
	assert_bad("{a:1}", 1, "a member's name in quotes is missing");
	assert_bad("01", 1, "a number with a leading zero");
	assert_bad("1.", 2, "a digit is missing");
	assert_bad("-", 1, "a digit is missing");
	assert_bad("1e", 2, "a digit is missing");
	assert_bad("{} {}", 3, "text after the value");
	assert_bad("NaN", 0, "not a JSON value");
	assert_bad("tru", 0, "not a JSON value");
	assert_bad("\"a", 2, "a string without its closing quote");
	assert_bad("\"a\tb\"", 2, "a control character in a string");
	assert_bad("\"\\x\"", 2, "an escape that JSON does not know");
	assert_bad("\"\\u12g4\"", 5, "\\u without its four hexadecimal digits");
	assert_bad("\"\xff\"", 1, "not UTF-8");
	assert_bad("\"\xe2\x82\"", 1, "not UTF-8");
	assert_bad("\"\xc0\xaf\"", 1, "not UTF-8");
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	char text[2 * JSON_DEPTH_MAX + 4];
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	text[2 * JSON_DEPTH_MAX] = '\0';
	assert_good(text);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	assert_bad(text, JSON_DEPTH_MAX, "nested more than 256 deep");
}

static void a_number_is_what_json_calls_one(void **state)
{
	(void)state;
	static const char *const numbers[] = {"0", "-0", "7", "-12.50", "1e9", "1E-9", "0.001"};
	static const char *const others[] = {"", "-", "+1", "007", "1.", ".5", "1,5", " 1", "1 ",
		"0x1", "NaN", "inf", "1e", "--1", "\"1\"", "1a"};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		assert_true(json_scan_is_number(numbers[i], strlen(numbers[i])));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(json_scan_is_number(others[i], strlen(others[i])));
}

static void assert_member(const char *text, const char *name, const char *whole, const char *value)
{
	struct json_member member;
	assert_true(json_scan_member(text, strlen(text), name, &member));
	assert_int_equal(member.size, strlen(whole));
	assert_memory_equal(text + member.at, whole, member.size);
	assert_int_equal(member.value_size, strlen(value));
	assert_memory_equal(text + member.value_at, value, member.value_size);
}

static void a_member_is_found_where_it_stands(void **state)
{
	(void)state;
	assert_member(" {\"a\":1,\"b\" : [1, {\"c\": 2} ] }", "b", "\"b\" : [1, {\"c\": 2} ]",
		"[1, {\"c\": 2} ]");
	assert_member("{\"a\":1,\"a\":2}", "a", "\"a\":2", "2");
	assert_member("{\"\":\"x\"}", "", "\"\":\"x\"", "\"x\"");
}

static void only_the_outermost_object_is_searched(void **state)
{
	(void)state;
	struct json_member member;
	const char *text = "{\"a\":{\"b\":1},\"c\":[{\"b\":1}]}";
	assert_false(json_scan_member(text, strlen(text), "b", &member));
	assert_false(json_scan_member("[{\"b\":1}]", 9, "b", &member));
	assert_false(json_scan_member("\"b\"", 3, "b", &member));
}

static void what_another_parser_takes_is_taken(void **state)
{
	(void)state;
	static const char *const seeds[] = {"{\"a\":[1,2.5,\"x\"],\"b\":null}",
		"[true,{\"\\u0041\":-1e5},\"\xc3\xa4\"]", " {\"k\" : {} } "};
	static const char alphabet[] = "{}[]:,\"\\u019.eE+- \tatn\xc3\xa4";
	int n_good = 0;
	srand(8259);
	for (int round = 0; round < 60000; round++) {
		char text[64];
		size_t at;
		const char *why;
		strcpy(text, seeds[rand() % 3]);
		size_t size = strlen(text);
		for (int n = rand() % 3; n > 0; n--)
			text[(size_t)rand() % size] =
				alphabet[(size_t)rand() % (sizeof alphabet - 1)];
		json_t *json = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (json && json_scan(text, size, &at, &why) < 0)
			fail_msg("%s: %zu: %s", text, at, why);
		n_good += json != NULL;
		json_decref(json);
	}
	assert_true(n_good > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_kind_are_json),
		cmocka_unit_test(what_is_wrong_is_named_with_its_offset),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(a_number_is_what_json_calls_one),
		cmocka_unit_test(a_member_is_found_where_it_stands),
		cmocka_unit_test(only_the_outermost_object_is_searched),
		cmocka_unit_test(what_another_parser_takes_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
