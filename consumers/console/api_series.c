/* GET tests/NAME/series: a metric over time. The windows of an arm are added up step by step; each step
 * then gives a number, or null where there was no window or nothing to measure. */
#include "common/memory.h"
#include "common/text.h"
#include "consumers/console/api.h"
#include "consumers/console/host_series.h"
#include "consumers/console/series_value.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_USUAL = 300, STEPS_MAX = 2000, COLUMNS_MAX = 512 };
#define LEAST_STEP_US INT64_C(10000000)

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
	const char *variants; /* whose columns, as text_lists() has it */
	struct stretch stretch;
	int64_t begin_us, step_us; /* the first step begins at or before the stretch */
	size_t n; /* steps */
	enum level level;
	struct bin *bins; /* of the arm that is looked at */
	struct column columns[COLUMNS_MAX];
	size_t n_columns;
};

/* What is asked. */

static bool read_words(const struct query *query, struct series *series, struct reply *reply)
{
	static const char *const names[] = {"metric", "statistic", "variants", "from", "to", "last",
		"step", "population", NULL};
	series->metric = -1;
	series->variants = query_text(query, "variants");
	if (!query_check(query, names, reply) ||
		!query_word(query, "metric", series_metrics, &series->metric, reply))
		return false;
	if (series->metric < 0) {
		reply_problem(reply, 400, "metric is missing: invocations, model_latency, ...");
		return false;
	}
	if (metric_is_latency(series->metric))
		series->statistic = P50;
	else if (metric_is_load(series->metric) || series->metric == AGREEMENT)
		series->statistic = AVERAGE;
	else
		series->statistic = SUM;
	return query_word(query, "statistic", series_statistics, &series->statistic, reply) &&
		query_word(query, "population", api_populations, &series->population, reply);
}

/* Counts have their sum, and agreement its average: others would be numbers of nothing. */
static bool check_statistic(const struct series *series, struct reply *reply)
{
	int only = series->metric == AGREEMENT ? AVERAGE : SUM;
	if (metric_is_latency(series->metric) || metric_is_load(series->metric) ||
		series->statistic == only)
		return true;
	reply_problem(reply, 422, "the statistic of %s is %s, not %s",
		series_metrics[series->metric], series_statistics[only],
		series_statistics[series->statistic]);
	return false;
}

/* The hosts' load comes also when no window does. */
static bool read_stretch(const struct query *query, struct series *series, struct reply *reply)
{
	const struct view *view = series->view;
	if (!metric_is_load(series->metric))
		return api_stretch(view, series->test, query, &series->stretch, reply);
	return query_stretch(query, series->test, plan_ceil(view->now_us, LEAST_STEP_US),
		&series->stretch, reply);
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
	series->level = plan_level(plan, series->step_us, from_us, series->stretch.to_us);
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
		.histograms = api_latency_bits(
			series_metrics[series->metric], series->population == COMPARED)};
	empty_bins(series);
	store_each(series->view->store, &query, add_window, series);
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

/* `histogram`: its name in the schema, where the metric is a latency. */
static void add_values(
	struct series *series, struct column *column, const char *variant, const char *histogram)
{
	struct series_question question = {.metric = series->metric,
		.statistic = series->statistic,
		.instances = instances(series, variant),
		.histogram = histogram};
	if (!column)
		return;
	question.reason = column->reason;
	for (size_t i = 0; i < series->n; i++) {
		const struct bin *bin = &series->bins[i];
		column->values[i] = bin->is_there ? series_value(&question, &bin->sum) : NAN;
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
			arm->variant, NULL);
	counts_fini(&reasons);
}

/* Production's calls for the requests that this candidate was compared on. */
static void add_same_requests(struct series *series, const struct store_arm *arm)
{
	char *name = api_same_requests_name(series->endpoint, series->test, arm->variant);
	if (text_lists(series->variants, report_production_name(series->endpoint)))
		add_values(series, add_column(series, name, ROLE_PRODUCTION, NULL), name,
			"compared_production_model_latency");
	if (text_lists(series->variants, arm->variant))
		add_values(series, add_column(series, arm->variant, arm->role, NULL), arm->variant,
			"compared_model_latency");
	free(name);
}

static bool is_of_candidates(const struct series *series)
{
	return series->metric == AGREEMENT || series->metric == LOSSES ||
		series->metric == LATENCY_DIFFERENCE ||
		(series->metric == MODEL_LATENCY && series->population == COMPARED);
}

static void add_arm(struct series *series, const struct store_arm *arm)
{
	bool is_both = series->metric == MODEL_LATENCY && series->population == COMPARED;
	if (!is_both && !text_lists(series->variants, arm->variant))
		return;
	fill_bins(series, arm);
	if (series->metric == LOSSES)
		add_losses(series, arm);
	else if (is_both)
		add_same_requests(series, arm);
	else
		add_values(series, add_column(series, arm->variant, arm->role, NULL), arm->variant,
			series_metrics[series->metric]);
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
	return metric_is_latency(series->metric) && series->statistic != COUNT ? "us" : "count";
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
		series_metrics[series->metric], "statistic", series_statistics[series->statistic],
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
		(enum host_metric)host_metric_parse(series_metrics[series->metric]),
		series_statistics[series->statistic], series->stretch.from_us,
		series->stretch.to_us, series->step_us, series->variants};
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
		read_stretch(&request->query, series, reply) &&
		read_steps(&request->query, series, reply)) {
		if (metric_is_load(series->metric))
			answer_load(series, reply);
		else
			answer(series, reply);
	}
	free(series);
}
