#include "splitter/turns.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void one_of_a_key_is_out_and_the_others_follow_in_order(void **state)
{
	(void)state;
	struct turns turns = {0};
	struct turn a[3] = {0};
	assert_true(turns_enter(&turns, &a[0], 7));
	assert_false(turns_enter(&turns, &a[1], 7));
	assert_false(turns_enter(&turns, &a[2], 7));
	assert_ptr_equal(turns_leave(&turns, &a[0]), &a[1]);
	assert_false(turns_enter(&turns, &a[0], 7));
	assert_ptr_equal(turns_leave(&turns, &a[1]), &a[2]);
	assert_ptr_equal(turns_leave(&turns, &a[2]), &a[0]);
	assert_null(turns_leave(&turns, &a[0]));
	assert_true(turns_enter(&turns, &a[1], 7));
}

static void other_keys_go_on_in_the_same_bucket_too(void **state)
{
	(void)state;
	struct turns turns = {0};
	struct turn a = {0}, b = {0}, c = {0};
	assert_true(turns_enter(&turns, &a, 7));
	assert_true(turns_enter(&turns, &b, 7 + TURNS_BUCKETS));
	assert_true(turns_enter(&turns, &c, 7 + 2 * TURNS_BUCKETS));
	assert_null(turns_leave(&turns, &b));
	assert_true(turns_enter(&turns, &b, 7 + TURNS_BUCKETS));
	assert_null(turns_leave(&turns, &a));
	assert_null(turns_leave(&turns, &c));
	assert_null(turns_leave(&turns, &b));
}

static void one_that_waits_may_go_away(void **state)
{
	(void)state;
	struct turns turns = {0};
	struct turn a[4] = {0};
	for (int i = 0; i < 4; i++)
		assert_int_equal(turns_enter(&turns, &a[i], 1), i == 0);
	assert_null(turns_leave(&turns, &a[3])); /* the last */
	assert_null(turns_leave(&turns, &a[1])); /* the middle */
	assert_ptr_equal(turns_leave(&turns, &a[0]), &a[2]);
	assert_false(turns_enter(&turns, &a[1], 1));
	assert_ptr_equal(turns_leave(&turns, &a[2]), &a[1]);
	assert_null(turns_leave(&turns, &a[1]));
}

/* Against a model: an order number per key. */
static void at_most_one_of_a_key_is_ever_out_whatever_the_order_of_ends(void **state)
{
	(void)state;
	enum { N = 200, KEYS = 5, STEPS = 20000 };
	static struct turns turns;
	static struct turn all[N];
	int out[KEYS] = {0};
	memset(&turns, 0, sizeof turns);
	memset(all, 0, sizeof all);
	srand(1); // NOLINT(cert-msc51-cpp): the same every time
	for (int i = 0; i < STEPS; i++) {
		struct turn *turn = &all[rand() % N]; // NOLINT(cert-msc50-cpp)
		uint64_t key = (uint64_t)(turn - all) % KEYS;
		if (turn->state == TURN_NONE) {
			out[key] += turns_enter(&turns, turn, key);
		} else {
			out[key] -= turn->state == TURN_OUT;
			struct turn *next = turns_leave(&turns, turn);
			out[key] += next != NULL;
			assert_true(!next || next->key == key);
		}
		assert_in_range(out[key], 0, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_a_key_is_out_and_the_others_follow_in_order),
		cmocka_unit_test(other_keys_go_on_in_the_same_bucket_too),
		cmocka_unit_test(one_that_waits_may_go_away),
		cmocka_unit_test(at_most_one_of_a_key_is_ever_out_whatever_the_order_of_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
