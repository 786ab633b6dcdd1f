/* The truth about requests, joined by request id in either order. A label waits until the window of its
 * own append time closes, so that what a request joined is always read again with it; the predictions of
 * a request wait until the request's window closes. Both are bounded by the number of joins: at it the
 * oldest is given up, and counted. Of several labels of a request the first counts. */
#include "common/compare_number.h"
#include "common/memory.h"
#include "consumers/aggregator/ledger_private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIRST_BUCKETS = 256 };

/* An id that labels or requests wait under. */
struct subject {
	XXH128_hash_t id;
	LIST_HEAD(subject_expectations, expectation) expectations;
	STAILQ_HEAD(subject_labels, label) labels; /* oldest first */
	struct subject *chain; /* of its hash */
};

struct label {
	struct subject *subject;
	struct place place;
	int64_t window_start_us;
	char *endpoint; /* NULL: of any */
	char text[COMPARE_LABEL_MAX + 1];
	STAILQ_ENTRY(label) of_subject;
	TAILQ_ENTRY(label) age;
};

/* What the arms of one copy said, until the truth is known. */
struct prediction {
	struct compare_prediction production, own;
	bool with_scores;
};

/* A request with copies that are compared by label. */
struct expectation {
	struct subject *subject; /* NULL: it waits no more */
	struct entry *entry;
	char *truth; /* NULL: not known yet */
	LIST_ENTRY(expectation) of_subject;
	TAILQ_ENTRY(expectation) age;
	struct prediction *predictions[]; /* by slot */
};

static struct subject **bucket_of(const struct ledger *ledger, XXH128_hash_t id)
{
	return &ledger->subjects[id.low64 & (ledger->n_subject_buckets - 1)];
}

static void grow(struct ledger *ledger)
{
	struct subject **old = ledger->subjects, *next;
	size_t n_old = ledger->n_subject_buckets;
	ledger->n_subject_buckets = n_old ? 2 * n_old : FIRST_BUCKETS;
	ledger->subjects = calloc(ledger->n_subject_buckets, sizeof(struct subject *));
	memory_need(ledger->subjects);
	for (size_t i = 0; i < n_old; i++) {
		for (struct subject *subject = old[i]; subject; subject = next) {
			next = subject->chain;
			struct subject **bucket = bucket_of(ledger, subject->id);
			subject->chain = *bucket;
			*bucket = subject;
		}
	}
	free(old);
}

static struct subject *subject_get(struct ledger *ledger, const char *request_id)
{
	XXH128_hash_t id = XXH3_128bits(request_id, strlen(request_id));
	if (ledger->n_subjects == ledger->n_subject_buckets)
		grow(ledger);
	struct subject **bucket = bucket_of(ledger, id), *subject = *bucket;
	while (subject && !XXH128_isEqual(subject->id, id))
		subject = subject->chain;
	if (subject)
		return subject;
	subject = calloc(1, sizeof *subject);
	memory_need(subject);
	subject->id = id;
	LIST_INIT(&subject->expectations);
	STAILQ_INIT(&subject->labels);
	subject->chain = *bucket;
	*bucket = subject;
	ledger->n_subjects++;
	return subject;
}

static void subject_let_go(struct ledger *ledger, struct subject *subject)
{
	if (!LIST_EMPTY(&subject->expectations) || !STAILQ_EMPTY(&subject->labels))
		return;
	struct subject **at = bucket_of(ledger, subject->id);
	while (*at != subject)
		at = &(*at)->chain;
	*at = subject->chain;
	ledger->n_subjects--;
	free(subject);
}

/* Requests. */

static void drop_predictions(struct expectation *expectation)
{
	for (size_t i = 0; i < expectation->entry->n_slots; i++) {
		free(expectation->predictions[i]);
		expectation->predictions[i] = NULL;
	}
}

/* No label finds it any more. */
static void stop_expecting(struct ledger *ledger, struct expectation *expectation)
{
	if (!expectation->subject)
		return;
	LIST_REMOVE(expectation, of_subject);
	TAILQ_REMOVE(&ledger->expectations, expectation, age);
	ledger->n_expectations--;
	subject_let_go(ledger, expectation->subject);
	expectation->subject = NULL;
	drop_predictions(expectation);
}

void label_forget(struct ledger *ledger, struct entry *entry)
{
	if (!entry->expectation)
		return;
	stop_expecting(ledger, entry->expectation);
	free(entry->expectation->truth);
	free(entry->expectation);
	entry->expectation = NULL;
}

static void count(const struct expectation *expectation, const struct arm *arm,
	const struct prediction *prediction)
{
	struct tally *tally = window_tally(expectation->entry->window, arm);
	tally_label_add(&tally->label, expectation->truth, &prediction->production,
		&prediction->own, prediction->with_scores);
	tally->has_changed = true;
}

static void learn(struct ledger *ledger, struct expectation *expectation, const struct label *label)
{
	struct entry *entry = expectation->entry;
	expectation->truth = strdup(label->text);
	memory_need(expectation->truth);
	window_hold(entry->window, &label->place);
	for (size_t i = 0; i < entry->n_slots; i++)
		if (expectation->predictions[i])
			count(expectation, entry->slots[i].arm, expectation->predictions[i]);
	stop_expecting(ledger, expectation);
}

static bool is_about(const struct label *label, const struct expectation *expectation)
{
	return !label->endpoint || !strcmp(label->endpoint, expectation->entry->source->endpoint);
}

static bool is_compared_by_label(const struct ledger *ledger, const struct entry *entry)
{
	for (size_t i = 0; i < entry->n_slots; i++) {
		const struct test *test = history_test(ledger->config.history,
			entry->slots[i].arm->test, entry->answer->generation);
		if (test && test->compare.kind == COMPARE_LABEL)
			return true;
	}
	return false;
}

void label_expect(struct ledger *ledger, struct entry *entry, const char *request_id)
{
	if (!is_compared_by_label(ledger, entry))
		return;
	struct expectation *expectation = calloc(
		1, sizeof *expectation + entry->n_slots * sizeof expectation->predictions[0]);
	memory_need(expectation);
	struct subject *subject = subject_get(ledger, request_id);
	expectation->subject = subject;
	expectation->entry = entry;
	entry->expectation = expectation;
	LIST_INSERT_HEAD(&subject->expectations, expectation, of_subject);
	TAILQ_INSERT_TAIL(&ledger->expectations, expectation, age);
	ledger->n_expectations++;
	const struct label *label = STAILQ_FIRST(&subject->labels);
	while (label && !is_about(label, expectation))
		label = STAILQ_NEXT(label, of_subject);
	if (label)
		learn(ledger, expectation, label);
	while (ledger->n_expectations > ledger->config.limits.joins) {
		stop_expecting(ledger, TAILQ_FIRST(&ledger->expectations));
		ledger->status.labels_given_up++;
	}
}

void label_predict(const struct entry *entry, const struct slot *slot,
	const struct compare_result *result, bool with_scores)
{
	struct expectation *expectation = entry->expectation;
	if (!expectation || result->verdict == COMPARE_NOT_COMPARABLE)
		return;
	struct prediction prediction = {result->production, result->candidate, with_scores};
	if (expectation->truth) {
		count(expectation, slot->arm, &prediction);
	} else if (expectation->subject) {
		struct prediction *kept = calloc(1, sizeof *kept);
		memory_need(kept);
		*kept = prediction;
		expectation->predictions[slot - entry->slots] = kept;
	}
}

/* Labels. */

static void drop_first(struct ledger *ledger)
{
	struct label *label = TAILQ_FIRST(&ledger->labels);
	TAILQ_REMOVE(&ledger->labels, label, age);
	STAILQ_REMOVE_HEAD(&label->subject->labels, of_subject); /* the oldest of all */
	ledger->n_labels--;
	subject_let_go(ledger, label->subject);
	free(label->endpoint);
	free(label);
}

void labels_close(struct ledger *ledger, int64_t window_start_us)
{
	const struct label *label;
	while ((label = TAILQ_FIRST(&ledger->labels)) && label->window_start_us <= window_start_us)
		drop_first(ledger);
}

/* As the comparison names it: 1 and 1.0 are one label. */
static bool read_text(const char *text, char label[COMPARE_LABEL_MAX + 1])
{
	size_t size = strlen(text);
	struct compare_number number;
	if (size == 0 || size > COMPARE_LABEL_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	if (!compare_number_read_json(text, size, &number) || number.kind == NUMBER_NAN ||
		!compare_number_text(&number, label, COMPARE_LABEL_MAX + 1))
		memcpy(label, text, size + 1);
	return true;
}

static void join_label(struct ledger *ledger, const struct label *label)
{
	struct expectation *next, *expectation = LIST_FIRST(&label->subject->expectations);
	for (; expectation; expectation = next) {
		next = LIST_NEXT(expectation, of_subject);
		if (is_about(label, expectation))
			learn(ledger, expectation, label);
	}
}

void label_take(struct ledger *ledger, const struct place *place, int64_t window_start_us,
	const struct ledger_label *told)
{
	struct label *label = calloc(1, sizeof *label);
	memory_need(label);
	if (!*told->request_id || !read_text(told->label, label->text)) {
		ledger->status.malformed++;
		free(label);
		return;
	}
	label->place = *place;
	label->window_start_us = window_start_us;
	label->endpoint = told->endpoint ? strdup(told->endpoint) : NULL;
	memory_need(label->endpoint || !told->endpoint);
	label->subject = subject_get(ledger, told->request_id);
	STAILQ_INSERT_TAIL(&label->subject->labels, label, of_subject);
	TAILQ_INSERT_TAIL(&ledger->labels, label, age);
	ledger->n_labels++;
	join_label(ledger, label);
	while (ledger->n_labels > ledger->config.limits.joins) {
		drop_first(ledger);
		ledger->status.labels_given_up++;
	}
}
