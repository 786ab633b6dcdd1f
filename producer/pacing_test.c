#include "producer/pacing.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void without_a_rate_every_moment_is_right(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, ARRIVALS_CONSTANT, 0, 0);
	assert_int_equal(pacing_next(&pacing, 500), 500);
	pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 501), 501);
}

static void with_a_rate_the_times_are_fixed_by_the_first(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, ARRIVALS_CONSTANT, 1000, 0);
	assert_int_equal(pacing_next(&pacing, 5000), 5000);
	pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 5001), 6000);
	assert_int_equal(pacing_next(&pacing, 5999), 6000);
	pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 6100), 7000);
}

static void a_stall_does_not_move_the_times_after_it(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, ARRIVALS_CONSTANT, 100, 0);
	assert_int_equal(pacing_next(&pacing, 0), 0);
	pacing_sent(&pacing);
	for (int i = 1; i < 100; i++) {
		assert_int_equal(pacing_next(&pacing, 900000), i * 10000);
		pacing_sent(&pacing);
	}
}

static void no_error_adds_up(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, ARRIVALS_CONSTANT, 3, 0);
	pacing_next(&pacing, 7);
	for (int i = 0; i < 3000000; i++)
		pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 8), 7 + 1000000000000);
}

enum { N = 100000 };

static int64_t times[N + 1];

/* The times of N + 1 requests from 7 on, at 1000 a second. */
static void send_poisson(uint64_t seed)
{
	struct pacing pacing;
	pacing_init(&pacing, ARRIVALS_POISSON, 1000, seed);
	for (int i = 0; i <= N; i++) {
		times[i] = pacing_next(&pacing, i ? INT64_MAX : 7);
		assert_int_equal(times[i], pacing_next(&pacing, 0));
		pacing_sent(&pacing);
	}
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double *make_gaps(void)
{
	double *gaps = malloc(N * sizeof *gaps);
	assert_non_null(gaps);
	for (int i = 0; i < N; i++)
		gaps[i] = (double)(times[i + 1] - times[i]);
	return gaps;
}

/* Bounds of 4 standard errors: 1 in 16,000 seeds would miss them, and the seeds are fixed. */
static void poisson_arrivals_keep_the_rate(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 5; seed++) {
		send_poisson(seed);
		assert_int_equal(times[0], 7);
		double mean = (double)(times[N] - times[0]) / N;
		assert_true(fabs(mean - 1000) < 4 * 1000 / sqrt(N));
	}
}

/* Kolmogorov and Smirnov's distance to 1 - e^-x; 1.95 / sqrt(N) is its 99.9 % bound. */
static void the_gaps_of_poisson_arrivals_are_exponential(void **state)
{
	(void)state;
	send_poisson(42);
	double *gaps = make_gaps(), most = 0;
	qsort(gaps, N, sizeof *gaps, by_size);
	for (int i = 0; i < N; i++) {
		double wanted = 1 - exp(-gaps[i] / 1000);
		most = fmax(most, fmax(fabs(wanted - (double)i / N), fabs(wanted - (i + 1.0) / N)));
	}
	free(gaps);
	assert_true(most < 1.95 / sqrt(N));
}

static void a_gap_tells_nothing_of_the_next(void **state)
{
	(void)state;
	send_poisson(42);
	double *gaps = make_gaps(), sum = 0;
	for (int i = 0; i + 1 < N; i++)
		sum += (gaps[i] / 1000 - 1) * (gaps[i + 1] / 1000 - 1);
	free(gaps);
	assert_true(fabs(sum / N) < 4 / sqrt(N));
}

static void the_same_seed_gives_the_same_arrivals_and_another_others(void **state)
{
	(void)state;
	send_poisson(1);
	int64_t last = times[N], early = times[3];
	send_poisson(2);
	assert_int_not_equal(times[3], early);
	send_poisson(1);
	assert_int_equal(times[N], last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_every_moment_is_right),
		cmocka_unit_test(with_a_rate_the_times_are_fixed_by_the_first),
		cmocka_unit_test(a_stall_does_not_move_the_times_after_it),
		cmocka_unit_test(no_error_adds_up),
		cmocka_unit_test(poisson_arrivals_keep_the_rate),
		cmocka_unit_test(the_gaps_of_poisson_arrivals_are_exponential),
		cmocka_unit_test(a_gap_tells_nothing_of_the_next),
		cmocka_unit_test(the_same_seed_gives_the_same_arrivals_and_another_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
