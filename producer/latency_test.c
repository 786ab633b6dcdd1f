#include "producer/latency.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void short_durations_are_exact(void **state)
{
	(void)state;
	struct latency latency;
	latency_init(&latency);
	for (int i = 1; i <= 2000; i++)
		latency_add(&latency, i);
	assert_int_equal(latency_percentile(&latency, 50), 1000);
	assert_int_equal(latency_percentile(&latency, 99.9), 1998);
	assert_int_equal(latency_percentile(&latency, 100), 2000);
	assert_int_equal(latency_percentile(&latency, 0), 1);
	assert_int_equal(latency_mean(&latency), 1001);
	assert_int_equal(latency.min_us, 1);
	assert_int_equal(latency.max_us, 2000);
	latency_fini(&latency);
}

static void of_nothing_all_is_zero(void **state)
{
	(void)state;
	struct latency latency;
	latency_init(&latency);
	assert_int_equal(latency_percentile(&latency, 99), 0);
	assert_int_equal(latency_mean(&latency), 0);
	latency_fini(&latency);
}

static void any_duration_has_a_bucket(void **state)
{
	(void)state;
	struct latency latency;
	latency_init(&latency);
	latency_add(&latency, -5);
	latency_add(&latency, INT64_MAX);
	assert_int_equal(latency.min_us, 0);
	assert_int_equal(latency_percentile(&latency, 50), 0);
	assert_int_equal(latency_percentile(&latency, 100), INT64_MAX);
	latency_fini(&latency);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void percentiles_are_never_below_and_at_most_a_thousandth_above(void **state)
{
	(void)state;
	enum { N = 10000 };
	static int64_t all[N];
	static const double percents[] = {1, 50, 90, 99, 99.9, 99.99};
	srand(3);
	for (int round = 0; round < 20; round++) {
		struct latency latency;
		latency_init(&latency);
		for (int i = 0; i < N; i++) {
			all[i] = ((int64_t)rand() << (rand() % 20)) >> (rand() % 30);
			latency_add(&latency, all[i]);
		}
		qsort(all, N, sizeof *all, by_size);
		for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
			int64_t exact = all[(int)(percents[i] * N / 100 + 0.9999) - 1];
			int64_t ours = latency_percentile(&latency, percents[i]);
			assert_true(ours >= exact);
			assert_true((double)ours <= (double)exact * 1.001);
		}
		latency_fini(&latency);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_durations_are_exact),
		cmocka_unit_test(of_nothing_all_is_zero),
		cmocka_unit_test(any_duration_has_a_bucket),
		cmocka_unit_test(percentiles_are_never_below_and_at_most_a_thousandth_above),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
