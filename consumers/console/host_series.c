#include "consumers/console/host_series.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 100000, COLUMNS_MAX = 128 };

static const char *const metrics[HOST_METRICS] = {"cpu", "memory", "disk"};
static const char *const units[HOST_METRICS] = {"percent", "bytes", "bytes"};

static const struct {
	const char *word;
	enum host_statistic statistic;
	double quantile;
} statistics[] = {
	{"average", HOST_AVERAGE, 0},
	{"min", HOST_MIN, 0},
	{"max", HOST_MAX, 0},
	{"sum", HOST_SUM, 0},
	{"count", HOST_COUNT, 0},
	{"p50", HOST_QUANTILE, 0.5},
	{"p90", HOST_QUANTILE, 0.9},
	{"p99", HOST_QUANTILE, 0.99},
	{"p99.9", HOST_QUANTILE, 0.999},
};

int host_metric_parse(const char *word)
{
	for (int i = 0; i < HOST_METRICS; i++)
		if (strcmp(word, metrics[i]) == 0)
			return i;
	return -1;
}

/* The table that is made: a column after the other. */
struct table {
	struct host_store *store;
	struct host_query query;
	size_t steps;
	double *columns[COLUMNS_MAX];
	size_t n_columns;
	json_t *names;
};

static void add_column(struct table *table, const struct variant *variant, enum role role)
{
	if (!variant->metrics_url || table->n_columns == COLUMNS_MAX)
		return;
	double *values = calloc(table->steps + 1, sizeof *values);
	memory_need(values);
	table->query.variant = variant->name;
	host_store_series(table->store, &table->query, values, table->steps);
	table->columns[table->n_columns++] = values;
	json_array_append_new(table->names,
		json_pack("{s:s s:s s:s}", "name", variant->name, "role", role_name(role),
			"population", "all"));
}

static void add_listed(struct table *table, const struct host_series *series,
	const struct variant *variant, enum role role)
{
	if (text_lists(series->variants, variant->name))
		add_column(table, variant, role);
}

static void add_columns(struct table *table, const struct host_series *series)
{
	for (size_t i = 0; series->endpoint && i < series->endpoint->n_variants; i++)
		add_listed(table, series, &series->endpoint->variants[i], ROLE_PRODUCTION);
	for (size_t i = 0; i < series->test->n_variants; i++)
		add_listed(table, series, &series->test->variants[i], ROLE_SHADOW);
}

static json_t *make_points(const struct table *table)
{
	json_t *points = json_array();
	for (size_t i = 0; i < table->steps; i++) {
		int64_t at_us = table->query.from_us + (int64_t)i * table->query.step_us;
		json_t *point = json_array();
		json_array_append_new(point, json_integer(at_us / 1000));
		for (size_t j = 0; j < table->n_columns; j++) {
			double value = table->columns[j][i];
			json_array_append_new(
				point, isfinite(value) ? json_real(value) : json_null());
		}
		json_array_append_new(points, point);
	}
	return points;
}

static json_t *to_json(
	const struct table *table, const struct host_series *series, const char *unit)
{
	char from[TEXT_MAX], to[TEXT_MAX];
	json_t *json = json_pack("{s:s s:s s:s s:I s:s s:s s:O s:o}", "metric",
		metrics[series->metric], "statistic", series->statistic, "unit", unit, "step_us",
		(json_int_t)series->step_us, "from", text_format_time(series->from_us, from), "to",
		text_format_time(series->to_us, to), "columns", table->names, "points",
		make_points(table));
	memory_need(json);
	return json;
}

json_t *host_series_to_json(struct host_store *store, const struct host_series *series)
{
	size_t i = 0, n = sizeof statistics / sizeof statistics[0];
	while (i < n && strcmp(statistics[i].word, series->statistic) != 0)
		i++;
	if (i == n)
		return NULL;
	int64_t step_us = series->step_us, from_us = series->from_us - series->from_us % step_us;
	struct table table = {.store = store, .names = json_array()};
	table.query = (struct host_query){series->test->endpoint, NULL, series->metric,
		statistics[i].statistic, statistics[i].quantile, from_us, step_us};
	if (series->to_us > from_us)
		table.steps = (size_t)((series->to_us - from_us + step_us - 1) / step_us);
	assert(step_us > 0 && series->from_us >= 0 && table.steps <= STEPS_MAX);
	add_columns(&table, series);
	bool is_count = statistics[i].statistic == HOST_COUNT;
	json_t *json = to_json(&table, series, is_count ? "count" : units[series->metric]);
	for (size_t j = 0; j < table.n_columns; j++)
		free(table.columns[j]);
	json_decref(table.names);
	return json;
}
