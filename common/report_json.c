/* The report as JSON: a contract, design §12. A number that does not exist is null. */
#include "common/report.h"
#include "common/report_excess.h"
#include "common/report_quality.h"
#include "common/sample_ratio.h"
#include "common/text.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

json_t *counts_to_json(const struct counts *counts)
{
	json_t *json = json_object();
	for (size_t i = 0; i < counts->n; i++)
		json_object_set_new(json, counts->items[i].name, json_integer(counts->items[i].n));
	return json;
}

static json_t *whole_or_real(int64_t value, double unit)
{
	return unit > 1 ? json_real((double)value / unit) : json_integer(value);
}

/* In units of `unit` of the histogram's. */
static json_t *scaled_to_json(const struct histogram *histogram, double unit)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
	bool any = histogram->count > 0;
	json_t *json = json_pack("{s:I s:o s:o s:o}", "count", (json_int_t)histogram->count, "min",
		any ? whole_or_real(histogram->min, unit) : json_null(), "max",
		any ? whole_or_real(histogram->max, unit) : json_null(), "mean",
		any ? json_real(histogram_mean(histogram) / unit) : json_null());
	assert(json);
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		json_object_set_new(json, quantiles[i].name,
			any ? json_real(histogram_quantile(histogram, quantiles[i].q) / unit)
			    : json_null());
	return json;
}

static json_t *histogram_to_json(const struct histogram *histogram)
{
	return scaled_to_json(histogram, 1);
}

/* [{"production": label, "candidate": label, "count": n}]; both null: all other pairs. */
static json_t *confusion_to_json(const struct counts *counts)
{
	json_t *json = json_array();
	for (size_t i = 0; i < counts->n; i++) {
		const char *cell = counts->items[i].name, *tab = strchr(cell, '\t');
		bool is_pair = tab && tab != cell;
		json_array_append_new(json,
			json_pack("{s:o s:o s:I}", "production",
				is_pair ? json_stringn(cell, (size_t)(tab - cell)) : json_null(),
				"candidate", is_pair ? json_string(tab + 1) : json_null(), "count",
				(json_int_t)counts->items[i].n));
	}
	return json;
}

/* All requests of the arm that its model was asked. */
static json_t *population_all(const struct aggregate *arm)
{
	json_t *json = json_pack("{s:s s:s s:s s:I s:o s:o s:o s:o}", "name", arm->variant, "role",
		role_name(arm->role), "population", "all", "invocations",
		(json_int_t)arm->invocations, "outcomes", counts_to_json(&arm->outcomes),
		"model_latency_us", histogram_to_json(&arm->model_latency), "overhead_latency_us",
		histogram_to_json(&arm->overhead_latency), "queue_us",
		histogram_to_json(&arm->queue));
	assert(json);
	return json;
}

/* The requests to which both arms gave an answer: one side of them. What the windows do not tell of
 * these requests alone is a distribution without values. */
static json_t *population_compared(const char *name, enum role role, const struct aggregate *arm,
	const struct histogram *latency)
{
	static const struct histogram untold;
	json_t *json = json_pack("{s:s s:s s:s s:s s:I s:{s:I} s:o s:o s:o}", "name", name, "role",
		role_name(role), "population", "compared", "compared_with", arm->variant,
		"invocations", (json_int_t)arm->compared, "outcomes", "ok",
		(json_int_t)arm->compared, "model_latency_us", histogram_to_json(latency),
		"overhead_latency_us", histogram_to_json(&untold), "queue_us",
		histogram_to_json(&untold));
	assert(json);
	return json;
}

static json_t *accounting(const struct aggregate *arm)
{
	json_t *json = json_pack("{s:s s:s s:I s:I s:o s:I}", "variant", arm->variant, "role",
		role_name(arm->role), "sampled", (json_int_t)arm->sampled, "paired",
		(json_int_t)arm->paired, "losses", counts_to_json(&arm->losses), "pending",
		(json_int_t)arm->pending);
	assert(json);
	struct sample_ratio ratio = sample_ratio_of(&arm->decided, &arm->taken);
	json_object_set_new(json, "sample_ratio",
		ratio.requests
			? json_pack("{s:I s:I s:f s:f}", "requests", (json_int_t)ratio.requests,
				  "sampled", (json_int_t)ratio.sampled, "expected", ratio.expected,
				  "p", ratio.p)
			: json_null());
	return json;
}

/* Beside a candidate: production's second calls, and what the candidate disagrees beyond them. */
static void add_excess(json_t *json, const struct report_fold *fold, const struct aggregate *arm)
{
	struct disagreement baseline = report_baseline(fold);
	struct excess excess;
	bool is = report_excess(fold, arm, &excess);
	json_object_set_new(json, "baseline",
		is ? json_pack("{s:I s:I}", "compared", (json_int_t)baseline.compared, "mismatch",
			     (json_int_t)baseline.mismatch)
		   : json_null());
	json_object_set_new(json, "excess",
		is ? json_pack("{s:f s:f s:f}", "value", excess.value, "low", excess.low, "high",
			     excess.high)
		   : json_null());
}

static json_t *comparison(const struct report_fold *fold, const struct aggregate *arm)
{
	json_t *json = json_pack("{s:s s:s s:I s:I s:I s:o s:o s:o s:o}", "variant", arm->variant,
		"role", role_name(arm->role), "compared", (json_int_t)arm->compared, "match",
		(json_int_t)arm->match, "mismatch", (json_int_t)arm->mismatch, "not_comparable",
		counts_to_json(&arm->not_comparable), "latency_difference_us",
		histogram_to_json(&arm->latency_difference), "number_difference",
		scaled_to_json(&arm->number_difference, 1e6), "confusion",
		confusion_to_json(&arm->confusion));
	assert(json);
	add_excess(json, fold, arm);
	return json;
}

static json_t *truth_to_json(const struct counts *cells)
{
	json_t *json = json_array();
	for (size_t i = 0; i < cells->n; i++) {
		const char *cell = cells->items[i].name, *tab = strchr(cell, '\t');
		if (tab)
			json_array_append_new(json,
				json_pack("{s:o s:s s:I}", "truth",
					json_stringn(cell, (size_t)(tab - cell)), "predicted",
					tab + 1, "count", (json_int_t)cells->items[i].n));
	}
	return json;
}

static json_t *real_or_null(bool is_known, double value)
{
	return is_known ? json_real(value) : json_null();
}

static json_t *side_to_json(const struct aggregate *arm, bool of_production)
{
	struct quality quality;
	(void)report_quality(arm, of_production, &quality);
	json_t *json = json_pack("{s:f s:o s:o s:o s:o s:o s:o}", "accuracy", quality.accuracy,
		"precision", real_or_null(quality.has_classes, quality.precision), "recall",
		real_or_null(quality.has_classes, quality.recall), "f1",
		real_or_null(quality.has_classes, quality.f1), "log_loss",
		real_or_null(quality.scored > 0, quality.log_loss), "brier",
		real_or_null(quality.scored > 0, quality.brier), "confusion",
		truth_to_json(quality.cells));
	assert(json);
	return json;
}

/* Both sides on the same requests: the compared ones whose truth is known. */
static json_t *quality_to_json(const struct aggregate *arm)
{
	json_t *json = json_pack("{s:s s:s s:I s:I s:o s:o}", "variant", arm->variant, "role",
		role_name(arm->role), "labelled", (json_int_t)arm->labelled, "scored",
		(json_int_t)arm->scored, "own", side_to_json(arm, false), "production",
		side_to_json(arm, true));
	assert(json);
	return json;
}

const char *report_production_name(const struct endpoint *endpoint)
{
	return endpoint && endpoint->n_variants == 1 ? endpoint->variants[0].name : "production";
}

static void add_arm(json_t *json, const struct report *report, const struct aggregate *arm)
{
	json_t *variants = json_object_get(json, "variants");
	if (arm->variant[0] == '\0')
		return; /* gaps of no variant */
	json_array_append_new(variants, population_all(arm));
	if (!arm->test || arm->role == ROLE_PRODUCTION)
		return;
	json_array_append_new(variants,
		population_compared(report_production_name(report->endpoint), ROLE_PRODUCTION, arm,
			&arm->compared_production_latency));
	json_array_append_new(variants,
		population_compared(arm->variant, arm->role, arm, &arm->compared_latency));
	json_array_append_new(json_object_get(json, "accounting"), accounting(arm));
	json_array_append_new(json_object_get(json, "comparison"), comparison(report->fold, arm));
	if (arm->labelled)
		json_array_append_new(json_object_get(json, "quality"), quality_to_json(arm));
}

json_t *report_alarms_to_json(const struct report *report)
{
	json_t *list = json_array();
	char *alarm;
	for (size_t i = 0; (alarm = report_alarm(report, i)); i++) {
		json_array_append_new(list, json_string(alarm));
		free(alarm);
	}
	return list;
}

static json_t *time_or_null(int64_t us)
{
	char text[TEXT_MAX];
	return us == REPORT_UNTOLD ? json_null() : json_string(text_format_time(us, text));
}

static void add_progress(json_t *json, const struct report *report)
{
	struct report_progress progress;
	report_progress(report, &progress);
	json_object_set_new(json, "counted_until", time_or_null(progress.counted_us));
	json_object_set_new(json, "final_until", time_or_null(progress.final_us));
}

json_t *report_to_json(const struct report *report)
{
	char from[TEXT_MAX], to[TEXT_MAX];
	json_t *json = json_pack("{s:s s:s s:s s:I s:s s:s s:o s:[] s:[] s:[] s:[]}", "test",
		report->test->name, "endpoint", report->endpoint->name, "state", report->state,
		"generation", (json_int_t)report->test->generation, "from",
		text_format_time(report->query.from_us, from), "to",
		text_format_time(report->query.to_us, to), "alarms", report_alarms_to_json(report),
		"variants", "accounting", "comparison", "quality");
	assert(json);
	if (report->partitions)
		add_progress(json, report);
	for (size_t i = 0; i < report_rows(report->fold); i++)
		add_arm(json, report, report_row(report->fold, i));
	return json;
}
