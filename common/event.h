/* InvocationEvent (schemas/invocation_event.avsc): one per request and arm. */
#ifndef UMBRA_COMMON_EVENT_H
#define UMBRA_COMMON_EVENT_H

#include "common/outcome.h"
#include <stddef.h>
#include <stdint.h>

enum { EVENT_MAX_TESTS = 16, EVENT_MAX_SAMPLED = 64, EVENT_DIGEST_SIZE = 16 };

/* One copy that the request has: it ends in one event of that arm. */
struct sampled_for {
	const char *test;
	enum role role;
	const char *variant;
};

/* One decision, taken or not: every running test of the endpoint has its own seed, hence its own
 * hash. */
struct sampling_decision {
	const char *test;
	uint64_t hash;
};

struct event {
	const char *request_id;
	const char *endpoint;
	int64_t epoch;
	const char *test; /* NULL: role production */
	const char *variant;
	enum role role;
	int64_t generation;
	const char *source_topic;
	int32_t source_partition;
	int64_t source_offset;
	int64_t done_below; /* committed offset of the source partition, -1: none known */
	int64_t request_time_us; /* the record's timestamp */
	enum outcome outcome;
	const char *reason; /* "" when ok */
	int status_code; /* 0: none */
	int attempts;
	int64_t model_latency_us, overhead_latency_us, queue_us; /* -1: never asked */
	int64_t request_bytes, response_bytes;
	const char *response_content_type; /* "" when none */
	const void *response_body; /* NULL: not carried */
	size_t response_body_size;
	const uint8_t *response_digest; /* 16 bytes, XXH3-128, big-endian; NULL: no answer */
	const struct sampled_for *sampled_for; /* role production only */
	size_t n_sampled_for;
	const struct sampling_decision *decisions; /* role production only */
	size_t n_decisions;
	const char *instance;
};

/* Single-object bytes in a buffer that is reused by the next call; *data is valid until then.
 * 0, or -1: no memory. The hot path: no allocation in the steady state. */
int event_encode(const struct event *event, const void **data, size_t *size)
	__attribute__((warn_unused_result));

/* For tests and readers: fills `event` with pointers into `storage`, which the caller frees with
 * event_storage_free. 0, or -1 and errstr. */
struct event_storage;
int event_decode(const void *data, size_t size, struct event *event, struct event_storage **storage,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
void event_storage_free(struct event_storage *storage);

/* Frees the reused buffer, at exit. */
void event_free_buffers(void);

#endif
