/* Definition files: what is right becomes the log's JSON, what is wrong is told at its line. */
#include "common/definition_file.h"
#include "common/definition_text.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000000)
#define HOUR INT64_C(3600000000)

static char folder[] = P_tmpdir "/umbra-definition-XXXXXX";
static char path[64];

static int make_folder(void **opaque)
{
	(void)opaque;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.conf", folder);
	return 0;
}

static int remove_folder(void **opaque)
{
	(void)opaque;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(0, fclose(file));
}

/* Endpoint in lines 1 to 5: `fields` stand in line 3, the variant's in line 4. */
#define ENDPOINT(fields, variant) \
	"endpoints = (\n{ name = \"churn\";\n" fields \
	"\nvariants = ( { name = \"v1\"; url = \"http://a/\"; " variant " } );\n} );\n"
#define TEST_FILE(fields) \
	"tests = (\n{ name = \"t\"; endpoint = \"churn\"; sampling = 50;\n" fields \
	"\nvariants = ( { name = \"v2\"; url = \"http://b/\"; } );\n} );\n"

struct wrong {
	const char *text;
	const char *lines; /* without the file's name */
};

static const struct wrong table[] = {
	{"", "1: the file defines no endpoints and no tests\n"},
	{"endpoint = ();", "1: unknown setting \"endpoint\"; did you mean \"endpoints\"?\n"},
	{"endpoints = 5;", "1: endpoints must be a list of groups, as ( { ... }, { ... } )\n"},
	{"endpoints = ( 5 );", "1: this must be a group, as { ... }\n"},
	{ENDPOINT("formt = \"raw\";", ""),
		"3: unknown setting \"formt\"; did you mean \"format\"?\n"},
	{ENDPOINT("format = \"xml\";", ""), "3: format must be \"raw\" or \"avro\", not \"xml\"\n"},
	{ENDPOINT("format = 1;", ""), "3: format must be text in quotes\n"},
	{ENDPOINT("partitions = \"4\";", ""), "3: partitions must be a whole number, not \"4\"\n"},
	{ENDPOINT("partitions = 0;", ""), "3: partitions must be from 1 to 10000, not 0\n"},
	{ENDPOINT("replication = 0;", ""),
		"3: replication must be from 1 to 100, or -1: the broker's\n"},
	{ENDPOINT("max_uncommitted = 2000000;", ""),
		"3: max_uncommitted must be from 1 to 1000000, not 2000000\n"},
	{ENDPOINT("from = \"yesterday\";", ""),
		"3: from must be \"now\", \"earliest\" or a time, as \"2026-01-31T12:00:00Z\", not "
		"\"yesterday\"\n"},
	{ENDPOINT("secret_headers = \"a\";", ""),
		"3: secret_headers must be an array, as [ \"a\", \"b\" ]\n"},
	{ENDPOINT("content_type = \"\";", ""),
		"3: content_type must be 1 to 4096 bytes without control characters, not \"\"\n"},
	{ENDPOINT("topics = { requests = \"a b\"; };", ""),
		"3: requests must be a topic's name: 1 to 249 letters, digits, ., _ and -, not \"a "
		"b\"\n"},
	{ENDPOINT("topics = { requests = \"churn.responses\"; };", ""),
		"3: topics.requests and topics.responses are the same topic, churn.responses\n"},
	{ENDPOINT("topics = { requests = \"umbra.events\"; };", ""),
		"3: topics that begin with umbra. are Umbra's own\n"},
	{ENDPOINT("topics = { requests = \"x.shadow.y\"; };", ""),
		"3: topics with .shadow. in their name hold copies\n"},
	{ENDPOINT("", "weight = 0;"), "4: at least one variant must have a weight above 0\n"},
	{ENDPOINT("", "weight = -1;"), "4: weight must be from 0 to 1000000, not -1\n"},
	{ENDPOINT("", "timeout = \"2 parsecs\";"),
		"4: timeout must be a duration, as \"2s\" or \"500ms\", not \"2 parsecs\"\n"},
	{ENDPOINT("", "timeout = \"2h\";"), "4: timeout must be from 1ms to 1h, not 2h\n"},
	{ENDPOINT("", "max_response_bytes = \"9PB\";"),
		"4: max_response_bytes must be a size, as \"64KiB\", not \"9PB\"\n"},
	{ENDPOINT("", "retry_on = [ \"503\", \"timeout\" ];"),
		"4: retry_on must hold connect_failed, protocol_error or statuses from 400 to "
		"599, not \"timeout\"\n"},
	{ENDPOINT("", "retries = 21;"), "4: retries must be from 0 to 20, not 21\n"},
	{ENDPOINT("", "backoff = \"11s\";"), "4: backoff must be from 0 to 10s, not 11s\n"},
	{ENDPOINT("", "cert_file = \"c\";"), "4: cert_file and key_file belong together\n"},
	{ENDPOINT("", "headers = ( { name = \"a\"; } );"),
		"4: a header needs either value or value_file\n"},
	{ENDPOINT("", "headers = ( { name = \"a b\"; value = \"c\"; } );"),
		"4: name must be a header's name, not \"a b\"\n"},
	{ENDPOINT("", "headers = ( { name = \"Authorization\"; value = \"hunter2\"; } );"),
		"4: header Authorization is a secret: give it as value = \"${VARIABLE}\" or "
		"value_file\n"},
	{ENDPOINT("", "headers = ( { name = \"Host\"; value = \"h\"; } );"),
		"4: header Host is set by Umbra itself\n"},
	{"endpoints = ( { name = \"c\";\nvariants = ( { name = \"v\"; url = \"ftp://a\"; } ); } );",
		"2: url must be an http or https URL without user and password\n"},
	{"endpoints = ( { name = \"c\";\nvariants = ( { name = \"v\"; url = \"http://u:p@a\"; } ); "
	 "} );",
		"2: url must be an http or https URL without user and password\n"},
	{"endpoints = ( { name = \"c\";\nvariants = ( { name = \"v\"; } ); } );",
		"2: url is missing\n"},
	{"endpoints = ( { name = \"c\"; } );", "1: variants is missing\n"},
	{"endpoints = ( { name = \"c\";\nvariants = (); } );",
		"2: variants must hold at least one variant\n"},
	{"endpoints = ( { name = \"c\";\nvariants = ( { name = \"v\"; url = \"http://a\"; },\n"
	 "{ name = \"v\"; url = \"http://a\"; } ); } );",
		"3: two variants are named v\n"},
	{"endpoints = ( { name = \"c d\";\nvariants = ( { name = \"v\"; url = \"http://a\"; } ); } "
	 ");",
		"1: name must be 1 to 100 letters, digits, _ and -, not \"c d\"\n"},
	{ENDPOINT("", "") "x = 1;", "6: unknown setting \"x\"\n"},
	{"endpoints = ( { name = \"c\"; variants = ( { name = \"v\"; url = \"http://a\"; } ); },\n"
	 "{ name = \"c\"; variants = ( { name = \"v\"; url = \"http://a\"; } ); } );",
		"2: endpoint c is defined twice\n"},
	{TEST_FILE("sample_by = \"luck\";"),
		"3: sample_by must be \"id\" or \"key\", not \"luck\"\n"},
	{TEST_FILE("start = \"earliest\";"),
		"3: start must be \"now\" or a time, as \"2026-01-31T12:00:00Z\", not "
		"\"earliest\"\n"},
	{TEST_FILE("end = \"2099-01-01\";"),
		"3: end must be a time, as \"2026-01-31T12:00:00Z\", not \"2099-01-01\"\n"},
	{TEST_FILE("duration = \"7d\"; end = \"2099-01-01T00:00:00Z\";"),
		"3: give either end or duration\n"},
	{TEST_FILE("start = \"2030-01-02T00:00:00Z\"; end = \"2030-01-01T00:00:00Z\";"),
		"3: a test must end after its start\n"},
	{TEST_FILE("compare_bytes = \"1MiB\";"),
		"3: compare_bytes must be from 0 to 524288, not 1048576\n"},
	{TEST_FILE("compare = 5;"), "3: compare must be a group, as { ... }\n"},
	{TEST_FILE("compare = { kin = \"json\"; };"),
		"3: unknown setting \"kin\"; did you mean \"kind\"?\n"},
	{TEST_FILE("compare = { kind = \"xml\"; };"),
		"3: kind must be \"auto\" or \"exact\" or \"json\" or \"csv\" or \"label\" or "
		"\"status\", not \"xml\"\n"},
	{TEST_FILE("compare = { absolute = \"0.1\"; };"),
		"3: absolute must be a number, as 0.01\n"},
	{TEST_FILE("compare = { absolute = 1e999; };"), "3: absolute must be a number, as 0.01\n"},
	{TEST_FILE("compare = { absolute = -0.5; };"), "3: absolute must be 0 or more, not -0.5\n"},
	{TEST_FILE("compare = { relative = 1.5; };"), "3: relative must be from 0 to 1, not 1.5\n"},
	{TEST_FILE("compare = { ignore = \"/a\"; };"),
		"3: ignore must be an array, as [ \"a\", \"b\" ]\n"},
	{TEST_FILE("compare = { unordered = [ \"a\" ]; };"),
		"3: unordered must hold JSON pointers, as \"/a/b\" or \"/*/c\"\n"},
	{TEST_FILE("compare = { ignore = [ \"\" ]; };"),
		"3: ignore cannot hold the whole answer\n"},
	{TEST_FILE("compare = { kind = \"label\"; };"),
		"3: compare by label needs a label, as \"/label\"\n"},
	{TEST_FILE("compare = { kind = \"label\"; label = \"/a~\"; };"),
		"3: label must be a JSON pointer, as \"/a/b\", or a column, not \"/a~\"\n"},
	{TEST_FILE("compare = { kind = \"label\"; label = \"0\"; };"),
		"3: label: columns are counted from 1\n"},
	{TEST_FILE("compare = { label = \"/a\"; };"), "3: label belongs to kind = \"label\"\n"},
	{TEST_FILE("compare = { kind = \"exact\"; relative = 0.1;\nthreshold = 1; };"),
		"3: relative belongs to kind json or csv\n"
		"4: threshold belongs to kind = \"label\"\n"},
	{TEST_FILE("compare = { kind = \"status\"; absolute = 1; ignore = [ \"/a\" ];\n"
		   "unordered = [ \"\" ]; };"),
		"3: absolute belongs to kind json or csv\n3: ignore belongs to kind json or csv\n"
		"4: unordered belongs to kind json or csv\n"},
	{ENDPOINT("", "answer_path = \"a\";"),
		"4: answer_path must be a JSON pointer, as \"/a/b\", not \"a\"\n"},
	{ENDPOINT("", "metrics = \"http://a/metrics\";"),
		"4: metrics must be a group, as { ... }\n"},
	{ENDPOINT("", "metrics = { cpu = \"a\"; };"),
		"4: metrics need the url of a Prometheus page\n"},
	{ENDPOINT("", "metrics = { url = \"http://a\"; cpi = \"a\"; };"),
		"4: unknown setting \"cpi\"; did you mean \"cpu\"?\n"},
	{ENDPOINT("", "metrics = { url = \"a\"; };"),
		"4: url must be an http or https URL without user and password\n"},
	{ENDPOINT("",
		 "metrics = { url = \"http://a\";\ncpu = \"1st\"; disk = \"d\";\n"
		 "memory = \"a - b - c\"; };"),
		"5: cpu must be a metric, as \"name\" or \"name{label=\\\"value\\\"}\", or one "
		"less "
		"another, not \"1st\"\n"
		"6: memory must be a metric, as \"name\" or \"name{label=\\\"value\\\"}\", or one "
		"less another, not \"a - b - c\"\n"},
	{TEST_FILE("from = \"now\";"), "3: unknown setting \"from\"\n"},
	{"tests = ( { name = \"t\"; endpoint = \"churn\"; sampling = 101;\n"
	 "variants = ( { name = \"v\"; url = \"http://a\"; weight = 1; } ); } );",
		"1: sampling must be a percentage from 0 to 100, as 12.5, not 101\n2: unknown "
		"setting "
		"\"weight\"\n"},
	{"tests = ( { name = \"t\"; endpoint = \"churn\"; sampling = 1.00001;\n"
	 "variants = ( { name = \"v\"; url = \"http://a\"; } ); } );",
		"1: sampling must be a percentage with at most four decimals, not 1.00001\n"},
	/* all of a file's problems at once, each once, in order */
	{ENDPOINT("partitions = \"x\"; bogus = 1;", "timeout = 5; url2 = \"\";"),
		"3: partitions must be a whole number, not \"x\"\n3: unknown setting \"bogus\"\n"
		"4: timeout must be a duration, as \"2s\" or \"500ms\", not 5\n"
		"4: unknown setting \"url2\"; did you mean \"url\"?\n"},
};

static char *gather(const struct definition_file *file)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < file->n_problems; i++) {
		assert_memory_equal(path, file->problems[i].place, strlen(path));
		fprintf(out, "%s: %s\n", file->problems[i].place + strlen(path) + 1,
			file->problems[i].message);
	}
	fclose(out);
	return text;
}

static void each_mistake_is_told_at_its_line_in_one_message(void **opaque)
{
	(void)opaque;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct definition_file file;
		char errstr[512], *lines;

		write_file(table[i].text);
		assert_int_equal(0, definition_file_read(&file, path, NOW, errstr, sizeof(errstr)));
		lines = gather(&file);
		assert_string_equal(table[i].lines, lines);
		free(lines);
		definition_file_fini(&file);
	}
}

static void a_file_that_is_no_configuration_is_refused_with_its_line(void **opaque)
{
	struct definition_file file;
	char errstr[512], wanted[128];

	(void)opaque;
	write_file("endpoints = (\n{ name = = }");
	assert_int_equal(-1, definition_file_read(&file, path, NOW, errstr, sizeof(errstr)));
	snprintf(wanted, sizeof(wanted), "%s:2: ", path);
	assert_memory_equal(wanted, errstr, strlen(wanted));
	assert_int_equal(
		-1, definition_file_read(&file, "/nowhere/a.conf", NOW, errstr, sizeof(errstr)));
	assert_non_null(strstr(errstr, "/nowhere/a.conf"));
}

static void read_good(struct definition_file *file, const char *text)
{
	char errstr[512];

	write_file(text);
	assert_int_equal(0, definition_file_read(file, path, NOW, errstr, sizeof(errstr)));
	for (size_t i = 0; i < file->n_problems; i++)
		fail_msg("%s: %s", file->problems[i].place, file->problems[i].message);
}

static void a_file_becomes_the_logs_json_in_the_logs_units(void **opaque)
{
	static const char wanted[] =
		"{\"compare_bytes\":65536,\"end_us\":1700003600000000,\"endpoint\":\"churn\","
		"\"name\":\"t\",\"sample_by\":\"key\",\"sampling\":123456,"
		"\"start_us\":1700000000000000,\"variants\":[{\"backoff_us\":50000,"
		"\"breaker_cooldown_us\":5000000,\"breaker_failures\":50,\"headers\":[],"
		"\"instances\":1,\"max_in_flight\":64,\"max_response_bytes\":6291456,"
		"\"name\":\"v\",\"retries\":2,\"retry_on\":[\"503\"],"
		"\"timeout_us\":1500000,\"url\":\"http://a\"}]}";
	struct definition_file file;
	char *text;

	(void)opaque;
	read_good(&file,
		"tests = ( { name = \"t\"; endpoint = \"churn\"; sampling = 12.3456; "
		"sample_by = \"key\"; duration = \"1h\"; variants = ( { name = \"v\"; url = "
		"\"http://a\"; timeout = \"1.5s\"; retry_on = [ \"503\" ]; } ); } );");
	text = json_dumps(file.objects[0].json, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(wanted, text);
	free(text);
	definition_file_fini(&file);
}

static void how_answers_are_compared_stands_in_the_test(void **opaque)
{
	struct definition_file file;
	struct definition_text *text;
	struct test *test;
	const char *label = NULL, *absolute = NULL, *threshold = NULL;

	(void)opaque;
	read_good(&file,
		TEST_FILE("compare = { kind = \"label\"; label = \"\"; threshold = -0.1; };"));
	test = definition_read_test(json_incref(file.objects[0].json), NULL, NULL);
	assert_non_null(test);
	assert_int_equal(COMPARE_LABEL, test->compare.kind);
	assert_string_equal("", test->compare.label);
	assert_true(test->compare.threshold == -0.1);
	test_release(test);
	text = definition_text_new(OBJECT_TEST, file.objects[0].json);
	for (size_t i = 0; i < text->n; i++) {
		if (strcmp(text->lines[i].path, "compare.label") == 0)
			label = text->lines[i].value;
		if (strcmp(text->lines[i].path, "compare.absolute") == 0)
			absolute = text->lines[i].value;
		if (strcmp(text->lines[i].path, "compare.threshold") == 0)
			threshold = text->lines[i].value;
	}
	assert_string_equal("", label);
	assert_string_equal("0", absolute);
	assert_string_equal("-0.1", threshold);
	definition_text_free(text);
	definition_file_fini(&file);
}

static void without_a_word_answers_are_compared_by_their_content_type(void **opaque)
{
	struct definition_file file;
	struct test *test;

	(void)opaque;
	read_good(&file, TEST_FILE(""));
	test = definition_read_test(json_incref(file.objects[0].json), NULL, NULL);
	assert_non_null(test);
	assert_int_equal(COMPARE_AUTO, test->compare.kind);
	assert_null(test->compare.label);
	assert_true(isnan(test->compare.threshold));
	assert_int_equal(0, test->compare.ignore.n);
	test_release(test);
	definition_file_fini(&file);
	read_good(&file,
		TEST_FILE("compare = { absolute = 0.01; relative = 1; ignore = [ \"/t\" ]; "
			  "unordered = "
			  "[ \"\", \"/*/x\" ]; };"));
	test = definition_read_test(json_incref(file.objects[0].json), NULL, NULL);
	assert_non_null(test);
	assert_true(test->compare.absolute == 0.01 && test->compare.relative == 1);
	assert_string_equal("/t", test->compare.ignore.items[0]);
	assert_string_equal("/*/x", test->compare.unordered.items[1]);
	test_release(test);
	definition_file_fini(&file);
}

static void a_variant_names_the_metrics_of_its_host(void **opaque)
{
	struct definition_file file;
	struct definition_text *text;
	struct endpoint *endpoint;
	const char *described = NULL;

	(void)opaque;
	read_good(&file,
		ENDPOINT("",
			"metrics = { url = \"http://a:9100/metrics\"; cpu = "
			"\"c{mode!=\\\"idle\\\"}\"; disk = \"size - free\"; };"));
	endpoint = definition_read_endpoint(json_incref(file.objects[0].json), NULL, NULL);
	assert_non_null(endpoint);
	assert_string_equal("http://a:9100/metrics", endpoint->variants[0].metrics_url);
	assert_string_equal("c{mode!=\"idle\"}", endpoint->variants[0].metrics_cpu);
	assert_null(endpoint->variants[0].metrics_memory);
	assert_string_equal("size - free", endpoint->variants[0].metrics_disk);
	endpoint_release(endpoint);
	text = definition_text_new(OBJECT_ENDPOINT, file.objects[0].json);
	for (size_t i = 0; i < text->n; i++)
		if (strcmp(text->lines[i].path, "variants.v1.metrics.disk") == 0)
			described = text->lines[i].value;
	assert_non_null(described);
	assert_string_equal("size - free", described);
	definition_text_free(text);
	definition_file_fini(&file);
}

static void what_has_begun_keeps_its_beginning(void **opaque)
{
	struct test old = {.start_us = NOW - 5 * HOUR};
	struct definition_file file;
	json_t *json;

	(void)opaque;
	read_good(&file, TEST_FILE("start = \"now\"; duration = \"6h\";"));
	json = file.objects[0].json;
	definition_schedule(json, file.objects[0].wish, &old, NOW);
	assert_int_equal(NOW - 5 * HOUR, json_integer_value(json_object_get(json, "start_us")));
	assert_int_equal(NOW + HOUR, json_integer_value(json_object_get(json, "end_us")));
	old.start_us = NOW + HOUR;
	definition_schedule(json, file.objects[0].wish, &old, NOW);
	assert_int_equal(NOW, json_integer_value(json_object_get(json, "start_us")));
	definition_file_fini(&file);
}

static void a_test_whose_end_has_passed_may_stand_in_a_file(void **opaque)
{
	struct definition_file file;

	(void)opaque;
	read_good(&file, TEST_FILE("end = \"2020-01-01T00:00:00Z\";"));
	definition_file_fini(&file);
}

static void a_difference_is_told_in_the_files_words_and_units(void **opaque)
{
	struct definition_file file;
	char errstr[300], *text;
	json_t *changed;

	(void)opaque;
	read_good(&file, TEST_FILE(""));
	changed = json_deep_copy(file.objects[0].json);
	assert_int_equal(0,
		definition_text_set(
			OBJECT_TEST, changed, "sampling", "12.5", errstr, sizeof(errstr)));
	assert_int_equal(0,
		definition_text_set(OBJECT_TEST, changed, "variants.v2.timeout", "500ms", errstr,
			sizeof(errstr)));
	assert_int_equal(0,
		definition_text_set(
			OBJECT_TEST, changed, "compare_bytes", "1KiB", errstr, sizeof(errstr)));
	text = definition_text_diff(OBJECT_TEST, file.objects[0].json, changed);
	assert_string_equal("sampling 50 -> 12.5, compare_bytes 65536 -> 1024, "
			    "variants.v2.timeout 10s -> 500ms",
		text);
	free(text);
	json_decref(changed);
	definition_file_fini(&file);
}

static void a_field_that_cannot_be_set_is_refused(void **opaque)
{
	static const struct {
		const char *path, *value, *why;
	} cases[] = {
		{"samplin", "5", "no field \"samplin\"; did you mean \"sampling\"?"},
		{"start", "now", "no field \"start\""},
		{"sampling", "all",
			"sampling must be a percentage from 0 to 100 with at most four decimals"},
		{"sampling", "100.5",
			"sampling must be a percentage from 0 to 100 with at most four decimals"},
		{"sampling.x", "1",
			"sampling must be a percentage from 0 to 100 with at most four decimals"},
		{"end", "soon", "end must be a time, as 2026-01-31T12:00:00Z"},
		{"compare_bytes", "x", "compare_bytes must be a size, as 64KiB"},
		{"variants", "x", "variants must be set by umbractl apply"},
		{"variants.v9.url", "x", "variants has nothing that is named v9"},
		{"variants.v2.timeout", "1", "timeout must be a duration, as 2s or 500ms"},
		{"variants.v2.instances", "x", "instances must be a whole number"},
	};
	struct definition_file file;
	char errstr[300];

	(void)opaque;
	read_good(&file, TEST_FILE(""));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(-1,
			definition_text_set(OBJECT_TEST, file.objects[0].json, cases[i].path,
				cases[i].value, errstr, sizeof(errstr)));
		assert_string_equal(cases[i].why, errstr);
	}
	definition_file_fini(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_told_at_its_line_in_one_message),
		cmocka_unit_test(a_file_that_is_no_configuration_is_refused_with_its_line),
		cmocka_unit_test(a_file_becomes_the_logs_json_in_the_logs_units),
		cmocka_unit_test(how_answers_are_compared_stands_in_the_test),
		cmocka_unit_test(without_a_word_answers_are_compared_by_their_content_type),
		cmocka_unit_test(a_variant_names_the_metrics_of_its_host),
		cmocka_unit_test(what_has_begun_keeps_its_beginning),
		cmocka_unit_test(a_test_whose_end_has_passed_may_stand_in_a_file),
		cmocka_unit_test(a_difference_is_told_in_the_files_words_and_units),
		cmocka_unit_test(a_field_that_cannot_be_set_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
