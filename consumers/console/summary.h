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

#endif
