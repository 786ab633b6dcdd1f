/* GET tests/NAME/series: a metric over time. The windows of an arm are added up step by step; each step
 * then gives a number, or null where there was no window or nothing to measure. */
#include "common/memory.h"
#include "consumers/console/api.h"
#include "consumers/console/host_series.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_USUAL = 300, STEPS_MAX = 2000, COLUMNS_MAX = 512 };
#define LEAST_STEP_US INT64_C(10000000)

enum metric {
	INVOCATIONS,
	INVOCATIONS_PER_INSTANCE,
	ERRORS_4XX,
	ERRORS_5XX,
	ERRORS_OTHER,
	MODEL_LATENCY,
	OVERHEAD_LATENCY,
	QUEUE,
	AGREEMENT,
	LOSSES,
	LATENCY_DIFFERENCE,
	CPU,
	MEMORY,
	DISK
};
static const char *const metric_words[] = {"invocations", "invocations_per_instance", "errors_4xx",
	"errors_5xx", "errors_other", "model_latency", "overhead_latency", "queue", "agreement",
	"losses", "latency_difference", "cpu", "memory", "disk", NULL};

enum statistic { AVERAGE, MIN, MAX, SUM, COUNT, P50, P90, P99, P999 };
static const char *const statistic_words[] = {
	"average", "min", "max", "sum", "count", "p50", "p90", "p99", "p99.9", NULL};

static const char *const population_words[] = {"all", "compared", NULL};
enum { ALL, COMPARED };

struct column {
	char *name, *reason; /* reason: of losses; NULL */
	enum role role;
	double *values; /* one for each step; NaN: none */
};

struct bin {
	struct aggregate sum;
	bool is_there; /* there was a window in it */
};

struct series {
	const struct view *view;
	const struct test *test;
	const struct endpoint *endpoint; /* NULL: it is gone */
	int metric, statistic, population;
	struct stretch stretch;
	int64_t begin_us, step_us; /* the first step begins at or before the stretch */
	size_t n; /* steps */
	enum level level;
	struct bin *bins; /* of the arm that is looked at */
	struct column columns[COLUMNS_MAX];
	size_t n_columns;
};

static bool is_latency(int metric)
{
	return metric == MODEL_LATENCY || metric == OVERHEAD_LATENCY || metric == QUEUE ||
		metric == LATENCY_DIFFERENCE;
}

static bool is_load(int metric)
{
	return metric >= CPU;
}

/* What is asked. */

static bool read_words(const struct query *query, struct series *series, struct reply *reply)
{
	static const char *const names[] = {
		"metric", "statistic", "from", "to", "last", "step", "population", NULL};
	series->metric = -1;
	if (!query_check(query, names, reply) ||
		!query_word(query, "metric", metric_words, &series->metric, reply))
		return false;
	if (series->metric < 0) {
		reply_problem(reply, 400, "metric is missing: invocations, model_latency, ...");
		return false;
	}
	if (is_latency(series->metric))
		series->statistic = P50;
	else if (is_load(series->metric) || series->metric == AGREEMENT)
		series->statistic = AVERAGE;
	else
		series->statistic = SUM;
	return query_word(query, "statistic", statistic_words, &series->statistic, reply) &&
		query_word(query, "population", population_words, &series->population, reply);
}

/* Counts have their sum, and agreement its average: others would be numbers of nothing. */
static bool check_statistic(const struct series *series, struct reply *reply)
{
	int only = series->metric == AGREEMENT ? AVERAGE : SUM;
	if (is_latency(series->metric) || is_load(series->metric) || series->statistic == only)
		return true;
	reply_problem(reply, 422, "the statistic of %s is %s, not %s", metric_words[series->metric],
		statistic_words[only], statistic_words[series->statistic]);
	return false;
}

/* Where the narrow rows are gone, steps are as wide as what is left. */
static bool read_steps(const struct query *query, struct series *series, struct reply *reply)
{
	const struct plan_store *plan = store_plan(series->view->store);
	int64_t from_us = series->stretch.from_us, stretch_us = series->stretch.to_us - from_us;
	series->step_us = plan_step(stretch_us, STEPS_USUAL);
	if (!query_duration(query, "step", &series->step_us, reply))
		return false;
	if (series->step_us > INT64_MAX / 4)
		series->step_us = INT64_MAX / 4;
	series->step_us = plan_ceil(series->step_us, LEAST_STEP_US);
	series->level = plan_level(plan, series->step_us, from_us);
	series->step_us = plan_ceil(series->step_us, level_width_us(series->level));
	series->begin_us = plan_floor(from_us, series->step_us);
	int64_t n = stretch_us > 0
		? (series->stretch.to_us - series->begin_us - 1) / series->step_us + 1
		: 0;
	if (n > STEPS_MAX) {
		reply_problem(reply, 422, "that would be %lld steps: at most %d are given",
			(long long)n, STEPS_MAX);
		return false;
	}
	series->n = (size_t)n;
	return true;
}

/* The windows of an arm. */

static void add_window(void *opaque, struct aggregate *window)
{
	struct series *series = opaque;
	int64_t i = (window->window_start_us - series->begin_us) / series->step_us;
	if (window->window_start_us < series->begin_us || i >= (int64_t)series->n)
		return;
	aggregate_merge(&series->bins[i].sum, window);
	series->bins[i].is_there = true;
}

static unsigned histograms_of(const struct series *series)
{
	switch (series->metric) {
	case MODEL_LATENCY:
		return series->population == COMPARED
			? api_histogram_bit("compared_model_latency") |
				api_histogram_bit("compared_production_model_latency")
			: api_histogram_bit("model_latency");
	case OVERHEAD_LATENCY:
		return api_histogram_bit("overhead_latency");
	case QUEUE:
		return api_histogram_bit("queue");
	case LATENCY_DIFFERENCE:
		return api_histogram_bit("latency_difference");
	default:
		return 0;
	}
}

static void empty_bins(struct series *series)
{
	for (size_t i = 0; i < series->n; i++)
		aggregate_fini(&series->bins[i].sum);
	memset(series->bins, 0, (series->n + 1) * sizeof *series->bins);
}

static void fill_bins(struct series *series, const struct store_arm *arm)
{
	struct store_query query = {.arm = arm,
		.from_us = series->stretch.from_us,
		.to_us = series->stretch.to_us,
		.level = (int)series->level,
		.histograms = histograms_of(series)};
	empty_bins(series);
	store_each(series->view->store, &query, add_window, series);
}

/* A step's number. */

static double latency_value(const struct histogram *histogram, int statistic)
{
	static const double quantiles[] = {[P50] = 0.5, [P90] = 0.9, [P99] = 0.99, [P999] = 0.999};
	if (statistic == COUNT)
		return (double)histogram->count;
	if (histogram->count == 0)
		return NAN;
	switch (statistic) {
	case AVERAGE:
		return histogram_mean(histogram);
	case MIN:
		return (double)histogram->min;
	case MAX:
		return (double)histogram->max;
	case SUM:
		return (double)histogram->sum;
	default:
		return histogram_quantile(histogram, quantiles[statistic]);
	}
}

static double other_failures(const struct aggregate *sum)
{
	return (double)(counts_sum(&sum->outcomes) - counts_of(&sum->outcomes, "ok") -
		counts_of(&sum->outcomes, "client_error") -
		counts_of(&sum->outcomes, "server_error"));
}

static int64_t instances(const struct series *series, const char *variant)
{
	const struct endpoint *endpoint = series->endpoint;
	for (size_t i = 0; i < series->test->n_variants; i++)
		if (!strcmp(series->test->variants[i].name, variant))
			return series->test->variants[i].instances;
	for (size_t i = 0; endpoint && i < endpoint->n_variants; i++)
		if (!strcmp(endpoint->variants[i].name, variant))
			return endpoint->variants[i].instances;
	return 1;
}

/* `histogram`: of a latency; `reason`: of losses. */
static double value_of(const struct series *series, const struct aggregate *sum,
	const struct histogram *histogram, const char *variant, const char *reason)
{
	switch (series->metric) {
	case INVOCATIONS:
		return (double)sum->invocations;
	case INVOCATIONS_PER_INSTANCE:
		return (double)sum->invocations / (double)instances(series, variant);
	case ERRORS_4XX:
		return (double)counts_of(&sum->outcomes, "client_error");
	case ERRORS_5XX:
		return (double)counts_of(&sum->outcomes, "server_error");
	case ERRORS_OTHER:
		return other_failures(sum);
	case AGREEMENT:
		return sum->compared ? (double)sum->match / (double)sum->compared : NAN;
	case LOSSES:
		return (double)counts_of(&sum->losses, reason);
	default:
		return latency_value(histogram, series->statistic);
	}
}

/* Columns. */

static struct column *add_column(
	struct series *series, const char *name, enum role role, const char *reason)
{
	if (series->n_columns == COLUMNS_MAX)
		return NULL;
	struct column *column = &series->columns[series->n_columns++];
	*column = (struct column){.name = strdup(name),
		.reason = reason ? strdup(reason) : NULL,
		.role = role,
		.values = calloc(series->n + 1, sizeof(double))};
	memory_need(column->name && column->values && (column->reason || !reason));
	return column;
}

/* `offset`: of the histogram in an aggregate; 0 where the metric is none. */
static void add_values(
	struct series *series, struct column *column, const char *variant, size_t offset)
{
	for (size_t i = 0; column && i < series->n; i++) {
		const struct bin *bin = &series->bins[i];
		const void *histogram = (const char *)&bin->sum + offset;
		column->values[i] = bin->is_there
			? value_of(series, &bin->sum, histogram, variant, column->reason)
			: NAN;
	}
}

static void add_losses(struct series *series, const struct store_arm *arm)
{
	struct counts reasons = {0};
	for (size_t i = 0; i < series->n; i++)
		for (size_t j = 0; j < series->bins[i].sum.losses.n; j++)
			counts_add(&reasons, series->bins[i].sum.losses.items[j].name, 1);
	for (size_t i = 0; i < reasons.n; i++)
		add_values(series,
			add_column(series, arm->variant, arm->role, reasons.items[i].name),
			arm->variant, 0);
	counts_fini(&reasons);
}

/* Production's calls for the requests that this candidate was compared on. */
static void add_same_requests(struct series *series, const struct store_arm *arm)
{
	char *name = api_same_requests_name(series->endpoint, series->test, arm->variant);
	add_values(series, add_column(series, name, ROLE_PRODUCTION, NULL), name,
		offsetof(struct aggregate, compared_production_latency));
	add_values(series, add_column(series, arm->variant, arm->role, NULL), arm->variant,
		offsetof(struct aggregate, compared_latency));
	free(name);
}

static size_t histogram_offset(int metric)
{
	switch (metric) {
	case OVERHEAD_LATENCY:
		return offsetof(struct aggregate, overhead_latency);
	case QUEUE:
		return offsetof(struct aggregate, queue);
	case LATENCY_DIFFERENCE:
		return offsetof(struct aggregate, latency_difference);
	default:
		return offsetof(struct aggregate, model_latency);
	}
}

static bool is_of_candidates(const struct series *series)
{
	return series->metric == AGREEMENT || series->metric == LOSSES ||
		series->metric == LATENCY_DIFFERENCE ||
		(series->metric == MODEL_LATENCY && series->population == COMPARED);
}

static void add_arm(struct series *series, const struct store_arm *arm)
{
	fill_bins(series, arm);
	if (series->metric == LOSSES)
		add_losses(series, arm);
	else if (series->metric == MODEL_LATENCY && series->population == COMPARED)
		add_same_requests(series, arm);
	else
		add_values(series, add_column(series, arm->variant, arm->role, NULL), arm->variant,
			histogram_offset(series->metric));
}

/* Production first. */
static void add_arms(struct series *series, bool is_production)
{
	for (size_t i = 0; i < store_arms(series->view->store); i++) {
		const struct store_arm *arm = store_arm(series->view->store, i);
		if (arm->variant[0] && (arm->role == ROLE_PRODUCTION) == is_production &&
			api_is_arm_of(arm, series->test))
			add_arm(series, arm);
	}
}

/* The answer. */

static const char *unit_of(const struct series *series)
{
	if (series->metric == AGREEMENT)
		return "ratio";
	return is_latency(series->metric) && series->statistic != COUNT ? "us" : "count";
}

static json_t *columns_to_json(const struct series *series)
{
	bool is_compared = is_of_candidates(series) && series->metric != LOSSES;
	json_t *list = json_array();
	for (size_t i = 0; i < series->n_columns; i++) {
		const struct column *column = &series->columns[i];
		json_t *json = json_pack("{s:s s:s s:s}", "name", column->name, "role",
			role_name(column->role), "population", is_compared ? "compared" : "all");
		assert(json);
		if (column->reason)
			json_object_set_new(json, "reason", json_string(column->reason));
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
							   : json_real(value);
}

static json_t *points_to_json(const struct series *series)
{
	json_t *points = json_array();
	for (size_t i = 0; i < series->n; i++) {
		json_t *point = json_array();
		json_array_append_new(point,
			json_integer((series->begin_us + (int64_t)i * series->step_us) / 1000));
		for (size_t j = 0; j < series->n_columns; j++)
			json_array_append_new(point, number(series->columns[j].values[i]));
		json_array_append_new(points, point);
	}
	return points;
}

static json_t *to_json(const struct series *series)
{
	json_t *json = json_pack("{s:s s:s s:s s:I s:o s:o s:o s:o}", "metric",
		metric_words[series->metric], "statistic", statistic_words[series->statistic],
		"unit", unit_of(series), "step_us", (json_int_t)series->step_us, "from",
		api_time(series->stretch.from_us), "to", api_time(series->stretch.to_us), "columns",
		columns_to_json(series), "points", points_to_json(series));
	assert(json);
	return json;
}

static void answer(struct series *series, struct reply *reply)
{
	series->bins = calloc(series->n + 1, sizeof *series->bins);
	memory_need(series->bins);
	if (!is_of_candidates(series))
		add_arms(series, true);
	add_arms(series, false);
	reply_json(reply, to_json(series));
	empty_bins(series);
	free(series->bins);
	for (size_t i = 0; i < series->n_columns; i++) {
		free(series->columns[i].name);
		free(series->columns[i].reason);
		free(series->columns[i].values);
	}
}

static void answer_load(const struct series *series, struct reply *reply)
{
	struct host_series load = {series->endpoint, series->test,
		(enum host_metric)host_metric_parse(metric_words[series->metric]),
		statistic_words[series->statistic], series->stretch.from_us, series->stretch.to_us,
		series->step_us};
	json_t *json = host_series_to_json(series->view->hosts, &load);
	assert(json);
	reply_json(reply, json);
}

void api_series(const struct view *view, const struct request *request, struct reply *reply)
{
	const struct test *test = api_find_test(view, request, reply);
	if (!test)
		return;
	struct series *series = calloc(1, sizeof *series);
	memory_need(series);
	series->view = view;
	series->test = test;
	series->endpoint = control_endpoint(view->state, test->endpoint);
	if (read_words(&request->query, series, reply) && check_statistic(series, reply) &&
		query_stretch(&request->query, test, view->now_us, &series->stretch, reply) &&
		read_steps(&request->query, series, reply)) {
		if (is_load(series->metric))
			answer_load(series, reply);
		else
			answer(series, reply);
	}
	free(series);
}
