/* The numbers of the tests in Prometheus' format, read back by our own reader. */
#include "common/exposition.h"
#include "common/metrics.h"
#include "consumers/console/test_metrics.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct aggregate candidate = {.endpoint = "churn",
	.test = "t",
	.variant = "v2",
	.role = ROLE_SHADOW,
	.invocations = 148,
	.sampled = 150,
	.paired = 147,
	.pending = 1,
	.compared = 140,
	.match = 133,
	.mismatch = 7};
static struct aggregate production = {
	.endpoint = "churn", .variant = "v1", .role = ROLE_PRODUCTION, .invocations = 1000};

#define LABELS "{endpoint=\"churn\",test=\"t\",variant=\"v2\",role=\"shadow\""
#define PRODUCTION "{endpoint=\"churn\",test=\"\",variant=\"v1\",role=\"production\""

static int make_counts(void **opaque)
{
	(void)opaque;
	counts_add(&candidate.losses, "shed", 2);
	counts_add(&candidate.outcomes, "ok", 140);
	counts_add(&candidate.outcomes, "timeout", 8);
	counts_add(&production.outcomes, "ok", 1000);
	histogram_record(&candidate.model_latency, 0);
	histogram_record(&candidate.model_latency, 200);
	histogram_record(&candidate.model_latency, 700000);
	histogram_record(&candidate.model_latency, 90000000);
	return 0;
}

static int free_counts(void **opaque)
{
	(void)opaque;
	counts_fini(&candidate.losses);
	counts_fini(&candidate.outcomes);
	counts_fini(&production.outcomes);
	histogram_fini(&candidate.model_latency);
	return 0;
}

static char *text_of(const struct test_metrics_row *rows, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	test_metrics_write(out, rows, n);
	assert_int_equal(0, fclose(out));
	return text;
}

static void count_sample(void *opaque, const struct exposition_sample *sample)
{
	(void)sample;
	++*(size_t *)opaque;
}

static void has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no %s in\n%s", line, text);
}

static void a_candidate_s_books_are_there(void **opaque)
{
	struct test_metrics_row row = {&candidate, INT64_C(1700000000000000), true};
	char *text = text_of(&row, 1);
	size_t n = 0;

	(void)opaque;
	has(text, "\numbra_test_invocations_total" LABELS "} 148\n");
	has(text, "\numbra_test_sampled_total" LABELS "} 150\n");
	has(text, "\numbra_test_paired_total" LABELS "} 147\n");
	has(text, "\numbra_test_pending" LABELS "} 1\n");
	has(text, "\numbra_test_compared_total" LABELS "} 140\n");
	has(text, "\numbra_test_mismatches_total" LABELS "} 7\n");
	has(text, "\numbra_test_wrong_sampling_decisions_total" LABELS "} 0\n");
	has(text, "\numbra_test_losses_total" LABELS ",reason=\"shed\"} 2\n");
	has(text, "\numbra_test_outcomes_total" LABELS ",outcome=\"timeout\"} 8\n");
	has(text, "\numbra_test_newest_window_timestamp_seconds" LABELS "} 1700000000\n");
	has(text, "\numbra_test_sample_ratio_mismatch" LABELS "} 1\n");
	assert_int_equal(0, exposition_read(text, strlen(text), count_sample, &n));
	assert_true(n > 30);
	free(text);
}

static void latencies_are_counted_up_to_each_bound(void **opaque)
{
	struct test_metrics_row row = {&candidate, 0, false};
	char *text = text_of(&row, 1);

	(void)opaque;
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"0.0001\"} 1\n");
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"0.00025\"} 2\n");
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"0.5\"} 2\n");
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"1\"} 3\n");
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"60\"} 3\n");
	has(text, "\numbra_test_model_latency_seconds_bucket" LABELS ",le=\"+Inf\"} 4\n");
	has(text, "\numbra_test_model_latency_seconds_count" LABELS "} 4\n");
	has(text, "\numbra_test_model_latency_seconds_sum" LABELS "} 90.700200\n");
	free(text);
}

static void production_has_no_copies_and_a_test_that_rests_no_newest_window(void **opaque)
{
	struct test_metrics_row rows[] = {{&production, 5, false}, {&candidate, 0, false}};
	char *text = text_of(rows, 2);

	(void)opaque;
	has(text, "\numbra_test_invocations_total" PRODUCTION "} 1000\n");
	has(text, "\numbra_test_outcomes_total" PRODUCTION ",outcome=\"ok\"} 1000\n");
	assert_null(strstr(text, "umbra_test_sampled_total" PRODUCTION));
	assert_null(strstr(text, "umbra_test_newest_window_timestamp_seconds{"));
	has(text, "\numbra_test_sample_ratio_mismatch" LABELS "} 0\n");
	free(text);
}

static void of_a_test_that_runs_the_begin_is_told_though_it_has_no_window(void **opaque)
{
	struct test running = {.name = (char *)"t",
		.endpoint = (char *)"churn",
		.start_us = INT64_C(1700000000000000),
		.end_us = INT64_MAX};
	struct test ended = {.name = (char *)"u",
		.endpoint = (char *)"churn",
		.start_us = INT64_C(1600000000000000),
		.end_us = INT64_C(1650000000000000)};
	struct test *list[] = {&running, &ended};
	struct control_state state = {.tests = list, .n_tests = 2};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)opaque;
	assert_non_null(out);
	test_metrics_write_running(out, &state, INT64_C(1700000001000000));
	assert_int_equal(0, fclose(out));
	has(text,
		"\numbra_test_start_timestamp_seconds{endpoint=\"churn\",test=\"t\"} "
		"1700000000\n");
	assert_null(strstr(text, "test=\"u\""));
	free(text);
}

static void write_one(FILE *out, void *opaque)
{
	struct test_metrics_row row = {opaque, 0, false};

	test_metrics_write(out, &row, 1);
}

static void the_programs_own_metrics_stand_beside_them(void **opaque)
{
	char *text;
	size_t size;

	(void)opaque;
	metrics_set_writer(write_one, &production);
	text = metrics_text(&size);
	has(text, "\numbra_test_invocations_total" PRODUCTION "} 1000\n");
	has(text, "\nprocess_cpu_seconds_total ");
	free(text);
	metrics_free();
	text = metrics_text(&size);
	assert_null(strstr(text, "umbra_test_"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_candidate_s_books_are_there),
		cmocka_unit_test(latencies_are_counted_up_to_each_bound),
		cmocka_unit_test(production_has_no_copies_and_a_test_that_rests_no_newest_window),
		cmocka_unit_test(of_a_test_that_runs_the_begin_is_told_though_it_has_no_window),
		cmocka_unit_test(the_programs_own_metrics_stand_beside_them),
	};

	return cmocka_run_group_tests(tests, make_counts, free_counts);
}
