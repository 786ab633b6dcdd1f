/* The excess of a candidate's disagreement over production's own. */
#include "common/report_excess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static struct excess of(int64_t a, int64_t n, int64_t b, int64_t m)
{
	struct excess excess;
	assert_true(excess_of((struct disagreement){a, n}, (struct disagreement){b, m}, &excess));
	return excess;
}

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 0.00011);
}

/* Wilson's limits as R. G. Newcombe prints them (Statistics in Medicine 17, 1998, table I): 0.2553 to
 * 0.3662 of 81 in 263, 0.0624 to 0.1605 of 15 in 148, 0 to 0.1611 of 0 in 20, 0.0061 to 0.1718 of 1 in 29. */
static void the_interval_is_what_two_printed_ones_leave(void **state)
{
	(void)state;
	struct excess a = of(81, 263, 15, 148), b = of(0, 20, 1, 29);
	assert_near(a.value, 81.0 / 263 - 15.0 / 148);
	assert_near(a.low, 0.2553 - 0.1605);
	assert_near(a.high, 0.3662 - 0.0624);
	assert_near(b.low, 0 - 0.1718);
	assert_near(b.high, 0.1611 - 0.0061);
}

static void arms_that_change_places_change_the_sign(void **state)
{
	(void)state;
	struct excess one = of(7, 100, 3, 50), other = of(3, 50, 7, 100);
	assert_near(one.value, -other.value);
	assert_near(one.low, -other.high);
	assert_near(one.high, -other.low);
}

static void without_compared_answers_there_is_no_excess(void **state)
{
	struct excess excess;
	(void)state;
	assert_false(excess_of((struct disagreement){0, 0}, (struct disagreement){1, 2}, &excess));
	assert_false(excess_of((struct disagreement){1, 2}, (struct disagreement){0, 0}, &excess));
	assert_false(excess_of((struct disagreement){3, 2}, (struct disagreement){1, 2}, &excess));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_is_what_two_printed_ones_leave),
		cmocka_unit_test(arms_that_change_places_change_the_sign),
		cmocka_unit_test(without_compared_answers_there_is_no_excess),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
