#include "splitter/budget.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000000, START = 5 };

/* How many of n copies go, offered evenly over `us`. */
static int taken(struct budget *budget, int64_t copies, int64_t bytes, size_t size, int n,
	int64_t us, int64_t from_us)
{
	int went = 0;
	for (int i = 0; i < n; i++)
		went += budget_take(budget, copies, bytes, size, from_us + us * i / n);
	return went;
}

static void without_limits_everything_goes(void **state)
{
	(void)state;
	struct budget budget = {0};
	assert_int_equal(taken(&budget, 0, 0, 1 << 20, 10000, SECOND, START), 10000);
}

static void copies_per_second_are_kept_to_over_any_longer_time(void **state)
{
	(void)state;
	struct budget budget = {0};
	/* 10 seconds, 1,000 offered a second, 100 allowed, and one second's worth to begin with */
	int went = taken(&budget, 100, 0, 500, 10000, 10 * (int64_t)SECOND, START);
	assert_in_range(went, 1090, 1100);
}

static void bytes_per_second_are_kept_to(void **state)
{
	(void)state;
	struct budget budget = {0};
	int went = taken(&budget, 0, 100000, 1000, 10000, 10 * (int64_t)SECOND, START);
	assert_in_range(went, 1090, 1101);
}

static void a_copy_larger_than_a_second_s_worth_goes_and_is_paid_for(void **state)
{
	(void)state;
	struct budget budget = {0};
	assert_true(budget_take(&budget, 0, 1000, 5000, START));
	assert_false(budget_take(&budget, 0, 1000, 1, START + 4 * SECOND));
	assert_true(budget_take(&budget, 0, 1000, 1, START + 5 * SECOND));
}

static void a_pause_saves_no_more_than_a_second_s_worth(void **state)
{
	(void)state;
	struct budget budget = {0};
	assert_int_equal(taken(&budget, 100, 0, 1, 1000, 1, START), 100);
	assert_int_equal(taken(&budget, 100, 0, 1, 1000, 1, START + 3600 * (int64_t)SECOND), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_everything_goes),
		cmocka_unit_test(copies_per_second_are_kept_to_over_any_longer_time),
		cmocka_unit_test(bytes_per_second_are_kept_to),
		cmocka_unit_test(a_copy_larger_than_a_second_s_worth_goes_and_is_paid_for),
		cmocka_unit_test(a_pause_saves_no_more_than_a_second_s_worth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
