#include "common/breaker.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

static struct breaker opened(void)
{
	struct breaker breaker = {.failures_to_open = 3, .cooldown_us = 5 * SECOND};
	assert_false(breaker_record(&breaker, true, 1));
	assert_false(breaker_record(&breaker, true, 2));
	assert_true(breaker_record(&breaker, true, 3));
	return breaker;
}

static void it_opens_after_so_many_failures_in_a_row(void **state)
{
	(void)state;
	struct breaker breaker = {.failures_to_open = 3, .cooldown_us = 5 * SECOND};
	for (int i = 0; i < 10; i++) {
		assert_false(breaker_record(&breaker, true, i));
		assert_false(breaker_record(&breaker, true, i));
		assert_false(breaker_record(&breaker, false, i));
		assert_true(breaker_admits(&breaker, i));
	}
	breaker = opened();
	assert_false(breaker_admits(&breaker, 4));
}

static void after_the_cooldown_one_call_tries(void **state)
{
	(void)state;
	struct breaker breaker = opened();
	assert_false(breaker_admits(&breaker, 3 + 5 * SECOND - 1));
	assert_true(breaker_admits(&breaker, 3 + 5 * SECOND));
	assert_false(breaker_admits(&breaker, 3 + 500 * SECOND));
}

static void success_of_the_trial_closes_it(void **state)
{
	(void)state;
	struct breaker breaker = opened();
	assert_true(breaker_admits(&breaker, 9 * SECOND));
	assert_true(breaker_record(&breaker, false, 9 * SECOND));
	for (int i = 0; i < 5; i++)
		assert_true(breaker_admits(&breaker, 9 * SECOND));
	assert_false(breaker_record(&breaker, true, 9 * SECOND));
}

static void failure_of_the_trial_opens_it_for_another_cooldown_without_news(void **state)
{
	(void)state;
	struct breaker breaker = opened();
	assert_true(breaker_admits(&breaker, 9 * SECOND));
	assert_false(breaker_record(&breaker, true, 10 * SECOND));
	assert_false(breaker_admits(&breaker, 15 * SECOND - 1));
	assert_true(breaker_admits(&breaker, 15 * SECOND));
}

static void a_trial_without_result_lets_the_next_try(void **state)
{
	(void)state;
	struct breaker breaker = opened();
	assert_true(breaker_admits(&breaker, 9 * SECOND));
	breaker_forget_probe(&breaker);
	assert_true(breaker_admits(&breaker, 9 * SECOND));
}

static void late_failures_of_earlier_calls_do_not_lengthen_the_cooldown(void **state)
{
	(void)state;
	struct breaker breaker = opened();
	assert_false(breaker_record(&breaker, true, 4 * SECOND));
	assert_true(breaker_admits(&breaker, 3 + 5 * SECOND));
}

static void without_a_limit_it_never_opens(void **state)
{
	(void)state;
	struct breaker breaker = {.cooldown_us = SECOND};
	for (int i = 0; i < 1000; i++)
		assert_false(breaker_record(&breaker, true, i));
	assert_true(breaker_admits(&breaker, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_after_so_many_failures_in_a_row),
		cmocka_unit_test(after_the_cooldown_one_call_tries),
		cmocka_unit_test(success_of_the_trial_closes_it),
		cmocka_unit_test(failure_of_the_trial_opens_it_for_another_cooldown_without_news),
		cmocka_unit_test(a_trial_without_result_lets_the_next_try),
		cmocka_unit_test(late_failures_of_earlier_calls_do_not_lengthen_the_cooldown),
		cmocka_unit_test(without_a_limit_it_never_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
