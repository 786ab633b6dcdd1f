/* Metrics as Prometheus reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/metrics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct metric_family requests = {.name = "umbra_test_requests_total",
	.type = METRIC_COUNTER,
	.help = "Requests.\nAll \\ of them.",
	.labels = {"endpoint", "outcome"}};
static struct metric_family open_count = {
	.name = "umbra_test_open", .type = METRIC_GAUGE, .help = "Open requests."};
static struct metric_family latency = {.name = "umbra_test_latency_seconds",
	.type = METRIC_HISTOGRAM,
	.help = "Latency.",
	.labels = {"variant"}};
static struct metric_family wait = {
	.name = "umbra_test_wait_seconds", .type = METRIC_HISTOGRAM, .help = "Waiting."};

static void check_text(const char *const *lines)
{
	size_t size;
	char *text = metrics_text(&size);
	assert_int_equal(strlen(text), size);
	for (; *lines; lines++) {
		if (!strstr(text, *lines))
			fail_msg("missing: %s\n%s", *lines, text);
	}
	free(text);
}

static int teardown(void **state)
{
	(void)state;
	metrics_free();
	return 0;
}

static void a_series_is_made_once_and_kept(void **state)
{
	(void)state;
	const char *const ok[] = {"churn", "ok"}, *const error[] = {"churn", "server_error"};
	struct metric *metric = metric_get(&requests, ok);
	metric->value += 2;
	assert_ptr_equal(metric_get(&requests, ok), metric);
	assert_ptr_not_equal(metric_get(&requests, error), metric);
	metric_get0(&open_count)->value = -3;
	static const char *const lines[] = {"# TYPE umbra_test_requests_total counter\n",
		"# HELP umbra_test_requests_total Requests.\\nAll \\\\ of them.\n",
		"\numbra_test_requests_total{endpoint=\"churn\",outcome=\"ok\"} 2\n",
		"\numbra_test_requests_total{endpoint=\"churn\",outcome=\"server_error\"} 0\n",
		"\n# TYPE umbra_test_open gauge\numbra_test_open -3\n", NULL};
	check_text(lines);
}

static void label_values_cannot_break_out_or_be_mixed_up(void **state)
{
	(void)state;
	const char *const evil[] = {"a\"b\\c\nd", "x"}, *const a[] = {"p\",outcome=\"q", "r"},
			  *const b[] = {"p", "q\",outcome=\"r"};
	metric_get(&requests, evil)->value = 1;
	assert_ptr_not_equal(metric_get(&requests, a), metric_get(&requests, b));
	static const char *const lines[] = {
		"\numbra_test_requests_total{endpoint=\"a\\\"b\\\\c\\nd\",outcome=\"x\"} 1\n",
		NULL};
	check_text(lines);
}

static void a_histogram_counts_up_to_each_bound(void **state)
{
	(void)state;
	const char *const values[] = {"v1"};
	struct metric *metric = metric_get(&latency, values);
	metric_observe_us(metric, 0);
	metric_observe_us(metric, 100);
	metric_observe_us(metric, 101);
	metric_observe_us(metric, 60000000);
	metric_observe_us(metric, 60000001);
	metric_observe_us(metric_get0(&wait), 1500000);
	static const char *const lines[] = {
		"umbra_test_latency_seconds_bucket{variant=\"v1\",le=\"0.0001\"} 2\n",
		"umbra_test_latency_seconds_bucket{variant=\"v1\",le=\"0.00025\"} 3\n",
		"umbra_test_latency_seconds_bucket{variant=\"v1\",le=\"30\"} 3\n",
		"umbra_test_latency_seconds_bucket{variant=\"v1\",le=\"60\"} 4\n",
		"umbra_test_latency_seconds_bucket{variant=\"v1\",le=\"+Inf\"} 5\n",
		"umbra_test_latency_seconds_sum{variant=\"v1\"} 120.000202\n",
		"umbra_test_latency_seconds_count{variant=\"v1\"} 5\n",
		"umbra_test_wait_seconds_bucket{le=\"2.5\"} 1\n",
		"umbra_test_wait_seconds_sum 1.500000\n", "umbra_test_wait_seconds_count 1\n",
		NULL};
	check_text(lines);
}

static void a_family_has_a_bounded_number_of_series(void **state)
{
	(void)state;
	char name[16];
	const char *const values[] = {name, "x"}, *const other[] = {"other", "other"};
	struct metric *metric = NULL;
	for (int i = 0; i < 10002; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		metric = metric_get(&requests, values);
		metric->value++;
	}
	assert_ptr_equal(metric, metric_get(&requests, other));
	assert_int_equal(metric->value, 2);
}

static void the_process_tells_of_itself(void **state)
{
	(void)state;
	static const char *const lines[] = {"\nprocess_cpu_seconds_total ",
		"\nprocess_resident_memory_bytes ", "\nprocess_open_fds ",
		"\nprocess_start_time_seconds 1",
		"\numbra_build_info{program=\"metrics_test\",version=\"", NULL};
	check_text(lines);
}

static void promtool_has_nothing_to_say(void **state)
{
	const char *const evil[] = {"a\"b\\c\nd", "x"}, *const values[] = {"v1"};
	if (access("/usr/bin/promtool", X_OK) < 0) {
		print_message("promtool is not installed\n");
		skip();
	}
	(void)state;
	metric_get(&requests, evil)->value = 1;
	metric_get0(&open_count)->value = 1;
	metric_observe_us(metric_get(&latency, values), 5);
	metric_get0(&wait);
	size_t size;
	char *text = metrics_text(&size);
	FILE *promtool = popen("/usr/bin/promtool check metrics", "w"); // NOLINT(cert-env33-c)
	assert_non_null(promtool);
	fwrite(text, 1, size, promtool);
	assert_int_equal(pclose(promtool), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_series_is_made_once_and_kept, teardown),
		cmocka_unit_test_teardown(label_values_cannot_break_out_or_be_mixed_up, teardown),
		cmocka_unit_test_teardown(a_histogram_counts_up_to_each_bound, teardown),
		cmocka_unit_test_teardown(a_family_has_a_bounded_number_of_series, teardown),
		cmocka_unit_test_teardown(the_process_tells_of_itself, teardown),
		cmocka_unit_test_teardown(promtool_has_nothing_to_say, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
