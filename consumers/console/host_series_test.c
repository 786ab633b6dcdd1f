/* The load of hosts as the REST interface gives it. */
#include "consumers/console/host_series.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define BEGIN (INT64_C(1700000000) * SECOND)

static struct variant production[] = {{.name = "v1", .metrics_url = "http://a"}, {.name = "v0"}};
static struct variant candidate = {.name = "v2", .metrics_url = "http://b"};
static struct endpoint endpoint = {.name = "e", .variants = production, .n_variants = 2};
static struct test test = {.name = "t", .endpoint = "e", .variants = &candidate, .n_variants = 1};

static struct host_store *make_store(void)
{
	char errstr[200];
	struct host_store *store = host_store_open(":memory:", errstr, sizeof errstr);
	struct host_reading reading = {{50, 4096, 0}, {true, true, false}};

	assert_non_null(store);
	assert_int_equal(0, host_store_put(store, "e", "v1", BEGIN, &reading));
	reading.value[HOST_CPU] = 12.5;
	assert_int_equal(0, host_store_put(store, "e", "v2", BEGIN + 10 * SECOND, &reading));
	return store;
}

static char *ask(struct host_series series)
{
	struct host_store *store = make_store();
	json_t *json = host_series_to_json(store, &series);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	host_store_close(store);
	return text;
}

static void each_variant_with_a_page_has_a_column(void **opaque)
{
	char *text = ask((struct host_series){&endpoint, &test, HOST_CPU, "average",
		BEGIN + 3 * SECOND, BEGIN + 21 * SECOND, 10 * SECOND, NULL});

	(void)opaque;
	assert_string_equal(
		"{\"metric\":\"cpu\",\"statistic\":\"average\",\"unit\":\"percent\",\"step_us\":"
		"10000000,\"from\":\"2023-11-14T22:13:23Z\",\"to\":\"2023-11-14T22:13:41Z\","
		"\"columns\":[{\"name\":\"v1\",\"role\":\"production\",\"population\":\"all\"},"
		"{\"name\":\"v2\",\"role\":\"shadow\",\"population\":\"all\"}],"
		"\"points\":[[1700000000000,50.0,null],[1700000010000,null,12.5],"
		"[1700000020000,null,null]]}",
		text);
	free(text);
}

static void a_test_without_its_endpoint_has_its_candidates(void **opaque)
{
	char *text = ask((struct host_series){
		NULL, &test, HOST_MEMORY, "count", BEGIN, BEGIN + 60 * SECOND, 60 * SECOND, NULL});

	(void)opaque;
	assert_non_null(strstr(text, "\"unit\":\"count\""));
	assert_non_null(strstr(text, "\"points\":[[1699999980000,1.0],[1700000040000,null]]"));
	free(text);
}

static void a_stretch_of_nothing_has_no_points(void **opaque)
{
	char *text = ask((struct host_series){
		&endpoint, &test, HOST_DISK, "p99.9", BEGIN, BEGIN, 60 * SECOND, NULL});

	(void)opaque;
	free(text);
	text = ask((struct host_series){
		&endpoint, &test, HOST_DISK, "max", BEGIN, BEGIN - 90 * SECOND, 60 * SECOND, NULL});
	assert_non_null(strstr(text, "\"points\":[]"));
	assert_non_null(strstr(text, "\"unit\":\"bytes\""));
	free(text);
}

static void words_are_known_or_not(void **opaque)
{
	(void)opaque;
	assert_int_equal(HOST_CPU, host_metric_parse("cpu"));
	assert_int_equal(HOST_DISK, host_metric_parse("disk"));
	assert_int_equal(-1, host_metric_parse("agreement"));
	assert_null(ask((struct host_series){
		&endpoint, &test, HOST_CPU, "p42", BEGIN, BEGIN, 60 * SECOND, NULL}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_variant_with_a_page_has_a_column),
		cmocka_unit_test(a_test_without_its_endpoint_has_its_candidates),
		cmocka_unit_test(a_stretch_of_nothing_has_no_points),
		cmocka_unit_test(words_are_known_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
