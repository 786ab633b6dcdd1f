#include "consumers/console/test_metrics.h"
#include "common/metrics_private.h"
#include <inttypes.h>
#include <stddef.h>

static const struct number {
	const char *name, *help;
	const char *type;
	size_t offset; /* in struct aggregate: int64_t */
	bool is_copies; /* not of production, which has no copies */
} numbers[] = {
	{"umbra_test_invocations_total", "Calls of the variant's model.", "counter",
		offsetof(struct aggregate, invocations), false},
	{"umbra_test_sampled_total", "Requests that were chosen for a copy.", "counter",
		offsetof(struct aggregate, sampled), true},
	{"umbra_test_paired_total", "Copies of which both arms told what became.", "counter",
		offsetof(struct aggregate, paired), true},
	{"umbra_test_pending", "Copies of which it is not known yet what became.", "gauge",
		offsetof(struct aggregate, pending), true},
	{"umbra_test_compared_total", "Pairs whose answers were compared.", "counter",
		offsetof(struct aggregate, compared), true},
	{"umbra_test_mismatches_total", "Compared pairs whose answers differ.", "counter",
		offsetof(struct aggregate, mismatch), true},
	{"umbra_test_wrong_sampling_decisions_total",
		"Sampling decisions that are not what their hash says.", "counter",
		offsetof(struct aggregate, wrong_decisions), true},
};

static const struct words {
	const char *name, *help, *label;
	size_t offset; /* struct counts */
	bool is_copies;
} words[] = {
	{"umbra_test_outcomes_total", "Calls of the variant's model by what became of them.",
		",outcome", offsetof(struct aggregate, outcomes), false},
	{"umbra_test_losses_total", "Copies for which the model was never asked, by the reason.",
		",reason", offsetof(struct aggregate, losses), true},
};

static bool has_copies(const struct test_metrics_row *row)
{
	return row->sum->test && row->sum->role != ROLE_PRODUCTION;
}

static void write_head(FILE *out, const char *name, const char *help, const char *type)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	metrics_write_escaped(out, value, true);
	fputc('"', out);
}

/* Up to the labels, without the closing brace. */
static void write_series(FILE *out, const char *name, const struct aggregate *arm)
{
	fprintf(out, "%s{", name);
	write_label(out, "endpoint", arm->endpoint);
	write_label(out, ",test", arm->test ? arm->test : "");
	write_label(out, ",variant", arm->variant);
	write_label(out, ",role", role_name(arm->role));
}

static void write_number(
	FILE *out, const struct number *number, const struct test_metrics_row *rows, size_t n)
{
	write_head(out, number->name, number->help, number->type);
	for (size_t i = 0; i < n; i++) {
		const char *value = (const char *)rows[i].sum + number->offset;
		if (number->is_copies && !has_copies(&rows[i]))
			continue;
		write_series(out, number->name, rows[i].sum);
		fprintf(out, "} %" PRId64 "\n", *(const int64_t *)(const void *)value);
	}
}

static void write_words(
	FILE *out, const struct words *family, const struct test_metrics_row *rows, size_t n)
{
	write_head(out, family->name, family->help, "counter");
	for (size_t i = 0; i < n; i++) {
		const void *field = (const char *)rows[i].sum + family->offset;
		const struct counts *counts = field;
		if (family->is_copies && !has_copies(&rows[i]))
			continue;
		for (size_t j = 0; j < counts->n; j++) {
			write_series(out, family->name, rows[i].sum);
			write_label(out, family->label, counts->items[j].name);
			fprintf(out, "} %" PRId64 "\n", counts->items[j].n);
		}
	}
}

/* A bound lies within a bucket of ours, which counts as below it: the bound errs by 2.2 % at most. */
static int64_t count_below(const struct histogram *histogram, int64_t bound_us)
{
	const struct histogram_side *side = &histogram->positive;
	int32_t last = histogram_bucket(bound_us);
	int64_t n = histogram->zero_count;
	for (int32_t i = 0; i < side->n && side->first + i <= last; i++)
		n += side->counts[i];
	for (int32_t i = 0; i < histogram->negative.n; i++)
		n += histogram->negative.counts[i];
	return n;
}

static void write_latency(FILE *out, const struct aggregate *arm)
{
	const struct histogram *histogram = &arm->model_latency;
	for (size_t i = 0; i < METRICS_BOUNDS; i++) {
		write_series(out, "umbra_test_model_latency_seconds_bucket", arm);
		fprintf(out, ",le=\"%g\"} %" PRId64 "\n", (double)metrics_bounds_us[i] / 1e6,
			count_below(histogram, metrics_bounds_us[i]));
	}
	write_series(out, "umbra_test_model_latency_seconds_bucket", arm);
	fprintf(out, ",le=\"+Inf\"} %" PRId64 "\n", histogram->count);
	write_series(out, "umbra_test_model_latency_seconds_sum", arm);
	fprintf(out, "} %.6f\n", (double)histogram->sum / 1e6);
	write_series(out, "umbra_test_model_latency_seconds_count", arm);
	fprintf(out, "} %" PRId64 "\n", histogram->count);
}

static void write_latencies(FILE *out, const struct test_metrics_row *rows, size_t n)
{
	write_head(out, "umbra_test_model_latency_seconds",
		"Last attempt, from the request sent to the last byte received.", "histogram");
	for (size_t i = 0; i < n; i++)
		write_latency(out, rows[i].sum);
}

static void write_newest(FILE *out, const struct test_metrics_row *rows, size_t n)
{
	static const char name[] = "umbra_test_newest_window_timestamp_seconds";
	write_head(out, name, "Begin of the newest window of a test that runs.", "gauge");
	for (size_t i = 0; i < n; i++) {
		if (!has_copies(&rows[i]) || rows[i].newest_us == 0)
			continue;
		write_series(out, name, rows[i].sum);
		fprintf(out, "} %" PRId64 "\n", rows[i].newest_us / 1000000);
	}
}

static void write_ratios(FILE *out, const struct test_metrics_row *rows, size_t n)
{
	static const char name[] = "umbra_test_sample_ratio_mismatch";
	write_head(out, name, "1: the copies are not the share that was asked for.", "gauge");
	for (size_t i = 0; i < n; i++) {
		if (!has_copies(&rows[i]))
			continue;
		write_series(out, name, rows[i].sum);
		fprintf(out, "} %d\n", rows[i].has_ratio_mismatch);
	}
}

void test_metrics_write(FILE *out, const struct test_metrics_row *rows, size_t n)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		write_number(out, &numbers[i], rows, n);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		write_words(out, &words[i], rows, n);
	write_latencies(out, rows, n);
	write_newest(out, rows, n);
	write_ratios(out, rows, n);
}

void test_metrics_write_running(FILE *out, const struct control_state *state, int64_t now_us)
{
	static const char name[] = "umbra_test_start_timestamp_seconds";
	write_head(out, name, "Begin of a test that runs.", "gauge");
	for (size_t i = 0; i < state->n_tests; i++) {
		const struct test *test = state->tests[i];
		if (test_state_at(test, now_us) != TEST_RUNNING)
			continue;
		fprintf(out, "%s{", name);
		write_label(out, "endpoint", test->endpoint);
		write_label(out, ",test", test->name);
		fprintf(out, "} %" PRId64 "\n", test->start_us / 1000000);
	}
}
