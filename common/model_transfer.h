/* One HTTP exchange at a time: a curl handle that is set up once for its model and used again and
 * again, with the buffers that the answer and the call's own headers need. */
#ifndef UMBRA_COMMON_MODEL_TRANSFER_H
#define UMBRA_COMMON_MODEL_TRANSFER_H

#include "common/model_headers.h"

enum { TRANSFER_LINES = 4, TRANSFER_LINE_MAX = HEADER_VALUE_MAX + 20 };

struct transfer {
	CURL *easy;
	struct model_call *call; /* NULL: idle */
	struct header_set *set; /* held while a call is open */
	struct transfer *next; /* in the model's list of idle ones */
	struct curl_slist nodes[TRANSFER_LINES]; /* the call's headers, before those of the set */
	char lines[TRANSFER_LINES][TRANSFER_LINE_MAX];
	char *body; /* the answer: `size` of `capacity` bytes, never above `max` */
	size_t size, capacity, max;
	size_t head_size; /* bytes of header lines so far */
	int64_t last_byte_us;
	bool is_too_large, is_head_too_large, is_head_whole;
	bool is_get; /* the method, for good */
	char content_type[257];
	char reason[24];
};

struct transfer *transfer_new(const struct model_config *config);
void transfer_free(struct transfer *transfer);

/* Prepares the handle for `call`; takes over the caller's hold on `set`. `fixed` are the model's
 * headers, which win over the call's. */
void transfer_begin(struct transfer *transfer, struct model_call *call, struct header_set *set,
	const struct model_headers *fixed);

/* Writes the call's results: curl has ended with `code`, or the deadline has passed. The handle is
 * no longer in the multi. */
void transfer_finish(struct transfer *transfer, CURLcode code, int64_t now_us);
void transfer_time_out(struct transfer *transfer, int64_t now_us);

/* What the answer's Retry-After asks for, as seconds or a date; 0: nothing. At most a day. */
int64_t transfer_retry_after_us(const struct transfer *transfer);

/* Back to idle: gives up the header set and the memory of a large answer. */
void transfer_reset(struct transfer *transfer);

#endif
