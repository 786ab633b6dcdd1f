/* Examples of answers that differ, for people to look at: of all mismatches those with the smallest
 * ranks. A rank is a hash of which request it was; so the sample is uniform, who reads the log again
 * chooses the same, and examples may be merged in any order. */
#ifndef UMBRA_COMMON_MISMATCH_H
#define UMBRA_COMMON_MISMATCH_H

#include "common/avro_buffer.h"
#include "common/avro_cursor.h"
#include "common/settings.h"
#include <avro.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MISMATCHES_MAX = 10, /* of one arm in one window */
	MISMATCH_BODY_MAX = 2048, /* bytes of an answer that are kept */
	MISMATCH_TEXT_MAX = 300 /* bytes of a kind, a request id, a topic */
};

struct mismatch_body {
	char *data; /* any bytes, as the model wrote them, secrets masked */
	size_t size; /* at most MISMATCH_BODY_MAX */
	int64_t whole_size; /* of the answer; larger than `size`: the rest was cut off */
};

struct mismatch {
	uint64_t rank;
	int64_t window_us; /* the window's start, UTC; not in the record, which has its own */
	char *kind; /* "label 0 > 1", "number", "status", "answer" */
	char *request_id;
	char *topic; /* where the request lies */
	int32_t partition;
	int64_t offset;
	struct mismatch_body production, candidate;
};

/* Sorted by rank, then by place. Zeroed bytes are an empty list. */
struct mismatches {
	struct mismatch *items;
	size_t n;
};

struct mismatch_place {
	const char *topic;
	int64_t epoch; /* of the endpoint: a topic made anew has the same offsets again */
	int32_t partition;
	int64_t offset;
};

/* The rank of that request's mismatch in that arm. */
uint64_t mismatch_rank(const struct mismatch_place *at, const char *variant);

/* Would one with that rank be kept? Asked before an example is made. */
bool mismatches_want(const struct mismatches *list, uint64_t rank);
/* Copies it, cut to the bounds above, and drops the one with the largest rank beyond MISMATCHES_MAX.
 * One that is there already is not added again. */
void mismatches_add(struct mismatches *list, const struct mismatch *mismatch);
void mismatches_merge(struct mismatches *into, const struct mismatches *from);
void mismatches_fini(struct mismatches *list);

/* An array of the schema's Mismatch; and back from such a field of a window's record. -1: more or
 * larger than ours. */
void mismatches_write(const struct mismatches *list, struct avro_buffer *buffer);
int mismatches_read(struct mismatches *list, const avro_value_t *record, const char *field,
	int64_t window_us) __attribute__((warn_unused_result));

/* What mismatches_write wrote, straight from its bytes; no windows. -1: likewise. */
int mismatches_parse(struct mismatches *list, struct avro_cursor *cursor)
	__attribute__((warn_unused_result));

/* Any bytes as text that may be shown: control characters, and what is not UTF-8, as \xNN. malloc'ed. */
char *mismatch_text(const struct mismatch_body *body);
/* The same of any bytes: a stranger's words, a label. */
char *mismatch_printable(const char *data, size_t size);
/* The bytes as they are, where that is UTF-8; else as mismatch_text. */
json_t *mismatch_body_to_json(const struct mismatch_body *body);

/* What shows in place of a secret. */
#define MISMATCH_MASK "***"

/* The answer with what the JSON pointers name masked; `*` stands for any member or element. One that
 * is not JSON is masked whole, for nobody knows where the secret stands. malloc'ed. */
char *mismatch_mask(
	const struct string_list *pointers, const void *body, size_t size, size_t *masked_size);

#endif
