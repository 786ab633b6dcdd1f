/* What the tests of the comparison share: specs, answers, pairs that are compared both ways. */
#ifndef UMBRA_COMMON_COMPARE_TEST_FIXTURE_H
#define UMBRA_COMMON_COMPARE_TEST_FIXTURE_H

#include "common/compare.h"
#include <math.h>

#define LIST(...) \
	{ \
		(char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
	}
#define EXACT \
	{ \
		.kind = COMPARE_EXACT, .threshold = NAN \
	}
#define JSON \
	{ \
		.kind = COMPARE_JSON, .threshold = NAN \
	}
#define CSV \
	{ \
		.kind = COMPARE_CSV, .threshold = NAN \
	}
#define WITHIN(kind_, absolute_, relative_) \
	{ \
		.kind = (kind_), .absolute = (absolute_), .relative = (relative_), \
		.threshold = NAN \
	}
#define IGNORE(...) \
	{ \
		.kind = COMPARE_JSON, .ignore = LIST(__VA_ARGS__), .threshold = NAN \
	}
#define BAG(...) \
	{ \
		.kind = COMPARE_JSON, .unordered = LIST(__VA_ARGS__), .threshold = NAN \
	}
#define LABEL(path) \
	{ \
		.kind = COMPARE_LABEL, .label = (path), .threshold = NAN \
	}
#define THRESHOLD(path, from) \
	{ \
		.kind = COMPARE_LABEL, .label = (path), .threshold = (from) \
	}

struct pair {
	struct compare_spec spec;
	const char *one, *other;
	const char *wanted; /* "match", "mismatch", or the reason */
};

/* An answer of status 200 that carries this text. */
struct compare_answer answer(const char *body);

/* "match", "mismatch", or the reason. */
const char *verdict_of(const struct compare_result *result);

/* The test fails unless that is the verdict. */
void check(const struct compare_spec *spec, const struct compare_answer *one,
	const struct compare_answer *other, const char *wanted);

/* Each in both directions. */
void check_pairs(const struct pair *pairs, size_t n);
#define CHECK_PAIRS(pairs) check_pairs(pairs, sizeof(pairs) / sizeof((pairs)[0]))

void compare_two(const struct compare_spec *spec, const char *one, const char *other,
	struct compare_result *result);

/* From 0 to n - 1; the same sequence in every run. */
unsigned next_random(unsigned n);

#endif
