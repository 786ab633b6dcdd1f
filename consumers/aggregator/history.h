/* How tests and endpoints were defined at each generation, so that an event is compared and checked
 * by the definition that it was made under, however often it is read. Pure. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_HISTORY_H
#define UMBRA_CONSUMERS_AGGREGATOR_HISTORY_H

#include "common/control.h"

struct version {
	char *name;
	int64_t generation; /* from here on */
	struct test *test; /* NULL with `endpoint`; both NULL: deleted */
	struct endpoint *endpoint;
};

struct versions {
	struct version *items; /* by generation, rising */
	size_t n, capacity;
};

struct history {
	int64_t generation; /* of the last record noted */
	struct versions tests, endpoints;
};

void history_fini(struct history *history);

/* A record was accepted and `state` is what it made: notes the objects that it changed. */
void history_note(struct history *history, const struct control_state *state,
	const struct control_record *record);

/* The object at that generation; NULL: there was none. */
const struct test *history_test(
	const struct history *history, const char *name, int64_t generation);
const struct endpoint *history_endpoint(
	const struct history *history, const char *name, int64_t generation);

#endif
