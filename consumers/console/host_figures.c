#include "consumers/console/host_figures.h"
#include "common/metric_query.h"
#include <assert.h>
#include <math.h>

enum { CHOICES = 4 };
#define MINUTE_US INT64_C(60000000)

/* The first that is on the page counts. An exporter's page has the exporter's own process on it, too:
 * the process comes last. */
static const char *const usual[HOST_METRICS][CHOICES] = {
	[HOST_CPU] = {"node_cpu_seconds_total{mode!=\"idle\",mode!=\"iowait\"}",
		"namedprocess_namegroup_cpu_seconds_total", "container_cpu_usage_seconds_total",
		"process_cpu_seconds_total"},
	[HOST_MEMORY] = {"node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes",
		"namedprocess_namegroup_memory_bytes{memtype=\"resident\"}",
		"container_memory_working_set_bytes", "process_resident_memory_bytes"},
	[HOST_DISK] = {"node_filesystem_size_bytes{mountpoint=\"/\"} - "
		       "node_filesystem_avail_bytes{mountpoint=\"/\"}",
		"container_fs_usage_bytes"},
};

struct search {
	struct metric_query queries[HOST_METRICS][CHOICES];
	struct metric_figure figures[HOST_METRICS][CHOICES];
};

/* A query without terms finds nothing. */
static void prepare(struct search *search, const struct host_wish *wish)
{
	for (int i = 0; i < HOST_METRICS; i++) {
		const char *const *texts = wish->query[i] ? &wish->query[i] : usual[i];
		int n = wish->query[i] ? 1 : CHOICES;
		for (int j = 0; j < n && texts[j]; j++) {
			int unread = metric_query_parse(&search->queries[i][j], texts[j]);
			assert(!unread); /* the definition was checked */
		}
	}
}

static void take(void *opaque, const struct exposition_sample *sample)
{
	struct search *search = opaque;
	for (int i = 0; i < HOST_METRICS; i++)
		for (int j = 0; j < CHOICES; j++)
			metric_query_add(&search->queries[i][j], sample, &search->figures[i][j]);
}

void host_figures_read(
	const struct host_wish *wish, const char *page, size_t size, struct host_figures *figures)
{
	struct search search = {.figures = {{{0}}}};
	*figures = (struct host_figures){.value = {0}};
	prepare(&search, wish);
	exposition_read(page, size, take, &search);
	for (int i = 0; i < HOST_METRICS; i++) {
		for (int j = 0; j < CHOICES && !figures->is_known[i]; j++) {
			const struct metric_figure *figure = &search.figures[i][j];
			if (search.queries[i][j].n_terms == 0 ||
				!metric_figure_is_known(&search.queries[i][j], figure))
				continue;
			figures->value[i] = figure->value;
			figures->is_known[i] = true;
			figures->is_counter[i] = figure->is_counter;
		}
	}
}

/* Per cent of a core since the last page; NaN: there is no telling. A counter that fell began anew in
 * between: how much was missed is not known. */
static double rate(struct host_counter *before, double seconds, int64_t now_us)
{
	int64_t passed_us = now_us - before->at_us;
	bool is_comparable = before->at_us > 0 && passed_us > 0 && passed_us <= MINUTE_US &&
		seconds >= before->value;
	double percent =
		is_comparable ? (seconds - before->value) * 1e6 / (double)passed_us * 100 : NAN;
	*before = (struct host_counter){seconds, now_us};
	return percent;
}

void host_reading_make(const struct host_figures *figures, struct host_counter *cpu, int64_t now_us,
	struct host_reading *reading)
{
	for (int i = 0; i < HOST_METRICS; i++) {
		double value = figures->is_known[i] ? figures->value[i] : NAN;
		if (i == HOST_CPU && figures->is_known[i] && figures->is_counter[i])
			value = rate(cpu, value, now_us);
		reading->is_known[i] = isfinite(value) && value >= 0;
		reading->value[i] = reading->is_known[i] ? value : 0;
	}
}
