#include "consumers/aggregator/tally.h"
#include "common/schema.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONFUSION_MAX = 64 };
#define DIFFERENCE_MAX 4e12 /* a histogram holds it in millionths */

void tally_fini(struct tally *tally)
{
	histogram_fini(&tally->model_latency);
	histogram_fini(&tally->overhead_latency);
	histogram_fini(&tally->queue);
	histogram_fini(&tally->compared);
	histogram_fini(&tally->compared_production);
	histogram_fini(&tally->difference);
	histogram_fini(&tally->number_difference);
	counts_fini(&tally->confusion);
	mismatches_fini(&tally->mismatches);
	tally_label_fini(&tally->label);
}

bool outcome_is_asked(enum outcome outcome)
{
	return outcome < OUTCOME_EXPIRED;
}

bool tally_closes(const struct tally *tally, bool is_final)
{
	int64_t told = tally->paired + tally->pending;
	for (int i = 0; i < LOSS_COUNT; i++)
		told += tally->losses[i];
	return tally->sampled == told && tally->pending >= 0 && !(is_final && tally->pending);
}

static void record_if_known(struct histogram *histogram, int64_t us)
{
	if (us >= 0)
		histogram_record(histogram, us);
}

/* Sums of sizes that a stranger wrote may wrap; they must not trap. */
static int64_t sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

void tally_add_event(struct tally *tally, const struct event *event)
{
	tally->has_changed = true;
	tally->invocations++;
	tally->outcomes[event->outcome]++;
	tally->request_bytes = sum(tally->request_bytes, event->request_bytes);
	tally->response_bytes = sum(tally->response_bytes, event->response_bytes);
	if (!outcome_is_asked(event->outcome))
		return;
	record_if_known(&tally->model_latency, event->model_latency_us);
	record_if_known(&tally->overhead_latency, event->overhead_latency_us);
	record_if_known(&tally->queue, event->queue_us);
}

void tally_take_back(
	struct tally *tally, enum outcome outcome, int64_t request_bytes, int64_t response_bytes)
{
	assert(!outcome_is_asked(outcome));
	tally->has_changed = true;
	tally->invocations--;
	tally->outcomes[outcome]--;
	tally->losses[outcome]--;
	tally->request_bytes = sum(tally->request_bytes, (int64_t)(0 - (uint64_t)request_bytes));
	tally->response_bytes = sum(tally->response_bytes, (int64_t)(0 - (uint64_t)response_bytes));
}

/* Labels hold no control characters, so that a tab parts them; a tab alone is no pair, and comes first. */
static void add_confusion(struct tally *tally, const char *production, const char *candidate)
{
	struct counts *cells = &tally->confusion;
	char cell[2 * COMPARE_LABEL_MAX + 2];
	snprintf(cell, sizeof cell, "%s\t%s", production, candidate);
	size_t pairs = cells->n - (counts_of(cells, "\t") > 0);
	bool has_room = pairs < CONFUSION_MAX || counts_of(cells, cell) > 0;
	counts_add(cells, has_room ? cell : "\t", 1);
}

static void add_answers(struct tally *tally, const struct compare_result *result)
{
	if (result->has_difference)
		histogram_record(&tally->number_difference,
			llround(fmax(-DIFFERENCE_MAX, fmin(DIFFERENCE_MAX, result->difference)) *
				1e6));
	if (result->production.label[0] && result->candidate.label[0])
		add_confusion(tally, result->production.label, result->candidate.label);
}

void tally_add_comparison(struct tally *tally, const struct compare_result *result,
	int64_t production_us, int64_t candidate_us)
{
	tally->has_changed = true;
	if (result->verdict == COMPARE_NOT_COMPARABLE) {
		tally->not_comparable[result->reason]++;
		return;
	}
	if (result->verdict == COMPARE_MATCH)
		tally->match++;
	else
		tally->mismatch++;
	add_answers(tally, result);
	if (production_us < 0 || candidate_us < 0)
		return;
	histogram_record(&tally->compared, candidate_us);
	histogram_record(&tally->compared_production, production_us);
	histogram_record(&tally->difference, candidate_us - production_us);
}

void tally_add_decision(struct tally *tally, int64_t k, bool is_taken)
{
	size_t i = 0;
	while (i < tally->n_ratios && tally->ratios[i].k != k)
		i++;
	if (i >= TALLY_RATIOS && i == tally->n_ratios) {
		k = -1;
		i = TALLY_RATIOS;
	}
	if (i == tally->n_ratios)
		tally->ratios[tally->n_ratios++].k = k;
	tally->ratios[i].decided++;
	tally->ratios[i].taken += is_taken;
	tally->has_changed = true;
}

/* The record, field by field in the schema's order. */

struct word_count {
	const char *name;
	int64_t count;
};

/* Those that are not 0, by name. */
static void write_counts(struct avro_buffer *buffer, struct word_count *counts, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (!counts[i].count)
			continue;
		struct word_count moving = counts[i];
		size_t at = kept++;
		for (; at && strcmp(counts[at - 1].name, moving.name) > 0; at--)
			counts[at] = counts[at - 1];
		counts[at] = moving;
	}
	if (kept)
		avro_buffer_long(buffer, (int64_t)kept);
	for (size_t i = 0; i < kept; i++) {
		avro_buffer_string(buffer, counts[i].name);
		avro_buffer_long(buffer, counts[i].count);
	}
	avro_buffer_long(buffer, 0);
}

static const char *loss_name(int loss)
{
	if (loss == LOSS_UNANSWERED)
		return "unanswered";
	return loss == LOSS_STATE_BOUND ? "state_bound" : outcome_name((enum outcome)loss);
}

static void write_outcomes(const struct tally *tally, struct avro_buffer *buffer)
{
	struct word_count counts[OUTCOME_COUNT];
	for (int i = 0; i < OUTCOME_COUNT; i++)
		counts[i] = (struct word_count){outcome_name((enum outcome)i), tally->outcomes[i]};
	write_counts(buffer, counts, OUTCOME_COUNT);
}

static void write_losses(const struct tally *tally, struct avro_buffer *buffer)
{
	struct word_count counts[LOSS_COUNT];
	for (int i = 0; i < LOSS_COUNT; i++)
		counts[i] = (struct word_count){loss_name(i), tally->losses[i]};
	write_counts(buffer, counts, LOSS_COUNT);
}

static void write_not_comparable(const struct tally *tally, struct avro_buffer *buffer)
{
	struct word_count counts[COMPARE_REASON_COUNT] = {{"", 0}};
	for (int i = COMPARE_NO_REASON + 1; i < COMPARE_REASON_COUNT; i++)
		counts[i] = (struct word_count){
			compare_reason_name((enum compare_reason)i), tally->not_comparable[i]};
	write_counts(buffer, counts, COMPARE_REASON_COUNT);
}

static void write_ratios(const struct tally *tally, bool taken, struct avro_buffer *buffer)
{
	struct word_count counts[TALLY_RATIOS + 1] = {{"", 0}};
	char names[TALLY_RATIOS + 1][24];
	for (size_t i = 0; i < tally->n_ratios; i++) {
		const struct tally_ratio *ratio = &tally->ratios[i];
		if (ratio->k < 0)
			snprintf(names[i], sizeof names[i], "other");
		else
			snprintf(names[i], sizeof names[i], "%lld", (long long)ratio->k);
		counts[i] = (struct word_count){names[i], taken ? ratio->taken : ratio->decided};
	}
	write_counts(buffer, counts, tally->n_ratios);
}

static void write_identity(
	const struct tally *tally, const struct tally_frame *frame, struct avro_buffer *buffer)
{
	avro_buffer_string(buffer, tally->arm->endpoint);
	avro_buffer_optional_string(buffer, tally->arm->test);
	avro_buffer_string(buffer, tally->arm->variant);
	avro_buffer_long(buffer, tally->arm->role);
	avro_buffer_long(buffer, frame->window_start_us);
	avro_buffer_long(buffer, frame->window_us);
	avro_buffer_long(buffer, frame->partition);
	const uint8_t is_provisional = frame->is_provisional;
	avro_buffer_fixed(buffer, &is_provisional, 1);
}

void tally_write(
	const struct tally *tally, const struct tally_frame *frame, struct avro_buffer *value)
{
	avro_buffer_begin(value, schema_get("window_aggregate")->fingerprint);
	write_identity(tally, frame, value);
	avro_buffer_long(value, tally->invocations);
	write_outcomes(tally, value);
	avro_buffer_long(value, tally->sampled);
	avro_buffer_long(value, tally->paired);
	avro_buffer_long(value, tally->match + tally->mismatch);
	avro_buffer_long(value, tally->match);
	avro_buffer_long(value, tally->mismatch);
	write_not_comparable(tally, value);
	write_losses(tally, value);
	avro_buffer_long(
		value, tally->pending > 0 ? tally->pending : 0); /* or nobody would read it */
	avro_buffer_long(value, tally->late);
	avro_buffer_long(value, tally->unsolicited);
	avro_buffer_long(value, tally->wrong_decisions);
	avro_buffer_long(value, tally->given_up_events);
	avro_buffer_long(value, tally->request_bytes);
	avro_buffer_long(value, tally->response_bytes);
	histogram_write(&tally->model_latency, value);
	histogram_write(&tally->overhead_latency, value);
	histogram_write(&tally->queue, value);
	histogram_write(&tally->compared, value);
	histogram_write(&tally->compared_production, value);
	histogram_write(&tally->difference, value);
	histogram_write(&tally->number_difference, value);
	counts_write(&tally->confusion, value);
	mismatches_write(&tally->mismatches, value);
	tally_label_write(&tally->label, value);
	write_ratios(tally, false, value);
	write_ratios(tally, true, value);
	avro_buffer_long(value, tally->unwritten_windows);
}

size_t tally_key(const struct arm *arm, const struct tally_frame *frame, char key[TALLY_KEY_MAX])
{
	int n = snprintf(key, TALLY_KEY_MAX, "%s/%s/%s/%s/%lld/%d%s", arm->endpoint,
		arm->test ? arm->test : "", arm->variant, role_name(arm->role),
		(long long)frame->window_start_us, frame->partition,
		frame->is_provisional ? "/provisional" : "");
	assert(n > 0 && n < TALLY_KEY_MAX); /* names have at most 100 bytes */
	return (size_t)n;
}
