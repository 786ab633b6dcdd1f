/* The parameters of a request, decoded, and their values as numbers and times. A value that is none
 * makes the reply a problem that says so, 400; values that contradict each other make it 422. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_QUERY_H
#define UMBRA_CONSUMERS_CONSOLE_QUERY_H

#include "common/control.h"
#include "consumers/console/reply.h"

enum { QUERY_MAX = 24 };

struct query {
	struct {
		const char *name, *value;
	} items[QUERY_MAX];
	size_t n;
	const char *wrong; /* why it cannot be used at all; NULL: it can */
};

/* NULL: not given. */
const char *query_text(const struct query *query, const char *name);

/* Each leaves *value as it is when the parameter is not given. False: the reply is a problem. */
bool query_int(const struct query *query, const char *name, int64_t min, int64_t max,
	int64_t *value, struct reply *reply);
bool query_time(const struct query *query, const char *name, int64_t *us, struct reply *reply);
bool query_duration(const struct query *query, const char *name, int64_t *us, struct reply *reply);
/* One of the words, which a NULL ends: its index. */
bool query_word(const struct query *query, const char *name, const char *const *words, int *index,
	struct reply *reply);

/* Are all parameters among these words, each once? */
bool query_check(const struct query *query, const char *const *names, struct reply *reply);

/* from, to, last: of the windows of a test, as umbractl report has them. */
struct stretch {
	int64_t from_us, to_us;
};
bool query_stretch(const struct query *query, const struct test *test, int64_t now_us,
	struct stretch *stretch, struct reply *reply);

#endif
