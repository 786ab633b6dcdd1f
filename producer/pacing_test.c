#include "producer/pacing.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void without_a_rate_every_moment_is_right(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, 0);
	assert_int_equal(pacing_next(&pacing, 500), 500);
	pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 501), 501);
}

static void with_a_rate_the_times_are_fixed_by_the_first(void **state)
{
	(void)state;
	struct pacing pacing;
	pacing_init(&pacing, 1000);
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
	pacing_init(&pacing, 100);
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
	pacing_init(&pacing, 3);
	pacing_next(&pacing, 7);
	for (int i = 0; i < 3000000; i++)
		pacing_sent(&pacing);
	assert_int_equal(pacing_next(&pacing, 8), 7 + 1000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_every_moment_is_right),
		cmocka_unit_test(with_a_rate_the_times_are_fixed_by_the_first),
		cmocka_unit_test(a_stall_does_not_move_the_times_after_it),
		cmocka_unit_test(no_error_adds_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
