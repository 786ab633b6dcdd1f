#include "consumers/console/metrics_tests.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "common/sample_ratio.h"
#include "consumers/console/test_metrics.h"
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define PERIOD_US (5 * SECOND_US)

struct metrics_tests {
	const struct view *view;
	char *text; /* as it was told last */
	size_t size;
	int64_t made_us; /* monotonic; 0: not yet */
};

static void add_window(void *opaque, struct aggregate *window)
{
	aggregate_merge(opaque, window);
}

/* The names stay the arm's: aggregate_fini() must not meet them. */
static void sum_up(const struct view *view, const struct store_arm *arm, int64_t from_us,
	unsigned histograms, struct aggregate *sum)
{
	struct store_query query = {.arm = arm,
		.from_us = from_us,
		.to_us = arm->newest_us + 10 * SECOND_US,
		.level = -1,
		.histograms = histograms};
	store_each(view->store, &query, add_window, sum);
}

static void forget(struct aggregate *sum)
{
	sum->endpoint = sum->test = sum->variant = NULL;
	aggregate_fini(sum);
}

static void add_row(const struct view *view, const struct store_arm *arm, const struct test *test,
	struct test_metrics_row *row, struct aggregate *sum)
{
	int64_t from_us = test ? plan_floor(test->start_us, 10 * SECOND_US) : 0;
	bool is_running = test && test_state_at(test, view->now_us) == TEST_RUNNING;
	sum_up(view, arm, from_us, api_histogram_bit("model_latency"), sum);
	sum->endpoint = arm->endpoint;
	sum->test = arm->test;
	sum->variant = arm->variant;
	sum->role = arm->role;
	struct sample_ratio ratio = sample_ratio_of(&sum->decided, &sum->taken);
	*row = (struct test_metrics_row){.sum = sum,
		.newest_us = is_running ? arm->newest_us : 0,
		.has_ratio_mismatch = is_running && sample_ratio_is_mismatch(&ratio)};
}

/* What is no more in the control state is told no more. */
static bool is_told(const struct view *view, const struct store_arm *arm)
{
	return arm->variant[0] != '\0' && control_endpoint(view->state, arm->endpoint) &&
		(!arm->test || control_test(view->state, arm->test));
}

static void make_text(struct metrics_tests *metrics)
{
	const struct view *view = metrics->view;
	size_t arms = store_arms(view->store), n = 0;
	struct test_metrics_row *rows = calloc(arms + 1, sizeof *rows);
	struct aggregate *sums = calloc(arms + 1, sizeof *sums);
	free(metrics->text);
	FILE *out = open_memstream(&metrics->text, &metrics->size);
	memory_need(rows && sums && out);
	for (size_t i = 0; i < arms; i++) {
		const struct store_arm *arm = store_arm(view->store, i);
		const struct test *test = arm->test ? control_test(view->state, arm->test) : NULL;
		if (is_told(view, arm)) {
			add_row(view, arm, test, &rows[n], &sums[n]);
			n++;
		}
	}
	test_metrics_write(out, rows, n);
	test_metrics_write_running(out, view->state, view->now_us);
	fclose(out);
	while (n-- > 0)
		forget(&sums[n]);
	free(sums);
	free(rows);
}

static void write_text(FILE *out, void *opaque)
{
	struct metrics_tests *metrics = opaque;
	int64_t now_us = clock_monotonic_us();
	if (!metrics->view->state || !metrics->view->store)
		return;
	if (metrics->made_us == 0 || now_us - metrics->made_us >= PERIOD_US) {
		make_text(metrics);
		metrics->made_us = now_us;
	}
	fwrite(metrics->text, 1, metrics->size, out);
}

struct metrics_tests *metrics_tests_new(const struct view *view)
{
	struct metrics_tests *metrics = calloc(1, sizeof *metrics);
	memory_need(metrics);
	metrics->view = view;
	metrics_set_writer(write_text, metrics);
	return metrics;
}

void metrics_tests_free(struct metrics_tests *metrics)
{
	if (!metrics)
		return;
	metrics_set_writer(NULL, NULL);
	free(metrics->text);
	free(metrics);
}
