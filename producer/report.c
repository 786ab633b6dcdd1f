#include "producer/report.h"
#include "common/text.h"
#include "producer/progress.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { NUMBER_SIZE = TEXT_MAX, DURATION_SIZE = 32, MISSING_SHOWN = 10 };

struct figure {
	const char *name; /* in JSON */
	const char *word; /* in text */
	double percent; /* of a percentile, else 0 */
};

static const struct figure percentiles[] = {
	{"p50", "p50", 50},
	{"p90", "p90", 90},
	{"p99", "p99", 99},
	{"p999", "p99.9", 99.9},
};

enum { N_PERCENTILES = sizeof percentiles / sizeof *percentiles };

static const char *or_dash(const char *word)
{
	return word[0] ? word : "-";
}

/* Text. */

static char *write_duration(int64_t us, char *text)
{
	if (us < 1000)
		snprintf(text, DURATION_SIZE, "%" PRId64 " us", us);
	else if (us < 1000000)
		snprintf(text, DURATION_SIZE, "%.2f ms", (double)us / 1e3);
	else
		snprintf(text, DURATION_SIZE, "%.2f s", (double)us / 1e6);
	return text;
}

static void write_count(FILE *out, const char *word, int64_t count)
{
	char number[NUMBER_SIZE];
	fprintf(out, "  %-16s %12s\n", word, text_format_count(count, number));
}

static void write_counts(const struct report *report, FILE *out)
{
	const struct tally *tally = report->tally;
	write_count(out, "sent", tally->sent);
	write_count(out, "acknowledged", tally->acknowledged);
	if (report->awaits_answers)
		write_count(out, "answered", tally->answered);
	if (tally->unanswered || report->awaits_answers)
		write_count(out, report->awaits_answers ? "unanswered" : "not acknowledged",
			tally->unanswered);
	if (tally->refused)
		write_count(out, "refused", tally->refused);
	if (tally->repeated)
		write_count(out, "late, repeated", tally->repeated);
	if (tally->labels)
		write_count(out, "labels", tally->labels);
	if (tally->labels_lost)
		write_count(out, "labels, refused", tally->labels_lost);
	if (tally->skipped)
		write_count(out, "bad, skipped", tally->skipped);
}

static void write_groups(const struct report *report, FILE *out)
{
	char number[NUMBER_SIZE];
	const struct tally *tally = report->tally;
	size_t width = 7;
	for (size_t i = 0; i < tally->n_groups; i++) {
		size_t size = strlen(tally->groups[i].kind.variant);
		width = size > width ? size : width;
	}
	fprintf(out, "\n  %-*s  %-16s %6s %12s\n", (int)width, "VARIANT", "OUTCOME", "STATUS",
		"ANSWERS");
	for (size_t i = 0; i < tally->n_groups; i++) {
		const struct answer_kind *kind = &tally->groups[i].kind;
		fprintf(out, "  %-*s  %-16s %6s %12s\n", (int)width, or_dash(kind->variant),
			or_dash(kind->outcome), or_dash(kind->status),
			text_format_count(tally->groups[i].count, number));
	}
}

static void write_latency(const struct report *report, FILE *out)
{
	const struct tally *tally = report->tally;
	char text[DURATION_SIZE];
	fprintf(out, "\n  Latency from the intended time of sending to the %s\n ",
		report->awaits_answers ? "answer" : "acknowledgement");
	for (size_t i = 0; i < N_PERCENTILES; i++)
		fprintf(out, " %s %s ", percentiles[i].word,
			write_duration(
				latency_percentile(&tally->latency, percentiles[i].percent), text));
	fprintf(out, " max %s\n", write_duration(tally->latency.max_us, text));
	fprintf(out, "  Sent at most %s after the intended time\n",
		write_duration(tally->behind_us, text));
}

static void write_missing(const struct report *report, FILE *out)
{
	const struct tally *tally = report->tally;
	size_t n = tally->n_missing < MISSING_SHOWN ? tally->n_missing : MISSING_SHOWN;
	char place[1024];
	fprintf(out, "\n  %s\n", report->awaits_answers ? "Without an answer" : "Not acknowledged");
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %s-%" PRId64 "  (%s)\n", report->run, tally->missing[i].number,
			origin_write(
				&tally->missing[i].origin, report->source, place, sizeof place));
	if (tally->unanswered > (int64_t)n)
		fprintf(out, "  and %" PRId64 " more\n", tally->unanswered - (int64_t)n);
}

void report_write_text(const struct report *report, FILE *out)
{
	struct tally *tally = report->tally;
	tally_sort(tally);
	fprintf(out, "Run %s to %s: %.2f s, %.0f/s%s\n", report->run, report->topic,
		(double)(tally->end_us - tally->start_us) / 1e6, tally_rate(tally, tally->answered),
		report->is_interrupted ? ", interrupted" : "");
	write_counts(report, out);
	if (tally->n_groups)
		write_groups(report, out);
	if (tally->latency.count)
		write_latency(report, out);
	if (tally->n_missing)
		write_missing(report, out);
}

/* JSON. */

static void set_count(json_t *object, const char *name, int64_t count)
{
	json_object_set_new(object, name, json_integer(count));
}

static json_t *make_groups(const struct tally *tally)
{
	json_t *groups = json_array();
	for (size_t i = 0; i < tally->n_groups; i++) {
		const struct answer_kind *kind = &tally->groups[i].kind;
		json_array_append_new(groups,
			json_pack("{s:s, s:s, s:s, s:I}", "variant", kind->variant, "outcome",
				kind->outcome, "status", kind->status, "count",
				(json_int_t)tally->groups[i].count));
	}
	return groups;
}

static json_t *make_latency(const struct latency *latency)
{
	json_t *object = json_object();
	set_count(object, "count", (int64_t)latency->count);
	if (latency->count == 0)
		return object;
	set_count(object, "min", latency->min_us);
	set_count(object, "mean", latency_mean(latency));
	for (size_t i = 0; i < N_PERCENTILES; i++)
		set_count(object, percentiles[i].name,
			latency_percentile(latency, percentiles[i].percent));
	set_count(object, "max", latency->max_us);
	return object;
}

static json_t *make_one_missing(const struct report *report, const struct missing *missing)
{
	char id[160];
	json_t *object = json_object();
	snprintf(id, sizeof id, "%s-%" PRId64, report->run, missing->number);
	json_object_set_new(object, "request_id", json_string(id));
	if (missing->origin.partition >= 0)
		set_count(object, "partition", missing->origin.partition);
	set_count(object, missing->origin.partition >= 0 ? "offset" : "line", missing->origin.line);
	return object;
}

static json_t *make_missing(const struct report *report)
{
	json_t *all = json_array();
	for (size_t i = 0; i < report->tally->n_missing; i++)
		json_array_append_new(all, make_one_missing(report, &report->tally->missing[i]));
	return all;
}

static void set_counts(json_t *object, const struct report *report)
{
	const struct tally *tally = report->tally;
	set_count(object, "sent", tally->sent);
	set_count(object, "acknowledged", tally->acknowledged);
	set_count(object, "refused", tally->refused);
	set_count(object, "skipped", tally->skipped);
	if (tally->labels || tally->labels_lost) {
		set_count(object, "labels", tally->labels);
		set_count(object, "labels_refused", tally->labels_lost);
	}
	if (!report->awaits_answers) {
		set_count(object, "unacknowledged", tally->unanswered);
		return;
	}
	set_count(object, "answered", tally->answered);
	set_count(object, "unanswered", tally->unanswered);
	set_count(object, "late_or_repeated", tally->repeated);
}

void report_write_json(const struct report *report, FILE *out)
{
	struct tally *tally = report->tally;
	json_t *object = json_object();
	tally_sort(tally);
	json_object_set_new(object, "run", json_string(report->run));
	json_object_set_new(object, "topic", json_string(report->topic));
	json_object_set_new(object, "interrupted", json_boolean(report->is_interrupted));
	set_counts(object, report);
	json_object_set_new(
		object, "seconds", json_real((double)(tally->end_us - tally->start_us) / 1e6));
	json_object_set_new(object, "rate", json_real(tally_rate(tally, tally->answered)));
	json_object_set_new(object, "answers", make_groups(tally));
	json_object_set_new(object,
		report->awaits_answers ? "latency_us" : "acknowledgement_latency_us",
		make_latency(&tally->latency));
	set_count(object, "behind_us", tally->behind_us);
	json_object_set_new(object, "missing", make_missing(report));
	json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', out);
	json_decref(object);
}
