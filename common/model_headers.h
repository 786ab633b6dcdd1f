/* The request headers of one model that are the same for every call: a list that curl reads, shared
 * by the calls in flight and made anew when a value file changes. */
#ifndef UMBRA_COMMON_MODEL_HEADERS_H
#define UMBRA_COMMON_MODEL_HEADERS_H

#include "common/model_call.h"

/* One version of the list. Whoever sends with it holds it until its call has ended. */
struct header_set {
	struct curl_slist *list;
	unsigned refs;
};

struct model_headers;

/* Copies what it needs. NULL and errstr: a bad name or value, an unreadable file. */
struct model_headers *model_headers_new(
	const struct model_config *config, char *errstr, size_t errstr_size);
void model_headers_free(struct model_headers *headers);

/* The newest version, held. Looks at the value files at most once a second; one that cannot be used
 * is logged, and its last good value stays. */
struct header_set *model_headers_hold(struct model_headers *headers, int64_t now_us);
void header_set_release(struct header_set *set);

/* Does the model's own list say this header? `name` in lower case. */
bool model_headers_has(const struct model_headers *headers, const char *name);

enum { HEADER_VALUE_MAX = 512 };

/* May this value of a single call be sent? 1 to HEADER_VALUE_MAX bytes of printable ASCII: whatever
 * a record says, it cannot add a header or end the head of the request. */
bool header_value_is_safe(const char *value);

#endif
