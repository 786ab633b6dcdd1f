#include "splitter/stuck.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_place_is_left_alone_until_its_time_is_over_and_no_other_is(void **state)
{
	(void)state;
	struct stuck stuck = {.n = 0};
	assert_false(stuck_any(&stuck));
	stuck_note(&stuck, "a", 0, 100);
	stuck_note(&stuck, "b", 1, 200);
	assert_true(stuck_has(&stuck, "a", 0, 99));
	assert_true(stuck_has(&stuck, "b", 1, 99));
	assert_false(stuck_has(&stuck, "a", 1, 99));
	assert_false(stuck_has(&stuck, "b", 0, 99));
	assert_false(stuck_has(&stuck, "a", 0, 100));
	assert_true(stuck_has(&stuck, "b", 1, 100));
	stuck_fini(&stuck);
}

static void a_place_noted_again_waits_from_then_and_what_is_over_is_forgotten(void **state)
{
	(void)state;
	struct stuck stuck = {.n = 0};
	for (int i = 0; i < 1000; i++)
		stuck_note(&stuck, "a", i % 4, 100 + i);
	assert_int_equal(stuck.n, 4);
	for (int i = 0; i < 4; i++) {
		assert_true(stuck_has(&stuck, "a", i, 100 + 995 + i));
		assert_false(stuck_has(&stuck, "a", i, 100 + 996 + i));
	}
	assert_false(stuck_any(&stuck));
	stuck_fini(&stuck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_left_alone_until_its_time_is_over_and_no_other_is),
		cmocka_unit_test(a_place_noted_again_waits_from_then_and_what_is_over_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
