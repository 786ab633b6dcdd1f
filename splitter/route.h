/* A route serves one endpoint: a consumer group member on its request topic, and the lineup that is
 * in force. */
#ifndef UMBRA_SPLITTER_ROUTE_H
#define UMBRA_SPLITTER_ROUTE_H

#include "common/control.h"
#include "common/intake.h"
#include "splitter/budget.h"
#include "splitter/turns.h"

struct lineup;
struct splitter;

struct route {
	struct splitter *splitter;
	struct lineup *lineup; /* held */
	struct intake *intake;
	char object[120]; /* "endpoint NAME" */
	char *topic; /* requests; fixed for the route's life, as is the epoch */
	char *group;
	int64_t epoch;
	struct turns turns; /* of record keys, where the endpoint says order = "key" */
	struct budget budget; /* of copies */
	bool is_retiring; /* the endpoint is gone, or reads elsewhere now: drain, then close */
	int64_t retire_deadline_us;
	bool is_closed; /* leaves its group; stays until it has, and its last delivery came */
	struct route *next;
};

/* NULL and errstr. */
struct route *route_new(struct splitter *splitter, const struct control_state *state,
	struct endpoint *endpoint, char *errstr, size_t errstr_size);

/* Begins to leave the group. What is open is abandoned; its deliveries must still be served. */
void route_close(struct route *route);
/* Has it left, and is nothing open any more? To be asked until it is. */
bool route_is_gone(struct route *route);
void route_free(struct route *route);

/* The control state changed: takes over what it says. -1 and errstr: it cannot be, as long as, say, a
 * file is missing; the old lineup stays in force. */
int route_update(struct route *route, const struct control_state *state, struct endpoint *endpoint,
	char *errstr, size_t errstr_size);

/* Must the route be closed and opened again to serve this endpoint (or NULL: no endpoint)? */
bool route_is_outdated(const struct route *route, const struct endpoint *endpoint);

void route_retire(struct route *route);

#endif
