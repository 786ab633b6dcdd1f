/* The interval goes from the candidate's lower Wilson limit less the baseline's upper one to the reverse:
 * the method of variance estimates recovery (G. Y. Zou, A. Donner, "Construction of confidence limits
 * about effect measures", Statistics in Medicine 27, 2008) with the worst correlation, -1. Both arms are
 * held against the same first answers, so that they do hang together, and the windows do not tell
 * how; this one holds its level however they do. Wilson's limits keep theirs for shares near 0. */
#include "common/report_excess.h"
#include <math.h>

#define Z95 1.959963984540054

static bool is_share(struct disagreement of)
{
	return of.compared > 0 && of.mismatch >= 0 && of.mismatch <= of.compared;
}

static void wilson(struct disagreement of, double *low, double *high)
{
	double n = (double)of.compared, p = (double)of.mismatch / n, zz = Z95 * Z95;
	double middle = (p + zz / (2 * n)) / (1 + zz / n);
	double half = Z95 * sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);

	*low = of.mismatch == 0 ? 0 : middle - half;
	*high = of.mismatch == of.compared ? 1 : middle + half;
}

bool excess_of(struct disagreement candidate, struct disagreement baseline, struct excess *excess)
{
	double low[2], high[2], p, q;

	if (!is_share(candidate) || !is_share(baseline))
		return false;
	p = (double)candidate.mismatch / (double)candidate.compared;
	q = (double)baseline.mismatch / (double)baseline.compared;
	wilson(candidate, &low[0], &high[0]);
	wilson(baseline, &low[1], &high[1]);
	excess->value = p - q;
	excess->low = low[0] - high[1];
	excess->high = high[0] - low[1];
	return true;
}

struct disagreement report_baseline(const struct report_fold *fold)
{
	struct disagreement sum = {0, 0};

	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *row = report_row(fold, i);
		if (row->role != ROLE_BASELINE)
			continue;
		sum.mismatch += row->mismatch;
		sum.compared += row->compared;
	}
	return sum;
}

bool report_excess(
	const struct report_fold *fold, const struct aggregate *arm, struct excess *excess)
{
	struct disagreement candidate = {arm->mismatch, arm->compared};

	return arm->role == ROLE_SHADOW && excess_of(candidate, report_baseline(fold), excess);
}
