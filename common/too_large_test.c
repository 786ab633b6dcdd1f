#include "common/too_large.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_no_smaller_than_what_was_refused_is_known(void **state)
{
	(void)state;
	struct too_large *list = NULL;
	assert_false(too_large_is_known(list, "a", 1000, 0));
	too_large_note(&list, "a", 500, 0);
	too_large_note(&list, "b", 50, 0);
	assert_true(too_large_is_known(list, "a", 500, 1));
	assert_true(too_large_is_known(list, "a", 501, 1));
	assert_false(too_large_is_known(list, "a", 499, 1));
	assert_true(too_large_is_known(list, "b", 50, 1));
	assert_false(too_large_is_known(list, "c", 500, 1));
	too_large_free(list);
}

static void the_least_that_was_refused_counts(void **state)
{
	(void)state;
	struct too_large *list = NULL;
	too_large_note(&list, "a", 500, 0);
	too_large_note(&list, "a", 300, 1);
	too_large_note(&list, "a", 400, 2);
	assert_true(too_large_is_known(list, "a", 300, 3));
	assert_false(too_large_is_known(list, "a", 299, 3));
	too_large_free(list);
}

static void after_a_while_it_is_tried_again_and_a_raised_limit_is_found(void **state)
{
	(void)state;
	struct too_large *list = NULL;
	too_large_note(&list, "a", 300, 0);
	assert_true(too_large_is_known(list, "a", 300, TOO_LARGE_KNOWN_US - 1));
	assert_false(too_large_is_known(list, "a", 300, TOO_LARGE_KNOWN_US));
	too_large_note(&list, "a", 900, TOO_LARGE_KNOWN_US);
	assert_false(too_large_is_known(list, "a", 899, TOO_LARGE_KNOWN_US + 1));
	assert_true(too_large_is_known(list, "a", 900, TOO_LARGE_KNOWN_US + 1));
	too_large_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_smaller_than_what_was_refused_is_known),
		cmocka_unit_test(the_least_that_was_refused_counts),
		cmocka_unit_test(after_a_while_it_is_tried_again_and_a_raised_limit_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
