/* Each metric and statistic of a step, from windows with known numbers. */
#include "consumers/console/series_value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct aggregate step;

static int make_step(void **opaque)
{
	(void)opaque;
	step = (struct aggregate){.invocations = 12, .compared = 8, .match = 6};
	counts_add(&step.outcomes, "ok", 5);
	counts_add(&step.outcomes, "client_error", 4);
	counts_add(&step.outcomes, "server_error", 2);
	counts_add(&step.outcomes, "timeout", 1);
	counts_add(&step.losses, "shed", 3);
	for (int64_t us = 1; us <= 4; us++)
		histogram_record(&step.model_latency, us * 1000);
	histogram_record(&step.queue, 7);
	histogram_record(&step.compared_latency, 9);
	return 0;
}

static int free_step(void **opaque)
{
	(void)opaque;
	aggregate_fini(&step);
	return 0;
}

static double value(int metric, int statistic)
{
	struct series_question question = {.metric = metric,
		.statistic = statistic,
		.instances = 3,
		.reason = "shed",
		.histogram = metric_is_latency(metric) ? series_metrics[metric] : NULL};
	return series_value(&question, &step);
}

static void counts_are_those_of_the_windows(void **opaque)
{
	(void)opaque;
	assert_true(value(INVOCATIONS, SUM) == 12);
	assert_true(value(INVOCATIONS_PER_INSTANCE, SUM) == 4);
	assert_true(value(ERRORS_4XX, SUM) == 4);
	assert_true(value(ERRORS_5XX, SUM) == 2);
	assert_true(value(ERRORS_OTHER, SUM) == 1);
	assert_true(value(LOSSES, SUM) == 3);
	assert_true(value(AGREEMENT, AVERAGE) == 0.75);
}

static void a_latency_has_each_statistic(void **opaque)
{
	static const struct {
		int statistic;
		double value;
	} expected[] = {{AVERAGE, 2500}, {MIN, 1000}, {MAX, 4000}, {SUM, 10000}, {COUNT, 4},
		{P50, 2000}, {P90, 4000}, {P99, 4000}, {P999, 4000}};
	(void)opaque;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		double found = value(MODEL_LATENCY, expected[i].statistic);
		assert_true(fabs(found - expected[i].value) <= 0.011 * expected[i].value);
	}
	assert_true(value(QUEUE, MAX) == 7);
}

static void the_compared_requests_have_a_histogram_of_their_own(void **opaque)
{
	struct series_question question = {
		.metric = MODEL_LATENCY, .statistic = SUM, .histogram = "compared_model_latency"};
	(void)opaque;
	assert_true(series_value(&question, &step) == 9);
}

static void where_nothing_was_measured_is_no_number(void **opaque)
{
	struct aggregate nothing = {0};
	struct series_question question = {.metric = AGREEMENT, .instances = 1};
	(void)opaque;
	assert_true(isnan(series_value(&question, &nothing)));
	assert_true(isnan(value(OVERHEAD_LATENCY, P99)));
	assert_true(value(OVERHEAD_LATENCY, COUNT) == 0);
	question.metric = INVOCATIONS;
	assert_true(series_value(&question, &nothing) == 0);
}

static void each_metric_and_statistic_has_its_word(void **opaque)
{
	(void)opaque;
	assert_string_equal("disk", series_metrics[DISK]);
	assert_null(series_metrics[DISK + 1]);
	assert_string_equal("p99.9", series_statistics[P999]);
	assert_null(series_statistics[P999 + 1]);
	for (int metric = INVOCATIONS; metric <= DISK; metric++)
		assert_false(metric_is_latency(metric) && metric_is_load(metric));
	assert_true(metric_is_load(CPU) && !metric_is_load(LATENCY_DIFFERENCE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_the_windows),
		cmocka_unit_test(a_latency_has_each_statistic),
		cmocka_unit_test(the_compared_requests_have_a_histogram_of_their_own),
		cmocka_unit_test(where_nothing_was_measured_is_no_number),
		cmocka_unit_test(each_metric_and_statistic_has_its_word),
	};

	return cmocka_run_group_tests(tests, make_step, free_step);
}
