#include "producer/range.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct bound parse(const char *text)
{
	struct bound bound;
	char errstr[200];
	assert_int_equal(bound_parse(text, &bound, errstr, sizeof errstr), 0);
	return bound;
}

static void a_bound_is_an_end_an_offset_or_a_time(void **state)
{
	(void)state;
	assert_int_equal(parse("earliest").kind, BOUND_EARLIEST);
	assert_int_equal(parse("now").kind, BOUND_NOW);
	assert_int_equal(parse("0").kind, BOUND_OFFSET);
	assert_int_equal(parse("4711").value, 4711);
	assert_int_equal(parse("1970-01-01T00:00:02Z").kind, BOUND_TIME);
	assert_int_equal(parse("1970-01-01T00:00:02Z").value, 2000000);
}

static void anything_else_is_refused_with_what_it_may_be(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "-1", "latest", "1.5", "2026-01-31", "12 "};
	struct bound bound;
	char errstr[200];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(bound_parse(wrong[i], &bound, errstr, sizeof errstr), -1);
		assert_non_null(strstr(errstr, "neither an offset"));
	}
}

static bool are_empty(const char *from, const char *to)
{
	struct bound first = parse(from), last = parse(to);
	return bounds_are_empty(&first, &last);
}

static void bounds_that_hold_nothing_anywhere_are_known(void **state)
{
	(void)state;
	assert_true(are_empty("5", "5"));
	assert_true(are_empty("5", "4"));
	assert_true(are_empty("now", "now"));
	assert_true(are_empty("0", "earliest"));
	assert_true(are_empty("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"));
	assert_false(are_empty("5", "6"));
	assert_false(are_empty("earliest", "now"));
	assert_false(are_empty("earliest", "0"));
	assert_false(are_empty("5", "2026-01-31T12:00:00Z"));
}

static void a_bound_becomes_an_offset_of_the_partition(void **state)
{
	(void)state;
	struct bound bound = parse("earliest");
	assert_int_equal(bound_offset(&bound, 10, 20, -1), 10);
	bound = parse("now");
	assert_int_equal(bound_offset(&bound, 10, 20, -1), 20);
	bound = parse("7");
	assert_int_equal(bound_offset(&bound, 10, 20, -1), 7);
	bound = parse("2026-01-31T12:00:00Z");
	assert_int_equal(bound_offset(&bound, 10, 20, 15), 15);
	assert_int_equal(bound_offset(&bound, 10, 20, -1), 20);
}

static void assert_range(int64_t from, int64_t to, int64_t begin, int64_t end, int64_t gone)
{
	struct range range;
	assert_int_equal(range_set(&range, from, to, 10, 20), gone);
	assert_int_equal(range.begin, begin);
	assert_int_equal(range.end, end);
	assert_int_equal(range.next, begin);
}

static void a_range_is_what_of_it_is_there_and_what_is_gone_is_counted(void **state)
{
	(void)state;
	assert_range(10, 20, 10, 20, 0);
	assert_range(12, 15, 12, 15, 0);
	assert_range(0, 100, 10, 20, 10);
	assert_range(0, 5, 5, 5, 5);
	assert_range(30, 40, 20, 20, 0);
	assert_range(15, 12, 12, 12, 0);
	assert_range(8, 12, 10, 12, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_is_an_end_an_offset_or_a_time),
		cmocka_unit_test(anything_else_is_refused_with_what_it_may_be),
		cmocka_unit_test(bounds_that_hold_nothing_anywhere_are_known),
		cmocka_unit_test(a_bound_becomes_an_offset_of_the_partition),
		cmocka_unit_test(a_range_is_what_of_it_is_there_and_what_is_gone_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
