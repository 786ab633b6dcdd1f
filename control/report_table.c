/* The report for people: alarms, then for each candidate a table with the variants as columns, then
 * the books. "Same requests" are those to which both arms gave an answer: only there do latencies
 * compare like with like. */
#include "common/report_excess.h"
#include "common/report_quality.h"
#include "common/text.h"
#include "control/report.h"
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 5, LABEL = 24, WIDTH = 15 };

/* The columns: NULL where a number does not exist. */
struct columns {
	const struct aggregate *production, *arm;
	const struct histogram *all[2]; /* of the metric: production's, the arm's */
	const struct histogram *same[2];
};

static void print_cells(FILE *out, const char *label, char cells[COLUMNS][TEXT_MAX])
{
	fprintf(out, "%-*s", LABEL, label);
	for (int i = 0; i < COLUMNS; i++)
		fprintf(out, "%*s", WIDTH, cells[i]);
	fprintf(out, "\n");
}

static void share(int64_t n, int64_t of, char *cell)
{
	char count[TEXT_MAX];
	if (!of)
		snprintf(cell, TEXT_MAX, "%s", text_format_count(n, count));
	else
		snprintf(cell, TEXT_MAX, "%.2f %%", 100.0 * (double)n / (double)of);
}

static void milliseconds(const struct histogram *histogram, double q, char *cell)
{
	double us = q < 0 ? histogram_mean(histogram) : histogram_quantile(histogram, q);
	snprintf(cell, TEXT_MAX, "%.2f ms", us / 1000);
}

/* Of the two quantiles on the same requests. */
static void difference(const struct histogram *const same[2], double q, char *cell)
{
	double a = q < 0 ? histogram_mean(same[0]) : histogram_quantile(same[0], q);
	double b = q < 0 ? histogram_mean(same[1]) : histogram_quantile(same[1], q);
	if (a > 0)
		snprintf(cell, TEXT_MAX, "%+.1f %%", 100 * (b - a) / a);
}

static bool has_values(const struct histogram *histogram)
{
	return histogram && histogram->count > 0;
}

static void print_latency(FILE *out, const char *label, const struct columns *columns, double q)
{
	char cells[COLUMNS][TEXT_MAX] = {"-", "-", "-", "-", "-"};
	for (int i = 0; i < 2; i++) {
		if (has_values(columns->all[i]))
			milliseconds(columns->all[i], q, cells[i]);
		if (has_values(columns->same[i]))
			milliseconds(columns->same[i], q, cells[2 + i]);
	}
	if (has_values(columns->same[0]) && has_values(columns->same[1]))
		difference(columns->same, q, cells[4]);
	print_cells(out, label, cells);
}

static void print_latencies(FILE *out, const char *metric, const struct columns *columns)
{
	static const struct {
		const char *name;
		double q;
	} rows[] = {{"mean", -1}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999},
		{"max", 1}};
	char label[LABEL + 20];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(label, sizeof label, "%s %s", metric, rows[i].name);
		print_latency(out, label, columns, rows[i].q);
	}
}

static void print_outcome(FILE *out, const struct columns *columns, enum outcome outcome)
{
	char cells[COLUMNS][TEXT_MAX] = {"-", "-", "", "", ""};
	const struct aggregate *arms[] = {columns->production, columns->arm};
	int64_t any = 0;
	for (int i = 0; i < 2; i++) {
		int64_t n = arms[i] ? counts_of(&arms[i]->outcomes, outcome_name(outcome)) : 0;
		any += n;
		if (arms[i])
			share(n, arms[i]->invocations, cells[i]);
	}
	if (any || outcome == OUTCOME_OK)
		print_cells(out, outcome_name(outcome), cells);
}

static void print_invocations(FILE *out, const struct columns *columns)
{
	char cells[COLUMNS][TEXT_MAX] = {"-", "-", "-", "-", ""};
	if (columns->production)
		text_format_count(columns->production->invocations, cells[0]);
	text_format_count(columns->arm->invocations, cells[1]);
	text_format_count(columns->arm->compared, cells[2]);
	text_format_count(columns->arm->compared, cells[3]);
	print_cells(out, "requests", cells);
}

static void print_head(FILE *out, const struct aggregate *arm)
{
	char cells[COLUMNS][TEXT_MAX] = {"production", "", "production", "", "difference"};
	char below[COLUMNS][TEXT_MAX] = {"all", "all copies", "same requests", "same requests", ""};
	snprintf(cells[1], TEXT_MAX, "%.14s", arm->variant);
	snprintf(cells[3], TEXT_MAX, "%.14s", arm->variant);
	print_cells(out, "", cells);
	print_cells(out, "", below);
}

/* Production's variants together. */
static void add_production(struct aggregate *sum, const struct report_fold *fold)
{
	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *row = report_row(fold, i);
		if (!row->test && row->role == ROLE_PRODUCTION)
			aggregate_merge(sum, row);
	}
}

static void print_words(FILE *out, const char *before, const struct counts *counts)
{
	char count[TEXT_MAX];
	for (size_t i = 0; i < counts->n; i++)
		fprintf(out, "%s%s %s", i ? ", " : before, counts->items[i].name,
			text_format_count(counts->items[i].n, count));
	if (counts->n)
		fprintf(out, ")");
}

static void print_books(FILE *out, const struct aggregate *arm)
{
	char sampled[TEXT_MAX], paired[TEXT_MAX], lost[TEXT_MAX], pending[TEXT_MAX];
	fprintf(out, "%-*ssampled %s = paired %s + lost %s", LABEL, "accounting",
		text_format_count(arm->sampled, sampled), text_format_count(arm->paired, paired),
		text_format_count(counts_sum(&arm->losses), lost));
	print_words(out, " (", &arm->losses);
	fprintf(out, " + pending %s\n", text_format_count(arm->pending, pending));
}

static void print_agreement(FILE *out, const struct aggregate *arm)
{
	char match[TEXT_MAX], compared[TEXT_MAX];
	fprintf(out, "%-*s", LABEL, "agreement");
	if (!arm->compared)
		fprintf(out, "nothing was compared");
	else
		fprintf(out, "%.2f %%: %s of %s compared answers match",
			100.0 * (double)arm->match / (double)arm->compared,
			text_format_count(arm->match, match),
			text_format_count(arm->compared, compared));
	print_words(out, "; not comparable (", &arm->not_comparable);
	fprintf(out, "\n");
}

/* The candidate's disagreement is set beside what production disagrees with itself. */
static void print_excess(FILE *out, const struct report_fold *fold, const struct aggregate *arm)
{
	char mismatch[TEXT_MAX], compared[TEXT_MAX];
	struct disagreement baseline = report_baseline(fold);
	struct excess excess;
	if (!report_excess(fold, arm, &excess))
		return;
	fprintf(out, "%-*sproduction disagrees with itself in %.2f %%: %s of %s second calls\n",
		LABEL, "baseline", 100.0 * (double)baseline.mismatch / (double)baseline.compared,
		text_format_count(baseline.mismatch, mismatch),
		text_format_count(baseline.compared, compared));
	fprintf(out,
		"%-*s%+.2f %% disagreement beyond that, 95 %% sure from %+.2f %% to %+.2f %%: %s\n",
		LABEL, "excess", 100 * excess.value, 100 * excess.low, 100 * excess.high,
		excess.low > 0            ? "more than noise"
			: excess.high < 0 ? "less than production's own"
					  : "it may be noise");
}

static void print_difference(FILE *out, const struct histogram *histogram)
{
	if (!histogram->count)
		return;
	fprintf(out, "%-*s%+.2f ms mean, %+.2f ms median, %+.2f ms p99\n", LABEL,
		"paired difference", histogram_mean(histogram) / 1000,
		histogram_quantile(histogram, 0.5) / 1000,
		histogram_quantile(histogram, 0.99) / 1000);
}

/* Of answers that are numbers: does the candidate say more or less? */
static void print_number_difference(FILE *out, const struct histogram *histogram)
{
	if (!histogram->count)
		return;
	fprintf(out, "%-*s%+.4g mean, %+.4g p1, %+.4g median, %+.4g p99\n", LABEL,
		"answers differ by", histogram_mean(histogram) / 1e6,
		histogram_quantile(histogram, 0.01) / 1e6, histogram_quantile(histogram, 0.5) / 1e6,
		histogram_quantile(histogram, 0.99) / 1e6);
}

static void print_pair(FILE *out, const struct aggregate *arm, const char *cell, const char *tab)
{
	char *production = mismatch_printable(cell, (size_t)(tab - cell));
	char *own = mismatch_printable(tab + 1, strlen(tab + 1));
	fprintf(out, "  production %s, %s %s\n", production, arm->variant, own);
	free(production);
	free(own);
}

/* A line for each pair of labels. */
static void print_confusion(FILE *out, const struct aggregate *arm)
{
	char count[TEXT_MAX];
	for (size_t i = 0; i < arm->confusion.n; i++) {
		const char *cell = arm->confusion.items[i].name, *tab = strchr(cell, '\t');
		text_format_count(arm->confusion.items[i].n, count);
		fprintf(out, "%-*s%10s", LABEL, i ? "" : "labels", count);
		if (!tab || tab == cell)
			fprintf(out, "  all others\n");
		else
			print_pair(out, arm, cell, tab);
	}
}

static void print_score(FILE *out, const char *label, bool is_known, double production, double own)
{
	char cells[COLUMNS][TEXT_MAX] = {"", "", "-", "-", "-"};
	if (is_known) {
		snprintf(cells[2], TEXT_MAX, "%.4f", production);
		snprintf(cells[3], TEXT_MAX, "%.4f", own);
		snprintf(cells[4], TEXT_MAX, "%+.4f", own - production);
	}
	print_cells(out, label, cells);
}

/* Both columns are over the compared requests whose truth is known. */
static void print_quality(FILE *out, const struct aggregate *arm)
{
	struct quality own, production;
	char count[TEXT_MAX];
	if (!report_quality(arm, false, &own) || !report_quality(arm, true, &production))
		return;
	bool has_classes = own.has_classes && production.has_classes;
	fprintf(out, "%-*s%s requests, against the truth\n", LABEL, "labelled",
		text_format_count(own.labelled, count));
	print_score(out, "accuracy", true, production.accuracy, own.accuracy);
	print_score(out, "precision", has_classes, production.precision, own.precision);
	print_score(out, "recall", has_classes, production.recall, own.recall);
	print_score(out, "F1", has_classes, production.f1, own.f1);
	print_score(out, "log-loss", own.scored > 0, production.log_loss, own.log_loss);
	print_score(out, "Brier score", own.scored > 0, production.brier, own.brier);
}

static void print_arm(FILE *out, const struct report_fold *fold, const struct aggregate *production,
	const struct aggregate *arm)
{
	struct columns columns = {.production = production, .arm = arm};
	fprintf(out, "\n%s %s\n", role_name(arm->role), arm->variant);
	print_head(out, arm);
	print_invocations(out, &columns);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		print_outcome(out, &columns, (enum outcome)i);
	columns.all[0] = &production->model_latency;
	columns.all[1] = &arm->model_latency;
	columns.same[0] = &arm->compared_production_latency;
	columns.same[1] = &arm->compared_latency;
	print_latencies(out, "model latency", &columns);
	columns = (struct columns){.all = {&production->overhead_latency, &arm->overhead_latency}};
	print_latency(out, "overhead latency p50", &columns, 0.5);
	print_latency(out, "overhead latency p99", &columns, 0.99);
	print_difference(out, &arm->latency_difference);
	print_agreement(out, arm);
	print_excess(out, fold, arm);
	print_number_difference(out, &arm->number_difference);
	print_confusion(out, arm);
	print_quality(out, arm);
	print_books(out, arm);
}

static void print_progress(FILE *out, const struct report *report)
{
	struct report_progress progress;
	char counted[TEXT_MAX], final[TEXT_MAX];
	report_progress(report, &progress);
	if (progress.counted_us == REPORT_UNTOLD)
		fprintf(out, "Not all of umbra.events has been read yet.\n");
	else if (progress.is_final)
		fprintf(out, "Complete and final.\n");
	else
		fprintf(out, "Counted up to %s, final up to %s\n",
			text_format_time(progress.counted_us, counted),
			text_format_time(progress.final_us, final));
}

void report_print(const struct report *report, FILE *out)
{
	char from[TEXT_MAX], to[TEXT_MAX], *alarm;
	struct aggregate production = {0};
	fprintf(out, "Test %s on endpoint %s: %s, generation %lld\n%s to %s\n", report->test->name,
		report->endpoint->name, report->state, (long long)report->test->generation,
		text_format_time(report->query.from_us, from),
		text_format_time(report->query.to_us, to));
	for (size_t i = 0; (alarm = report_alarm(report, i)); i++) {
		fprintf(out, "ALARM: %s\n", alarm);
		free(alarm);
	}
	print_progress(out, report);
	add_production(&production, report->fold);
	for (size_t i = 0; i < report_rows(report->fold); i++)
		if (report_row(report->fold, i)->role != ROLE_PRODUCTION)
			print_arm(out, report->fold, &production, report_row(report->fold, i));
	if (!report_is_enough(report))
		fprintf(out, "\nToo little to decide on: fewer than %lld compared requests.\n",
			(long long)report->least);
	aggregate_fini(&production);
}
