/* Do two answers to the same request agree? Pure: bytes in, a verdict out; the time and the memory of
 * a comparison are bounded by the limits below.
 *
 * An answer is read as a tree: JSON as it is, CSV as a list of rows that are lists of cells, a plain
 * number as a CSV of one cell. What needs a definition:
 * - Numbers written without fraction and exponent are whole: they differ when their digits do, within
 *   INT64 a tolerance applies to their exact difference, beyond it none. All others are doubles.
 *   a and b agree if |a - b| <= max(absolute, relative * max(|a|, |b|)).
 * - NaN, Infinity and -Infinity (Python's JSON writes them; CSV in any case, also inf) are numbers,
 *   each equal to itself only. A number beyond the range of doubles is equal to itself only.
 * - Of duplicate keys the last counts. The order of members never does.
 * - Strings are compared as decoded; \u0000 is a character; half a surrogate equals itself only.
 * - Bytes that are not UTF-8 are not parseable, like any other wrong syntax, in both arms alike.
 * - An unordered array is a bag: each element must find a partner within the tolerance. Elements are
 *   paired in their order; up to 64 of them by trying all pairs if that fails.
 * - Paths are JSON pointers (RFC 6901) below the answer that answer_path names; a token * stands for
 *   any member or element. An ignored member may be absent, an ignored element still counts.
 * - Kind exact reads nothing, and nor does auto what is neither JSON nor CSV: the bytes are compared as
 *   they are, whatever answer_path names.
 * Swapping the arms swaps the arms in the result and changes nothing else; an answer never differs
 * from itself. */
#ifndef UMBRA_COMMON_COMPARE_H
#define UMBRA_COMMON_COMPARE_H

#include "common/outcome.h"
#include "common/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMPARE_DEPTH_MAX = 128, /* arrays and objects in each other */
	COMPARE_NODES_MAX = 65536, /* values of an answer */
	COMPARE_STEPS_MAX = 1 << 22, /* nodes looked at, both answers together */
	COMPARE_BAG_MAX = 64, /* elements of which all pairs are tried */
	COMPARE_LABEL_MAX = 100 /* bytes */
};

enum compare_kind {
	COMPARE_AUTO, /* by content type: JSON, CSV (text/plain too), else exact */
	COMPARE_EXACT, /* the same bytes */
	COMPARE_JSON,
	COMPARE_CSV,
	COMPARE_LABEL, /* the same class */
	COMPARE_STATUS, /* the same HTTP status, of failures too */
	COMPARE_KIND_COUNT
};

struct compare_spec {
	enum compare_kind kind;
	double absolute, relative; /* tolerances, 0: none */
	struct string_list ignore, unordered; /* paths */
	struct string_list mask; /* paths in the whole answer that nobody is shown */
	const char *
		label; /* a pointer ("": the whole answer), a CSV column by its number from 1, or by
			      its name in a header line; NULL: none */
	double threshold; /* the label is 1 from here on, else 0; NAN: none */
};

struct compare_answer {
	enum outcome outcome;
	int status_code;
	const char *content_type; /* "": unknown */
	const void *body; /* NULL: not carried */
	size_t body_size;
	int64_t size; /* of the whole answer */
	const uint8_t *digest; /* 16 bytes; NULL: unknown */
	const char *answer_path; /* a pointer; NULL: the whole answer */
};

enum compare_verdict { COMPARE_MATCH, COMPARE_MISMATCH, COMPARE_NOT_COMPARABLE };

/* Where two apply, the later one is told. */
enum compare_reason {
	COMPARE_NO_REASON, /* it was compared */
	COMPARE_NO_LABEL, /* none there, NaN, or no text of 1 to 100 bytes without control characters */
	COMPARE_NO_ANSWER, /* answer_path leads nowhere */
	COMPARE_NOT_PARSEABLE,
	COMPARE_TOO_COMPLEX, /* a limit above */
	COMPARE_TOO_LARGE, /* not carried, and the digests do not settle it */
	COMPARE_DIFFERENT_TYPES, /* kind auto, and JSON meets CSV or the like */
	COMPARE_PRODUCTION_FAILED,
	COMPARE_CANDIDATE_FAILED,
	COMPARE_BOTH_FAILED,
	COMPARE_REASON_COUNT
};

/* What one arm said, for the confusion matrix and for scores. */
struct compare_prediction {
	char label[COMPARE_LABEL_MAX +
		1]; /* "": none. 1 and 1.0 are one label; of a list of numbers it
					      is the index of its first greatest */
	bool has_number; /* the answer, or with kind label what stands at its path, is one number; a list of
			    one stands for its element */
	double number; /* finite */
};

struct compare_result {
	enum compare_verdict verdict;
	enum compare_reason reason;
	struct compare_prediction production, candidate; /* labels: kind label only */
	bool has_difference; /* both are numbers */
	double difference; /* candidate less production; finite */
};

void compare_answers(const struct compare_spec *spec, const struct compare_answer *production,
	const struct compare_answer *candidate, struct compare_result *result);

/* "not_parseable", ... */
const char *compare_reason_name(enum compare_reason reason);

/* "auto", "exact", "json", "csv", "label", "status", NULL. */
extern const char *const compare_kind_names[];

/* Is it a pointer: "", or tokens that each begin with / and escape ~ as ~0? */
bool compare_is_pointer(const char *text);

#endif
