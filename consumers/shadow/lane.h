/* A lane serves one shadow variant, or a production variant that is asked a second time for a test's
 * baseline: a group member on its shadow topic, and its model. It lives as long as copies of its test
 * may be waiting. */
#ifndef UMBRA_CONSUMERS_SHADOW_LANE_H
#define UMBRA_CONSUMERS_SHADOW_LANE_H

#include "common/control.h"
#include "common/intake.h"
#include "consumers/shadow/copy.h"

struct shadow;

struct lane {
	struct shadow *shadow;
	struct test *test; /* held; as the control log last said */
	struct endpoint *endpoint; /* held */
	enum role role; /* shadow or baseline */
	size_t variant; /* which of the test's; baseline: of the endpoint's */
	char topic[250];
	bool is_cancelled; /* the test was cancelled or deleted: copies are not asked */
	struct model *model;
	struct intake *intake;
	char object[240]; /* "shadow ENDPOINT/VARIANT" */
	char problem[300]; /* why its copies wait; "": they do not */
	bool is_retiring; /* drains, then closes */
	bool is_closed; /* leaves its group; stays until it has, and its last delivery came */
	int64_t retire_deadline_us; /* monotonic */
	struct lane *next;
};

/* How long after its end copies of a test may still be waiting: the accounting horizon. */
enum { LANE_AFTER_END_US = 600000000 };

/* Must this test's copies be read at that moment (UTC)? Pure. */
bool lane_is_needed(const struct test *test, int64_t now_us);

/* What a lane would serve. */
struct lane_arm {
	struct test *test;
	struct endpoint *endpoint;
	enum role role;
	size_t variant;
};

const struct variant *lane_variant(const struct lane *lane);
void lane_topic(const struct lane_arm *arm, char topic[250]);

/* NULL and errstr. */
struct lane *lane_new(
	struct shadow *shadow, const struct lane_arm *arm, char *errstr, size_t errstr_size);
void lane_close(struct lane *lane);
/* Has it left its group, and is nothing open any more? To be asked until it is. */
bool lane_is_gone(struct lane *lane);
void lane_free(struct lane *lane);

/* The control log says something new of the test. -1: it cannot be taken over, as long as, say, a file
 * is missing; until a call succeeds no copy is taken in. */
int lane_update(struct lane *lane, struct test *test, struct endpoint *endpoint);

/* Copies are not asked any more. */
void lane_cancel(struct lane *lane);

void lane_retire(struct lane *lane);

/* Why this copy must not be asked: NULL, or one word. */
const char *lane_refusal(const struct lane *lane, const struct copy *copy);

#endif
