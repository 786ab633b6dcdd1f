/* How often a candidate disagrees with production beyond what production disagrees with itself. */
#ifndef UMBRA_COMMON_REPORT_EXCESS_H
#define UMBRA_COMMON_REPORT_EXCESS_H

#include "common/report.h"

/* Disagreements among compared answers. */
struct disagreement {
	int64_t mismatch, compared;
};

/* A difference of two shares, from -1 to 1, and the interval that holds it with 95 %. */
struct excess {
	double value, low, high;
};

/* `candidate` less `baseline`. False: one of them compared nothing, or not what counts are. */
bool excess_of(struct disagreement candidate, struct disagreement baseline, struct excess *excess);

/* Production's second calls, of all its variants together. Not by window. */
struct disagreement report_baseline(const struct report_fold *fold);

/* Of the arm, in a report that has a baseline; false: there is none to set beside it. */
bool report_excess(
	const struct report_fold *fold, const struct aggregate *arm, struct excess *excess);

#endif
