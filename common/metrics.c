/* Families in a list in the order in which they were first asked for, series in a list in each. A
 * series is known by its label values as they are printed, escaped: no two can be mixed up. */
#include "common/metrics.h"
#include "common/memory.h"
#include "common/metrics_private.h"
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SERIES = 10000 };

static struct metric_family *families;
static void (*writer)(FILE *out, void *opaque);
static void *writer_opaque;

const int64_t metrics_bounds_us[METRICS_BOUNDS] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000,
	50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000};

static void add_family(struct metric_family *family)
{
	struct metric_family **link = &families;
	while (*link) {
		if (*link == family)
			return;
		assert(strcmp((*link)->name, family->name) != 0);
		link = &(*link)->next;
	}
	*link = family;
}

void metrics_write_escaped(FILE *out, const char *text, bool quoted)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || (quoted && *text == '"'))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

/* `a="x",b="y"`; "" without labels. NULL values: every one is "other". */
static char *format_labels(const struct metric_family *family, const char *const *values)
{
	char *labels = NULL;
	size_t size;
	FILE *out = open_memstream(&labels, &size);
	assert(out);
	for (size_t i = 0; family->labels[i]; i++) {
		fprintf(out, "%s%s=\"", i ? "," : "", family->labels[i]);
		metrics_write_escaped(out, values ? values[i] : "other", true);
		fputc('"', out);
	}
	fclose(out);
	assert(labels);
	return labels;
}

/* Takes `labels` over. */
static struct metric *new_series(const struct metric_family *family, char *labels)
{
	struct metric *metric = calloc(1, sizeof(*metric));
	memory_need(metric);
	metric->label_values = labels;
	if (family->type == METRIC_HISTOGRAM) {
		metric->buckets = calloc(METRICS_BOUNDS, sizeof(metric->buckets[0]));
		memory_need(metric->buckets);
	}
	return metric;
}

/* The series of these labels, which are taken over; made unless the family is full: then NULL. */
static struct metric *find_or_make(struct metric_family *family, char *labels, size_t limit)
{
	size_t n = 0;
	struct metric **link = &family->series;
	for (; *link; link = &(*link)->next, n++) {
		if (strcmp((*link)->label_values, labels) == 0) {
			free(labels);
			return *link;
		}
	}
	if (n >= limit) {
		free(labels);
		return NULL;
	}
	*link = new_series(family, labels);
	return *link;
}

struct metric *metric_get(struct metric_family *family, const char *const *values)
{
	add_family(family);
	struct metric *metric = find_or_make(family, format_labels(family, values), MAX_SERIES);
	return metric ? metric : find_or_make(family, format_labels(family, NULL), SIZE_MAX);
}

struct metric *metric_get0(struct metric_family *family)
{
	assert(!family->labels[0]);
	return metric_get(family, NULL);
}

void metric_observe_us(struct metric *metric, int64_t us)
{
	assert(metric->buckets);
	size_t i = 0;
	while (i < METRICS_BOUNDS && us > metrics_bounds_us[i])
		i++;
	if (i < METRICS_BOUNDS)
		metric->buckets[i]++;
	metric->count++;
	metric->sum_us += us;
}

static void write_histogram(FILE *out, const char *name, const struct metric *metric)
{
	const char *labels = metric->label_values, *comma = labels[0] ? "," : "";
	uint64_t below = 0;
	for (size_t i = 0; i < METRICS_BOUNDS; i++) {
		below += metric->buckets[i];
		fprintf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma,
			(double)metrics_bounds_us[i] / 1e6, below);
	}
	fprintf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma,
		metric->count);
	const char *open = labels[0] ? "{" : "", *close = labels[0] ? "}" : "";
	fprintf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, close,
		(double)metric->sum_us / 1e6);
	fprintf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, metric->count);
}

static void write_family(FILE *out, const struct metric_family *family)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	fprintf(out, "# HELP %s ", family->name);
	metrics_write_escaped(out, family->help, false);
	fprintf(out, "\n# TYPE %s %s\n", family->name, types[family->type]);
	for (const struct metric *m = family->series; m; m = m->next) {
		if (family->type == METRIC_HISTOGRAM)
			write_histogram(out, family->name, m);
		else if (m->label_values[0])
			fprintf(out, "%s{%s} %" PRId64 "\n", family->name, m->label_values,
				m->value);
		else
			fprintf(out, "%s %" PRId64 "\n", family->name, m->value);
	}
}

void metrics_set_writer(void (*write)(FILE *out, void *opaque), void *opaque)
{
	writer = write;
	writer_opaque = opaque;
}

char *metrics_text(size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	assert(out);
	for (const struct metric_family *family = families; family; family = family->next)
		write_family(out, family);
	if (writer)
		writer(out, writer_opaque);
	metrics_write_process(out);
	fclose(out);
	assert(text);
	return text;
}

static void free_series(struct metric_family *family)
{
	while (family->series) {
		struct metric *metric = family->series;
		family->series = metric->next;
		free(metric->label_values);
		free(metric->buckets);
		free(metric);
	}
}

void metrics_free(void)
{
	writer = NULL;
	while (families) {
		struct metric_family *family = families;
		families = family->next;
		family->next = NULL;
		free_series(family);
	}
}
