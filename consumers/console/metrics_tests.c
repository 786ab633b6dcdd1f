#include "consumers/console/metrics_tests.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "common/sampling.h"
#include "consumers/console/test_metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define PERIOD_US (5 * SECOND_US)
/* After a change of the test, splitters need a moment to learn of it. */
#define SETTLE_US (60 * SECOND_US)

enum { LEAST_REQUESTS = 1000 };
#define DEVIATIONS 5.5

struct metrics_tests {
	const struct view *view;
	char *text; /* as it was told last */
	size_t size;
	int64_t made_us; /* monotonic; 0: not yet */
};

bool metrics_tests_is_mismatch(int64_t requests, int64_t sampled, uint32_t sampling)
{
	double share = (double)sampling / SAMPLING_ALWAYS;
	double expected = (double)requests * share;
	double deviation = sqrt(expected * (1 - share));
	return requests >= LEAST_REQUESTS &&
		fabs((double)sampled - expected) > DEVIATIONS * deviation;
}

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

/* Production's requests on the endpoint, all its variants together. */
static int64_t count_requests(const struct view *view, const char *endpoint, int64_t from_us)
{
	int64_t n = 0;
	for (size_t i = 0; i < store_arms(view->store); i++) {
		const struct store_arm *arm = store_arm(view->store, i);
		struct aggregate sum = {0};
		if (arm->test || arm->role != ROLE_PRODUCTION || strcmp(arm->endpoint, endpoint))
			continue;
		sum_up(view, arm, from_us, 0, &sum);
		n += sum.invocations;
		forget(&sum);
	}
	return n;
}

/* Over what came since the test was changed last: then its percentage was one. A request and the
 * decision about it are counted in the same window. */
static bool is_mismatch(
	const struct view *view, const struct store_arm *arm, const struct test *test)
{
	int64_t changed_us = timeline_time(view->timeline, test->generation);
	int64_t begin_us = changed_us > test->start_us ? changed_us : test->start_us;
	struct aggregate sum = {0};
	if (test->sample_by != SAMPLE_BY_ID || changed_us == 0 ||
		test_state_at(test, view->now_us) != TEST_RUNNING)
		return false;
	sum_up(view, arm, begin_us + SETTLE_US, 0, &sum);
	int64_t requests = count_requests(view, test->endpoint, begin_us + SETTLE_US);
	int64_t sampled = sum.sampled;
	forget(&sum);
	return metrics_tests_is_mismatch(requests, sampled, test->sampling);
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
	*row = (struct test_metrics_row){.sum = sum,
		.newest_us = is_running ? arm->newest_us : 0,
		.has_ratio_mismatch =
			test && arm->role == ROLE_SHADOW && is_mismatch(view, arm, test)};
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
