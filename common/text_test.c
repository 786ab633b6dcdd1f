/* Values as people write them: what is taken, what is not, and that it comes back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct number_case {
	const char *text;
	int64_t value;
};

static void check_numbers(int (*parse)(const char *, int64_t *), const struct number_case *cases,
	size_t n, const char *const *bad, size_t n_bad)
{
	int64_t value;
	for (size_t i = 0; i < n; i++) {
		if (parse(cases[i].text, &value) < 0)
			fail_msg("\"%s\" was refused", cases[i].text);
		if (value != cases[i].value)
			fail_msg("\"%s\" was read as %lld", cases[i].text, (long long)value);
	}
	for (size_t i = 0; i < n_bad; i++) {
		if (parse(bad[i], &value) == 0)
			fail_msg("\"%s\" was taken as %lld", bad[i], (long long)value);
	}
}

static void a_whole_number_is_digits_with_a_sign_and_nothing_else(void **state)
{
	(void)state;
	static const struct number_case good[] = {{"0", 0}, {"-7", -7}, {"+12", 12}, {"007", 7},
		{"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
	static const char *const bad[] = {"", "-", "+-1", " 1", "1 ", "1.0", "0x10", "1e3", "ten",
		"9223372036854775808", "-9223372036854775809"};
	check_numbers(text_parse_int, good, N_ELEMENTS(good), bad, N_ELEMENTS(bad));
}

static void a_duration_has_a_unit_and_is_exact(void **state)
{
	(void)state;
	static const struct number_case good[] = {{"0", 0}, {"250us", 250}, {"5ms", 5000},
		{"2s", 2000000}, {"1.5s", 1500000}, {"0.000001s", 1}, {"10m", 600000000},
		{"1h", 3600000000}, {"7d", 604800000000}, {"0s", 0}, {"0.5m", 30000000},
		{"9223372036854775807us", INT64_MAX}};
	static const char *const bad[] = {"", "5", "s", "-5s", "5 s", "5S", "5sec", ".5s", "5.s",
		"1h30m", "0.5us", "1e3s", "0.0000001s", "9223372036854775808us", "106751992d",
		"99999999999999999999s", "1.99999999999999999999s"};
	check_numbers(text_parse_duration, good, N_ELEMENTS(good), bad, N_ELEMENTS(bad));
}

static void a_size_knows_both_kinds_of_units(void **state)
{
	(void)state;
	static const struct number_case good[] = {{"0", 0}, {"512", 512}, {"512B", 512},
		{"64KiB", 65536}, {"6MiB", 6 << 20}, {"1GiB", 1 << 30}, {"2TiB", 1LL << 41},
		{"100kB", 100000}, {"1MB", 1000000}, {"1.5KiB", 1536}};
	static const char *const bad[] = {
		"", "KiB", "-1", "1.5", "1 KiB", "1kib", "1K", "8388608TiB", "9223372036854775808"};
	check_numbers(text_parse_size, good, N_ELEMENTS(good), bad, N_ELEMENTS(bad));
}

static void a_time_is_rfc_3339_with_real_days(void **state)
{
	(void)state;
	static const struct number_case good[] = {{"1970-01-01T00:00:00Z", 0},
		{"2026-01-31T12:00:00Z", 1769860800000000},
		{"2026-01-31T14:00:00+02:00", 1769860800000000},
		{"2026-01-31T09:30:00-02:30", 1769860800000000},
		{"2026-01-31t12:00:00.5z", 1769860800500000},
		{"2026-01-31 12:00:00.123456789Z", 1769860800123456},
		{"1969-12-31T23:59:59.999999Z", -1}, {"2024-02-29T00:00:00Z", 1709164800000000},
		{"2016-12-31T23:59:60Z", 1483228800000000},
		{"0000-01-01T00:00:00Z", -62167219200000000},
		{"9999-12-31T23:59:59Z", 253402300799000000}};
	static const char *const bad[] = {"", "2026-01-31", "2026-01-31T12:00:00",
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00Zz",
		"26-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00", "2026-1-01T00:00:00Z", "now"};
	check_numbers(text_parse_time, good, N_ELEMENTS(good), bad, N_ELEMENTS(bad));
}

static void a_number_is_finite_and_decimal(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "nan", "inf", "0x1p3", " 1", "1 ", "1,5", "e5", "-", "1e999", "1.5.2"};
	double value;
	assert_int_equal(text_parse_double("12.5", &value), 0);
	assert_true(value == 12.5);
	assert_int_equal(text_parse_double("-1e-3", &value), 0);
	assert_true(value == -0.001);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(text_parse_double(bad[i], &value), -1);
}

static void a_truth_has_eight_spellings(void **state)
{
	(void)state;
	static const char *const yes[] = {"true", "yes", "on", "1", "TRUE"};
	static const char *const no[] = {"false", "no", "off", "0", "No"};
	bool value;
	for (size_t i = 0; i < N_ELEMENTS(yes); i++) {
		assert_int_equal(text_parse_bool(yes[i], &value), 0);
		assert_true(value);
		assert_int_equal(text_parse_bool(no[i], &value), 0);
		assert_false(value);
	}
	assert_int_equal(text_parse_bool("", &value), -1);
	assert_int_equal(text_parse_bool("2", &value), -1);
}

static void a_duration_is_written_short_and_read_back_the_same(void **state)
{
	(void)state;
	static const struct number_case cases[] = {{"0", 0}, {"250us", 250}, {"1ms", 1000},
		{"1.5ms", 1500}, {"1.5s", 1500000}, {"90s", 90000000}, {"2m", 120000000},
		{"1h", 3600000000}, {"36h", 129600000000}, {"7d", 604800000000},
		{"3600.000001s", 3600000001}, {"9223372036854.775807s", INT64_MAX}};
	char buffer[TEXT_MAX];
	int64_t value;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_string_equal(text_format_duration(cases[i].value, buffer), cases[i].text);
		assert_int_equal(text_parse_duration(buffer, &value), 0);
		assert_true(value == cases[i].value);
	}
	assert_string_equal(text_format_duration(-1500000, buffer), "-1.5s");
	assert_string_equal(text_format_duration(INT64_MIN, buffer), "-9223372036854775808us");
}

static void a_size_and_a_time_are_written_short(void **state)
{
	(void)state;
	char buffer[TEXT_MAX];
	assert_string_equal(text_format_size(0, buffer), "0");
	assert_string_equal(text_format_size(1000, buffer), "1000");
	assert_string_equal(text_format_size(1024, buffer), "1KiB");
	assert_string_equal(text_format_size(6 << 20, buffer), "6MiB");
	assert_string_equal(text_format_size(1536, buffer), "1536");
	assert_string_equal(text_format_time(0, buffer), "1970-01-01T00:00:00Z");
	assert_string_equal(text_format_time(1769860800500000, buffer), "2026-01-31T12:00:00.5Z");
	assert_string_equal(text_format_time(-1, buffer), "1969-12-31T23:59:59.999999Z");
	assert_true(strlen(text_format_time(INT64_MAX, buffer)) < TEXT_MAX);
	assert_true(strlen(text_format_time(INT64_MIN, buffer)) < TEXT_MAX);
}

static void the_nearest_word_is_proposed_only_when_it_is_near(void **state)
{
	(void)state;
	static const char *const words[] = {"brokers", "prefix", "log.level", "log.format", "t"};
	size_t n = N_ELEMENTS(words);
	assert_string_equal(text_nearest("brokrs", words, n), "brokers");
	assert_string_equal(text_nearest("BROKERS", words, n), "brokers");
	assert_string_equal(text_nearest("borkers", words, n), "brokers");
	assert_string_equal(text_nearest("log.levle", words, n), "log.level");
	assert_null(text_nearest("sampling", words, n));
	assert_null(text_nearest("x", words, n));
	assert_null(text_nearest("", words, n));
	assert_null(text_nearest("brokers", words, 0));
	char endless[200];
	memset(endless, 'b', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(text_nearest(endless, words, n));
}

static void names_and_visible_text_have_bounds(void **state)
{
	(void)state;
	char name[102];
	memset(name, 'a', sizeof(name) - 1);
	name[101] = '\0';
	assert_false(text_is_name(name));
	name[100] = '\0';
	assert_true(text_is_name(name));
	assert_true(text_is_name("churn-v2_B"));
	assert_false(text_is_name(""));
	assert_false(text_is_name("a.b"));
	assert_false(text_is_name("a b"));
	assert_true(text_is_visible("~!a", 3, 3));
	assert_false(text_is_visible("abcd", 4, 3));
	assert_false(text_is_visible("", 0, 3));
	assert_false(text_is_visible("a b", 3, 8));
	assert_false(text_is_visible("a\x7f", 2, 8));
	assert_false(text_is_visible("\xc3\xa4", 2, 8));
}

static void the_environment_fills_in_and_what_is_not_set_is_named(void **state)
{
	(void)state;
	char problem[256] = "";
	setenv("UMBRA_TEXT_A", "geheim", 1);
	setenv("UMBRA_TEXT_B", "${UMBRA_TEXT_A}", 1);
	char *text = text_expand("x${UMBRA_TEXT_A}$${UMBRA_TEXT_B}$", problem, sizeof(problem));
	assert_string_equal(text, "xgeheim$${UMBRA_TEXT_A}$");
	free(text);
	assert_null(text_expand("${UMBRA_TEXT_A}${UMBRA_TEXT_NONE}", problem, sizeof(problem)));
	assert_string_equal(problem,
		"the environment variable UMBRA_TEXT_NONE is not set; set it, or write the value "
		"in its "
		"place");
	assert_null(text_expand("${UMBRA", problem, sizeof(problem)));
	assert_string_equal(problem, "a ${ has no } behind it");
	assert_null(text_expand("${}", problem, sizeof(problem)));
	assert_string_equal(problem, "a ${NAME} has no usable name");
}

static char *read_secret_of(const char *content, size_t size, char *problem, size_t problem_size)
{
	char path[] = P_tmpdir "/umbra-secret-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), (ssize_t)size);
	close(fd);
	char *secret = text_read_secret(path, problem, problem_size);
	unlink(path);
	return secret;
}

static void a_secret_is_the_first_line_of_its_file(void **state)
{
	(void)state;
	static const char *const files[] = {"token\nnext\n", "token\r\n", "token"};
	char problem[256] = "";
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		char *secret = read_secret_of(files[i], strlen(files[i]), problem, sizeof(problem));
		assert_string_equal(secret, "token");
		free(secret);
	}
}

static void a_secret_that_is_no_line_is_refused_without_a_word_of_it(void **state)
{
	(void)state;
	char problem[256] = "", *big = calloc(1, 70000);
	memset(big, 's', 70000);
	assert_null(read_secret_of(big, 70000, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "more than 64 KiB"));
	assert_null(strstr(problem, "sss"));
	assert_null(read_secret_of("", 0, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "empty first line"));
	assert_null(read_secret_of("a\0b\n", 4, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "NUL byte"));
	assert_null(text_read_secret("/nowhere/token", problem, sizeof(problem)));
	assert_string_equal(problem, "cannot read /nowhere/token: No such file or directory");
	assert_null(text_read_secret("/", problem, sizeof(problem)));
	assert_string_equal(problem, "/ cannot be read");
	free(big);
}

static void counts_are_grouped_for_people(void **state)
{
	(void)state;
	char text[32];
	assert_string_equal(text_format_int(0, text), "0");
	assert_string_equal(text_format_int(-70, text), "-70");
	assert_string_equal(text_format_int(INT64_MAX, text), "9223372036854775807");
	assert_string_equal(text_format_int(INT64_MIN, text), "-9223372036854775808");
	assert_string_equal(text_format_count(0, text), "0");
	assert_string_equal(text_format_count(999, text), "999");
	assert_string_equal(text_format_count(1000, text), "1,000");
	assert_string_equal(text_format_count(-123456, text), "-123,456");
	assert_string_equal(text_format_count(INT64_MAX, text), "9,223,372,036,854,775,807");
}

static void a_list_has_the_names_between_its_commas(void **opaque)
{
	(void)opaque;
	assert_true(text_lists(NULL, "v1"));
	assert_true(text_lists("v1", "v1"));
	assert_true(text_lists("v1,v2", "v1"));
	assert_true(text_lists("v1,v2", "v2"));
	assert_true(text_lists(",,v2,", "v2"));
	assert_false(text_lists("v1,v22", "v2"));
	assert_false(text_lists("v22,v1", "v2"));
	assert_false(text_lists("", "v2"));
	assert_false(text_lists("v1, v2", "v2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_grouped_for_people),
		cmocka_unit_test(a_whole_number_is_digits_with_a_sign_and_nothing_else),
		cmocka_unit_test(a_duration_has_a_unit_and_is_exact),
		cmocka_unit_test(a_size_knows_both_kinds_of_units),
		cmocka_unit_test(a_time_is_rfc_3339_with_real_days),
		cmocka_unit_test(a_number_is_finite_and_decimal),
		cmocka_unit_test(a_truth_has_eight_spellings),
		cmocka_unit_test(a_duration_is_written_short_and_read_back_the_same),
		cmocka_unit_test(a_size_and_a_time_are_written_short),
		cmocka_unit_test(the_nearest_word_is_proposed_only_when_it_is_near),
		cmocka_unit_test(names_and_visible_text_have_bounds),
		cmocka_unit_test(the_environment_fills_in_and_what_is_not_set_is_named),
		cmocka_unit_test(a_secret_is_the_first_line_of_its_file),
		cmocka_unit_test(a_secret_that_is_no_line_is_refused_without_a_word_of_it),
		cmocka_unit_test(a_list_has_the_names_between_its_commas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
