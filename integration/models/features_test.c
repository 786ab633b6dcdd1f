/* Requests of every form become the model's row, or a sentence that names the column. */
#include "integration/models/features.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct features *features;
static float row[3];
static char errstr[200];

/* A file with `text` whose features are loaded. */
static struct features *load(const char *text)
{
	char path[] = "/var/tmp/umbra-features-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	struct features *loaded = features_load(path, errstr, sizeof errstr);
	unlink(path);
	return loaded;
}

static int set_up(void **state)
{
	(void)state;
	features = load("{\"label\": \"churn\", \"columns\": [{\"name\": \"state\", \"values\": "
			"[\"KS\", \"N,J\"]}, {\"name\": \"minutes\"}, {\"name\": \"calls\"}]}");
	return features ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	features_free(features);
	return 0;
}

static int from_json(const char *text)
{
	return features_from_json(features, text, strlen(text), row, errstr, sizeof errstr);
}

static int from_csv(const char *text)
{
	return features_from_csv(features, text, strlen(text), row, errstr, sizeof errstr);
}

static void check_row(float state, float minutes, float calls)
{
	assert_true(row[0] == state && row[1] == minutes && row[2] == calls);
}

static void an_object_becomes_a_row_whatever_its_order(void **state)
{
	(void)state;
	assert_int_equal(from_json("{\"calls\": 3, \"minutes\": 1.5, \"state\": \"N,J\"}"), 0);
	check_row(1, 1.5F, 3);
	assert_int_equal(from_json("{\"state\":\"KS\",\"minutes\":\"2.5\",\"calls\":\"4\","
				   "\"churn\":\"no\"}"),
		0);
	check_row(0, 2.5F, 4);
}

static void a_csv_row_is_read_with_quotes_and_line_ends(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"\"N,J\",1.5,3", "\"N,J\",1.5,3\n", "\"N,J\",\"1.5\",3\r\n"};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(from_csv(texts[i]), 0);
		check_row(1, 1.5F, 3);
	}
}

static void what_is_missing_is_nan(void **state)
{
	(void)state;
	assert_int_equal(from_json("{\"calls\": null, \"minutes\": \"\", \"state\": null}"), 0);
	assert_true(isnan(row[0]) && isnan(row[1]) && isnan(row[2]));
	assert_int_equal(from_csv(",,"), 0);
	assert_true(isnan(row[0]) && isnan(row[1]) && isnan(row[2]));
}

struct bad {
	const char *text, *message;
};

static void check_bad(const struct bad *rows, size_t n, int (*parse)(const char *text))
{
	for (size_t i = 0; i < n; i++) {
		errstr[0] = '\0';
		assert_int_equal(parse(rows[i].text), -1);
		if (!strstr(errstr, rows[i].message))
			fail_msg("%s: \"%s\" lacks \"%s\"", rows[i].text, errstr, rows[i].message);
	}
}

static void a_bad_object_is_named_by_its_column(void **state)
{
	(void)state;
	static const struct bad rows[] = {
		{"", "not JSON"},
		{"{", "not JSON"},
		{"[]", "not one JSON object"},
		{"{\"state\":\"KS\",\"state\":\"KS\"}", "not JSON"},
		{"{\"state\":\"KS\",\"calls\":1}", "column minutes is missing"},
		{"{\"state\":5,\"minutes\":1,\"calls\":1}", "column state is not a string"},
		{"{\"state\":\"XX\",\"minutes\":1,\"calls\":1}", "column state: \"XX\""},
		{"{\"state\":\"KS\",\"minutes\":\"1x\",\"calls\":1}", "column minutes: \"1x\""},
		{"{\"state\":\"KS\",\"minutes\":true,\"calls\":1}",
			"column minutes is not a number"},
	};
	check_bad(rows, sizeof rows / sizeof *rows, from_json);
}

static void a_bad_row_is_named_by_its_column(void **state)
{
	(void)state;
	static const struct bad rows[] = {
		{"KS,1", "column calls is missing"},
		{"KS,1,2,3", "more than 3 columns"},
		{"KS,1,2\nKS,1,2", "column calls"},
		{"KS,x,2", "column minutes: \"x\" is not a number"},
		{"\"KS,1,2", "column state is not a CSV field"},
		{"\"KS\"x,1,2", "column state is not a CSV field"},
		{"XX,1,2", "column state: \"XX\" is not one of its values"},
	};
	check_bad(rows, sizeof rows / sizeof *rows, from_csv);
}

static void bytes_of_any_kind_are_survived(void **state)
{
	(void)state;
	char data[400];
	memset(data, 'a', sizeof data);
	assert_int_equal(
		features_from_csv(features, data, sizeof data, row, errstr, sizeof errstr), -1);
	memset(data, 0, sizeof data);
	assert_int_equal(
		features_from_csv(features, data, sizeof data, row, errstr, sizeof errstr), -1);
	assert_int_equal(
		features_from_json(features, data, sizeof data, row, errstr, sizeof errstr), -1);
	assert_int_equal(features_from_csv(features, data, 0, row, errstr, sizeof errstr), -1);
}

static void a_file_that_is_not_ours_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "[]", "{}",
		"{\"label\": \"churn\", \"columns\": []}",
		"{\"label\": \"churn\", \"columns\": [{}]}",
		"{\"label\": \"churn\", \"columns\": [{\"name\": \"a\", \"values\": [1]}]}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_null(load(texts[i]));
	assert_null(features_load("/nowhere/x.json", errstr, sizeof errstr));
}

#define promise(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		promise(an_object_becomes_a_row_whatever_its_order),
		promise(a_csv_row_is_read_with_quotes_and_line_ends),
		promise(what_is_missing_is_nan),
		promise(a_bad_object_is_named_by_its_column),
		promise(a_bad_row_is_named_by_its_column),
		promise(bytes_of_any_kind_are_survived),
		promise(a_file_that_is_not_ours_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
