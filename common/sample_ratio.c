/* M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data" (NeurIPS 2022), with two
 * categories: the likelihood of the counts under a mixture of all shares, a beta distribution around
 * the one that was asked for and worth 1,000 requests, over their likelihood under that share alone.
 * While the share is right this is a nonnegative martingale that begins at 1; by Ville's inequality it
 * ever reaches 1 / alpha with probability alpha at most. Each percentage has a factor of its own, and
 * a product of such factors is one again: so a percentage may change. */
#include "common/sample_ratio.h"
#include "common/text.h"
#include <math.h>

#define WORTH 1000.0 /* requests */
#define ALWAYS 1000000

static double log_beta(double a, double b)
{
	return lgamma(a) + lgamma(b) - lgamma(a + b);
}

double sample_ratio_evidence(int64_t decided, int64_t taken, int64_t k)
{
	double share = (double)k / ALWAYS, yes = (double)taken, no = (double)(decided - taken);

	if (share <= 0 || share >= 1)
		return (share <= 0 ? yes : no) > 0 ? INFINITY : 0; /* what cannot be */
	return log_beta(WORTH * share + yes, WORTH * (1 - share) + no) -
		log_beta(WORTH * share, WORTH * (1 - share)) - yes * log(share) -
		no * log1p(-share);
}

struct sample_ratio sample_ratio_of(const struct counts *decided, const struct counts *taken)
{
	struct sample_ratio ratio = {.p = 1};
	double evidence = 0;

	for (size_t i = 0; i < decided->n; i++) {
		const struct count *count = &decided->items[i];
		int64_t k, n = counts_of(taken, count->name);

		if (text_parse_int(count->name, &k) || k < 0 || k > ALWAYS || n < 0 || n > count->n)
			continue; /* "other", or of a stranger */
		ratio.requests += count->n;
		ratio.sampled += n;
		ratio.expected += (double)count->n * (double)k / ALWAYS;
		evidence += sample_ratio_evidence(count->n, n, k);
	}
	ratio.p = fmin(1, exp(-evidence));
	return ratio;
}

bool sample_ratio_is_mismatch(const struct sample_ratio *ratio)
{
	return ratio->p < SAMPLE_RATIO_ALPHA;
}
