/* The sample-ratio test keeps its promise of few false alarms, and finds what is wrong. */
#include "common/sample_ratio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

/* Over all that can happen under the right share, the evidence is 1 on average: no more. */
static void the_evidence_is_worth_nothing_while_the_share_is_right(void **state)
{
	const int64_t shares[] = {1, 50000, 500000, 999999};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		double share = (double)shares[i] / 1e6, mean = 0;

		for (int n = 0; n <= 300; n++)
			mean += exp(lgamma(301) - lgamma(n + 1) - lgamma(301 - n) + n * log(share) +
				(300 - n) * log1p(-share) +
				sample_ratio_evidence(300, n, shares[i]));
		assert_true(fabs(mean - 1) < 1e-6);
	}
}

/* The first request at which there is an alarm, looking after each; 0: none. */
static int first_alarm(unsigned short seed[3], double share, int64_t k, int requests, double alpha)
{
	int64_t taken = 0;

	for (int n = 1; n <= requests; n++) {
		taken += erand48(seed) < share;
		if (sample_ratio_evidence(n, taken, k) > -log(alpha))
			return n;
	}
	return 0;
}

static void looking_after_every_request_raises_no_more_false_alarms_than_said(void **state)
{
	unsigned short seed[3] = {1, 2, 3};
	int alarms = 0;

	(void)state;
	for (int i = 0; i < 400; i++)
		alarms += first_alarm(seed, 0.1, 100000, 2000, 0.05) > 0;
	assert_true(alarms <= 400 * 0.05 + 2 * sqrt(400 * 0.05 * 0.95));
}

static void a_wrong_share_is_found_within_thousands_of_requests(void **state)
{
	unsigned short seed[3] = {1, 2, 3};

	(void)state;
	assert_in_range(first_alarm(seed, 0.40, 500000, 20000, SAMPLE_RATIO_ALPHA), 1, 3000);
	assert_in_range(first_alarm(seed, 0.04, 50000, 100000, SAMPLE_RATIO_ALPHA), 1, 40000);
}

static void each_percentage_is_held_against_its_own_share(void **state)
{
	struct counts decided = {0}, taken = {0};

	(void)state;
	counts_add(&decided, "500000", 10000);
	counts_add(&taken, "500000", 5010);
	counts_add(&decided, "100000", 20000);
	counts_add(&taken, "100000", 1990);
	counts_add(&decided, "other", 7);
	counts_add(&decided, "1000000", 100);
	counts_add(&taken, "1000000", 100);
	struct sample_ratio ratio = sample_ratio_of(&decided, &taken);
	assert_int_equal(ratio.requests, 30100);
	assert_int_equal(ratio.sampled, 7100);
	assert_true(fabs(ratio.expected - 7100) < 1e-6);
	assert_false(sample_ratio_is_mismatch(&ratio));
	counts_add(&decided, "1000000", 1); /* one that was not taken, of all */
	ratio = sample_ratio_of(&decided, &taken);
	assert_true(ratio.p == 0 && sample_ratio_is_mismatch(&ratio));
	counts_fini(&decided);
	counts_fini(&taken);
}

static void without_requests_nothing_is_said(void **state)
{
	const struct counts none = {0};

	(void)state;
	struct sample_ratio ratio = sample_ratio_of(&none, &none);
	assert_true(ratio.p == 1 && !sample_ratio_is_mismatch(&ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_evidence_is_worth_nothing_while_the_share_is_right),
		cmocka_unit_test(looking_after_every_request_raises_no_more_false_alarms_than_said),
		cmocka_unit_test(a_wrong_share_is_found_within_thousands_of_requests),
		cmocka_unit_test(each_percentage_is_held_against_its_own_share),
		cmocka_unit_test(without_requests_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
