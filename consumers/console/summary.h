/* Where a test stands, in a few numbers and a word, from its folded windows. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_SUMMARY_H
#define UMBRA_CONSUMERS_CONSOLE_SUMMARY_H

#include "common/report.h"

enum health { HEALTH_GOOD, HEALTH_WAITING, HEALTH_ATTENTION, HEALTH_BROKEN };

struct summary {
	int64_t invocations; /* production's */
	int64_t sampled, paired, compared, match, losses, pending; /* of all candidates */
	double progress; /* 0 to 1 of the schedule */
	enum health health;
	char reason[300]; /* a sentence */
};

/* How one candidate differs; NaN: not known. */
struct difference {
	double agreement; /* match / compared */
	double p99_change; /* candidate / production - 1, for the same requests */
	double error_change; /* share of failed calls, candidate's less production's */
};

void summary_make(const struct report *report, int64_t now_us, struct summary *summary);
void summary_difference(
	const struct report *report, const char *variant, struct difference *difference);
const char *health_name(enum health health);

/* Why a running test's numbers are no longer those of now: nothing came for a minute. `updated_us` is
 * the end of its newest window, 0: it has none. False: they are, or the test does not run. */
enum { SUMMARY_STALE_MAX = 200 };
bool summary_is_stale(const struct test *test, int64_t updated_us, int64_t now_us,
	char reason[SUMMARY_STALE_MAX]);

#endif
