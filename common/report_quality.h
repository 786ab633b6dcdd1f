/* How well one side of a test predicted the truth, from the cells and sums of its labelled requests.
 *
 * Two classes, or one, are binary: the positive class is the one that sorts last (1 after 0, true after
 * false, yes after no), and precision, recall and F1 are its own. Of more classes they are the plain mean
 * over all of them (macro-average). The classes are those that were true, or that either side predicted,
 * so that both sides are measured by the same. What would be divided by 0 is 0. */
#ifndef UMBRA_COMMON_REPORT_QUALITY_H
#define UMBRA_COMMON_REPORT_QUALITY_H

#include "common/aggregate.h"

struct quality {
	int64_t labelled, scored;
	double accuracy;
	bool has_classes; /* precision, recall and f1 are known: every cell of both sides was kept */
	double precision, recall, f1;
	double log_loss, brier; /* while scored */
	const struct counts *cells; /* truth, a tab, prediction */
};

/* Of this arm, or of production on the same requests. False: no labelled request. */
bool report_quality(const struct aggregate *arm, bool of_production, struct quality *quality);

#endif
