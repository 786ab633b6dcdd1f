/* A WindowAggregate in memory, for those who read and merge them: sums of whole numbers and
 * histograms, so that any order and grouping gives the same. */
#ifndef UMBRA_COMMON_AGGREGATE_H
#define UMBRA_COMMON_AGGREGATE_H

#include "common/histogram.h"
#include "common/mismatch.h"
#include "common/outcome.h"
#include <stdbool.h>

/* How often words came, sorted by word. */
struct counts {
	struct count {
		char *name;
		int64_t n;
	} * items;
	size_t n;
};

/* Of cells, in a sum of windows. */
enum { AGGREGATE_CELLS_MAX = 10000 };

struct aggregate {
	char *endpoint;
	char *test; /* NULL: production over all requests */
	char *variant;
	enum role role;
	int64_t window_start_us, window_us; /* of the first one merged */
	int32_t partition; /* likewise */
	bool is_provisional; /* any of those merged is */
	int64_t invocations, sampled, paired, compared, match, mismatch, pending, late, unsolicited,
		wrong_decisions, given_up_events, request_bytes, response_bytes;
	int64_t unwritten_windows;
	/* Against the truth; sums of scores in millionths. */
	int64_t labelled, label_correct, production_label_correct, scored, log_loss, brier,
		production_log_loss, production_brier;
	struct counts outcomes, not_comparable, losses;
	struct counts confusion; /* "production's label\tcandidate's"; "\t": all others */
	struct counts label_cells, production_label_cells; /* truth, a tab, prediction */
	struct counts decided, taken; /* sampling decisions, by percentage times 10^4 */
	struct histogram model_latency, overhead_latency, queue;
	struct histogram compared_latency, compared_production_latency, latency_difference;
	struct histogram number_difference; /* millionths */
	struct mismatches mismatches;
};

/* The record's bytes. -1 and errstr: they are none. */
int aggregate_decode(struct aggregate *aggregate, const void *data, size_t size, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));
void aggregate_fini(struct aggregate *aggregate);

/* Adds the numbers; names, window and partition stay `into`'s. */
void aggregate_merge(struct aggregate *into, const struct aggregate *from);

/* Its numbers, counts and histograms, each kind in the order of a table of its own, for those who
 * store them; NULL beyond the last. `field` gets the schema's name and may be NULL. */
int64_t *aggregate_number(struct aggregate *aggregate, size_t i, const char **field);
struct counts *aggregate_counts(struct aggregate *aggregate, size_t i, const char **field);
struct histogram *aggregate_histogram(struct aggregate *aggregate, size_t i, const char **field);
/* By the schema's name, which there must be. */
const struct histogram *aggregate_histogram_named(
	const struct aggregate *aggregate, const char *field);

/* Adds `n` to the word's count. */
void counts_add(struct counts *counts, const char *name, int64_t n);
/* Leaves the `n` that sort first: what stays has its whole count, in whatever order it came. */
void counts_keep_first(struct counts *counts, size_t n);
int64_t counts_of(const struct counts *counts, const char *name);
int64_t counts_sum(const struct counts *counts);
void counts_fini(struct counts *counts);

/* As the schema's array of Count. */
void counts_write(const struct counts *counts, struct avro_buffer *buffer);

#endif
