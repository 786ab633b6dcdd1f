/* What became of the requests: counts, answers by what they say, latency, the first that went without.
 * Pure. */
#ifndef UMBRA_PRODUCER_TALLY_H
#define UMBRA_PRODUCER_TALLY_H

#include "producer/latency.h"
#include "producer/origin.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_GROUPS_MAX = 100, TALLY_MISSING_MAX = 100, TALLY_WORD_MAX = 101 };

/* What an answer says of itself; "" where it says nothing. */
struct answer_kind {
	char variant[TALLY_WORD_MAX];
	char outcome[TALLY_WORD_MAX];
	char status[TALLY_WORD_MAX];
};

struct answer_group {
	struct answer_kind kind;
	int64_t count;
};

/* A request that was not answered, or, when answers are not awaited, not acknowledged. */
struct missing {
	int64_t number;
	struct origin origin;
};

struct tally {
	int64_t sent;
	int64_t acknowledged;
	int64_t refused; /* Kafka will not have them */
	int64_t answered;
	int64_t unanswered; /* with the refused ones: each request sent ends as one of both */
	int64_t repeated; /* answers to a request that has one, or that was given up */
	int64_t labels, labels_lost; /* truths that were published, and that could not be */
	int64_t skipped; /* bad records of the input */
	int64_t behind_us; /* the longest that a request was sent after its intended time */
	struct answer_group *groups; /* [TALLY_GROUPS_MAX + 1]: the last is for all others */
	size_t n_groups;
	struct missing missing[TALLY_MISSING_MAX]; /* the first of them */
	size_t n_missing;
	struct latency latency;
	int64_t start_us, end_us; /* monotonic: first intended time, last end of a request */
};

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);

/* Counts an answer of that kind. */
void tally_add_kind(struct tally *tally, const struct answer_kind *kind);

/* Puts the groups with most answers first. */
void tally_sort(struct tally *tally);

void tally_add_missing(struct tally *tally, int64_t number, struct origin origin);

/* Copies a header's value into a word of answer_kind; what is not visible ASCII becomes '?'. */
void tally_set_word(char *word, const void *data, size_t size);

/* Requests ended in a second. */
double tally_rate(const struct tally *tally, int64_t ended);

#endif
