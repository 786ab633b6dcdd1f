/* The fast way of event_decode: see event.h. */
#ifndef UMBRA_COMMON_EVENT_READ_H
#define UMBRA_COMMON_EVENT_READ_H

#include "common/event.h"

/* Bytes beyond a record's own that its texts need, each of which gets a NUL: request_id, endpoint,
 * test, variant, source_topic, reason, response_content_type, instance, and those of the lists. */
enum { EVENT_MAX_TEXTS = 8 + EVENT_MAX_TESTS + 2 * EVENT_MAX_SAMPLED };

/* Where what an event points to lies. */
struct event_space {
	struct sampled_for *sampled_for; /* EVENT_MAX_SAMPLED */
	struct sampling_decision *decisions; /* EVENT_MAX_TESTS */
	char *texts; /* as many bytes as the record, and EVENT_MAX_TEXTS */
};

/* Reads `size` bytes that schema_validate has found to be one datum of the present schema. 0; -1:
 * more tests or copies than there may be. */
int event_read(const void *data, size_t size, struct event *event, const struct event_space *space)
	__attribute__((warn_unused_result));

#endif
