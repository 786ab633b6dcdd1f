/* The log: three layouts, no forged lines, and a storm that stays a few lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char captured[1 << 20];
static int real_stderr;

static void capture_start(void)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	log_flush();
	real_stderr = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	fclose(file);
}

static const char *capture_end(void)
{
	lseek(STDERR_FILENO, 0, SEEK_SET);
	ssize_t n = read(STDERR_FILENO, captured, sizeof(captured) - 1);
	captured[n > 0 ? n : 0] = '\0';
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	return captured;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* What follows the time, which looks like 2026-01-31T12:00:00.000Z. */
static const char *after_time(const char *line)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";
	for (size_t i = 0; shape[i]; i++) {
		bool is_digit = line[i] >= '0' && line[i] <= '9';
		assert_true(shape[i] == '0' ? is_digit : line[i] == shape[i]);
	}
	return line + strlen(shape);
}

static void a_text_line_has_time_level_program_object_and_message(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	capture_start();
	log_info("endpoint churn", "%d requests", 3);
	log_info(NULL, "ready");
	const char *text = capture_end();
	assert_int_equal(
		strncmp(after_time(text), " info  umbra-test: endpoint churn: 3 requests\n", 46),
		0);
	assert_string_equal(after_time(strchr(text, '\n') + 1), " info  umbra-test: ready\n");
}

static void a_logfmt_line_quotes_its_text(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_LOGFMT, LOG_INFO);
	capture_start();
	log_info("topic a/3", "say \"%s\"", "a\\b");
	const char *text = capture_end();
	assert_int_equal(strncmp(text, "time=", 5), 0);
	assert_string_equal(after_time(text + 5),
		" level=info program=umbra-test object=\"topic a/3\" msg=\"say \\\"a\\\\b\\\"\"\n");
}

static void a_json_line_is_json_whatever_it_holds(void **state)
{
	(void)state;
	char evil[300], text[32768];
	for (int i = 0; i < 255; i++)
		evil[i] = (char)(i + 1);
	evil[255] = '\0';
	strncat(evil, "\xe2\x80\xa8\xf0\x9f\x98\x80\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80\xe2\x80",
		sizeof(evil) - 256);
	log_open("umbra-test", LOG_JSON, LOG_INFO);
	capture_start();
	log_info(evil, "%s", evil);
	snprintf(text, sizeof(text), "%s", capture_end());
	assert_int_equal(count_lines(text), 1);
	json_error_t error;
	json_t *line = json_loads(text, 0, &error);
	if (!line)
		fail_msg("%s: %s", error.text, text);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
	assert_string_equal(json_string_value(json_object_get(line, "program")), "umbra-test");
	const char *message = json_string_value(json_object_get(line, "message"));
	assert_non_null(strstr(message, "\xf0\x9f\x98\x80"));
	assert_non_null(strstr(message, "\xe2\x80\xa8"));
	assert_non_null(strstr(message, "\xef\xbf\xbd"));
	assert_string_equal(json_string_value(json_object_get(line, "object")), message);
	json_decref(line);
}

/* The value of `key="..."` at *at, which moves behind it; a quoted value is a JSON string. */
static json_t *take_quoted(const char **at, const char *key)
{
	size_t size = strlen(key);
	assert_memory_equal(*at, key, size);
	const char *from = *at + size, *to = from + 1;
	assert_int_equal(*from, '"');
	while (*to && *to != '"')
		to += *to == '\\' && to[1] ? 2 : 1;
	assert_int_equal(*to, '"');
	*at = to + 1;
	return json_loadb(from, (size_t)(to + 1 - from), JSON_DECODE_ANY, NULL);
}

/* An object and a message out of what may break a line, or its quotes. */
static void make_hostile(char *text, size_t size)
{
	static const char *const parts[] = {"\"", "\\", " ", "=", "\n", "\t", "\x1b", "\x7f",
		"\" level=debug x=\"", "{", "\xc3\xa4", "a", "\\u0022", "msg=", "\xe2\x80\xa8",
		"\xc2\x85", "'", ","};
	text[0] = '\0';
	for (int n = rand() % 12; n > 0; n--)
		snprintf(text + strlen(text), size - strlen(text), "%s", parts[rand() % 18]);
}

static void logfmt_gives_back_whatever_was_written(void **state)
{
	char object[300], message[300];
	(void)state;
	srand(5);
	log_open("umbra-test", LOG_LOGFMT, LOG_INFO);
	for (int round = 0; round < 2000; round++) {
		make_hostile(object, sizeof(object));
		make_hostile(message, sizeof(message));
		capture_start();
		log_info(object, "%s", message);
		const char *text = capture_end(), *at = strchr(text, ' ');
		assert_int_equal(strncmp(at, " level=info program=umbra-test object=", 38), 0);
		at += 31;
		json_t *first = take_quoted(&at, "object=");
		json_t *second = take_quoted(&at, " msg=");
		assert_string_equal(json_string_value(first), object);
		assert_string_equal(json_string_value(second), message);
		assert_string_equal(at, "\n");
		json_decref(first);
		json_decref(second);
	}
}

static void json_gives_back_whatever_was_written(void **state)
{
	char object[300], message[300];
	(void)state;
	srand(6);
	log_open("umbra-test", LOG_JSON, LOG_INFO);
	for (int round = 0; round < 2000; round++) {
		make_hostile(object, sizeof(object));
		make_hostile(message, sizeof(message));
		capture_start();
		log_info(object, "%s", message);
		const char *text = capture_end();
		assert_int_equal(count_lines(text), 1);
		json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_int_equal(json_object_size(line), 5);
		assert_string_equal(json_string_value(json_object_get(line, "object")), object);
		assert_string_equal(json_string_value(json_object_get(line, "message")), message);
		json_decref(line);
	}
}

static void a_logfmt_line_that_is_cut_is_still_quoted(void **state)
{
	static char endless[100000];
	(void)state;
	log_open("umbra-test", LOG_LOGFMT, LOG_INFO);
	for (int shift = 0; shift < 7; shift++) {
		memset(endless, '\\', sizeof(endless) - 1);
		memset(endless, 'x', (size_t)shift);
		capture_start();
		log_info(endless, "%s", endless);
		const char *at = strstr(capture_end(), "object=");
		json_t *first = take_quoted(&at, "object="), *second = take_quoted(&at, " msg=");
		assert_non_null(first);
		assert_non_null(second);
		assert_string_equal(at, "\n");
		json_decref(first);
		json_decref(second);
	}
}

static void no_text_can_forge_a_line_or_move_the_cursor(void **state)
{
	(void)state;
	static const enum log_format formats[] = {LOG_TEXT, LOG_LOGFMT, LOG_JSON};
	for (size_t i = 0; i < 3; i++) {
		log_open("umbra-test", formats[i], LOG_INFO);
		capture_start();
		log_info("a\nb\r", "%s", "x\n2026 error\x1b[2J\xc2\x85\xe2\x80\xa9\x7f\xff");
		const char *text = capture_end();
		assert_int_equal(count_lines(text), 1);
		assert_null(strpbrk(text, "\r\x1b\x7f"));
		assert_null(strstr(text, "\xc2\x85"));
		assert_null(strstr(text, "\xe2\x80\xa9"));
		assert_null(strstr(text, "\xff"));
		assert_non_null(strstr(text, "a\\nb\\r"));
	}
}

static void an_endless_text_is_cut_and_stays_one_valid_line(void **state)
{
	(void)state;
	static char endless[100000];
	memset(endless, '"', sizeof(endless) - 1);
	for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
		log_open("umbra-test", (enum log_format)format, LOG_INFO);
		capture_start();
		log_info(endless, "%s", endless);
		const char *text = capture_end();
		size_t size = strlen(text);
		assert_in_range(size, 1000, 13000);
		assert_int_equal(count_lines(text), 1);
		assert_int_equal(text[size - 1], '\n');
	}
	json_t *line = json_loads(captured, 0, NULL);
	assert_non_null(line);
	json_decref(line);
}

static void lines_below_the_level_are_not_written(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_WARN);
	capture_start();
	log_info(NULL, "quiet");
	log_debug(NULL, "quieter");
	log_warn(NULL, "loud");
	log_set_level(LOG_DEBUG);
	log_debug(NULL, "now loud");
	const char *text = capture_end();
	assert_null(strstr(text, "quiet"));
	assert_non_null(strstr(text, "warn  umbra-test: loud"));
	assert_non_null(strstr(text, "debug umbra-test: now loud"));
}

static void complain(const char *object, int i)
{
	log_warn(object, "it failed: %d", i);
}

static void a_failure_that_repeats_is_one_line_a_period_with_its_count(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	int64_t now = clock_monotonic_us();
	capture_start();
	for (int i = 0; i < 18; i++)
		complain("topic a", i);
	complain("topic b", 0);
	int64_t wait = log_tick(now);
	assert_in_range(wait, 1, 11000000);
	assert_true(log_tick(clock_monotonic_us() + 10000000) > 0);
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 3);
	assert_non_null(strstr(text, "topic a: it failed: 0\n"));
	assert_non_null(strstr(text, "topic b: it failed: 0\n"));
	assert_non_null(strstr(text, "topic a: it failed: 17 (17 more in the last 1"));
}

static void a_kind_that_fell_silent_is_written_at_once_again(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	capture_start();
	complain("topic a", 1);
	assert_int_equal(log_tick(clock_monotonic_us() + 10000000), -1);
	complain("topic a", 2);
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 2);
	assert_non_null(strstr(text, "it failed: 2\n"));
}

static void what_waits_is_written_at_the_end(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	capture_start();
	complain("topic a", 1);
	complain("topic a", 2);
	log_flush();
	log_flush();
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 2);
	assert_non_null(strstr(text, "it failed: 2 (1 more in the last "));
}

static void info_is_never_held_back(void **state)
{
	(void)state;
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	capture_start();
	for (int i = 0; i < 20; i++)
		log_info("topic a", "said %d", i);
	assert_int_equal(count_lines(capture_end()), 20);
}

static void a_storm_of_different_failures_stays_bounded(void **state)
{
	(void)state;
	char object[32];
	log_open("umbra-test", LOG_TEXT, LOG_INFO);
	capture_start();
	for (int i = 0; i < 1000; i++) {
		snprintf(object, sizeof(object), "topic %d", i);
		complain(object, i);
	}
	log_tick(clock_monotonic_us() + 10000000);
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 257);
	assert_non_null(strstr(text, "of other kinds were left out (744 more in the last 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_line_has_time_level_program_object_and_message),
		cmocka_unit_test(a_logfmt_line_quotes_its_text),
		cmocka_unit_test(a_json_line_is_json_whatever_it_holds),
		cmocka_unit_test(logfmt_gives_back_whatever_was_written),
		cmocka_unit_test(json_gives_back_whatever_was_written),
		cmocka_unit_test(a_logfmt_line_that_is_cut_is_still_quoted),
		cmocka_unit_test(no_text_can_forge_a_line_or_move_the_cursor),
		cmocka_unit_test(an_endless_text_is_cut_and_stays_one_valid_line),
		cmocka_unit_test(lines_below_the_level_are_not_written),
		cmocka_unit_test(a_failure_that_repeats_is_one_line_a_period_with_its_count),
		cmocka_unit_test(a_kind_that_fell_silent_is_written_at_once_again),
		cmocka_unit_test(what_waits_is_written_at_the_end),
		cmocka_unit_test(info_is_never_held_back),
		cmocka_unit_test(a_storm_of_different_failures_stays_bounded),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_flush();
	return failed;
}
