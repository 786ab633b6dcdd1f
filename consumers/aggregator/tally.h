/* What is counted for one arm in one window, and the record that says it. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_TALLY_H
#define UMBRA_CONSUMERS_AGGREGATOR_TALLY_H

#include "common/aggregate.h"
#include "common/avro_buffer.h"
#include "common/compare.h"
#include "common/event.h"
#include "common/histogram.h"
#include "common/mismatch.h"
#include "consumers/aggregator/tally_label.h"

/* Whose numbers they are; one object for each, kept for good. */
struct arm {
	char *endpoint;
	char *test; /* NULL: production over all requests */
	char *variant; /* "": of no variant in particular (gaps) */
	enum role role;
};

/* Losses that no event tells, numbered behind the outcomes. */
enum { LOSS_UNANSWERED = OUTCOME_COUNT, LOSS_STATE_BOUND, LOSS_COUNT };

/* The decisions that were made at one percentage. */
struct tally_ratio {
	int64_t k; /* percentage times 10^4; -1: those that found no room */
	int64_t decided, taken;
};
enum { TALLY_RATIOS = 8 };

struct tally {
	const struct arm *arm;
	bool has_changed; /* since it was last published */
	int64_t invocations, outcomes[OUTCOME_COUNT];
	int64_t sampled, paired, losses[LOSS_COUNT];
	int64_t pending; /* counted on its own: the books close if the identity holds */
	int64_t match, mismatch, not_comparable[COMPARE_REASON_COUNT];
	int64_t late, unsolicited, wrong_decisions, given_up_events;
	int64_t unwritten_windows; /* this one, or none */
	int64_t request_bytes, response_bytes;
	struct tally_ratio ratios[TALLY_RATIOS + 1];
	size_t n_ratios;
	struct histogram model_latency, overhead_latency, queue; /* of the events that were asked */
	struct histogram compared, compared_production, difference; /* of the compared requests */
	struct histogram number_difference; /* millionths */
	struct counts
		confusion; /* "production's label\tthis arm's": the first 64 that came; "\t": others */
	struct mismatches mismatches;
	struct tally_label label;
};

void tally_fini(struct tally *tally);

/* Does the identity hold, and, of a closed window, is nothing pending? */
bool tally_closes(const struct tally *tally, bool is_final);

/* Was the model asked, as far as the outcome says? */
bool outcome_is_asked(enum outcome outcome);

/* One event of the arm. */
void tally_add_event(struct tally *tally, const struct event *event);
/* Takes back one that was never asked: an answer has come. */
void tally_take_back(
	struct tally *tally, enum outcome outcome, int64_t request_bytes, int64_t response_bytes);

/* One comparison; latencies in microseconds, negative: none. */
void tally_add_comparison(struct tally *tally, const struct compare_result *result,
	int64_t production_us, int64_t candidate_us);

/* One sampling decision for the arm, at the percentage k / 10^4. */
void tally_add_decision(struct tally *tally, int64_t k, bool is_taken);

/* Where the window stands. */
struct tally_frame {
	int64_t window_start_us, window_us;
	int32_t partition;
	bool is_provisional;
};

/* The record in the single-object encoding, into `value`, which begins anew. */
void tally_write(
	const struct tally *tally, const struct tally_frame *frame, struct avro_buffer *value);

/* The record's key; a buffer of TALLY_KEY_MAX bytes is enough. Returns its size. */
enum { TALLY_KEY_MAX = 400 };
size_t tally_key(const struct arm *arm, const struct tally_frame *frame, char key[TALLY_KEY_MAX]);

#endif
