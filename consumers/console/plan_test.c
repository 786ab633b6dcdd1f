/* Which rows answer: exactly the stretch where they are kept, a little more where they are not. */
#include "consumers/console/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WINDOW INT64_C(10000000)
#define MINUTE (6 * WINDOW)
#define DAY (24 * HOUR_US)
#define BEGIN (20000 * DAY)

static const struct plan_store everything = {{0}, NULL, 0};

/* Whole pieces, one behind the other; returns where they begin and end. */
static size_t check_pieces(const struct plan_store *store, int64_t from_us, int64_t to_us,
	struct plan_piece pieces[PLAN_PIECES])
{
	size_t n = plan_exact(store, from_us, to_us, pieces);
	assert_true(n <= PLAN_PIECES);
	for (size_t i = 0; i < n; i++) {
		int64_t width = level_width_us(pieces[i].level);
		assert_true(pieces[i].from_us < pieces[i].to_us);
		assert_int_equal(0, pieces[i].from_us % width);
		assert_int_equal(0, pieces[i].to_us % width);
		if (i)
			assert_int_equal(pieces[i - 1].to_us, pieces[i].from_us);
	}
	return n;
}

static void a_stretch_is_its_widest_pieces_with_narrow_ones_at_both_ends(void **opaque)
{
	struct plan_piece pieces[PLAN_PIECES];
	int64_t from_us = BEGIN + HOUR_US - MINUTE - WINDOW;
	int64_t to_us = BEGIN + 5 * HOUR_US + MINUTE + WINDOW;
	static const enum level levels[] = {LEVEL_10S, LEVEL_1M, LEVEL_1H, LEVEL_1M, LEVEL_10S};
	(void)opaque;
	assert_int_equal(5, check_pieces(&everything, from_us, to_us, pieces));
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(levels[i], pieces[i].level);
	assert_int_equal(from_us, pieces[0].from_us);
	assert_int_equal(to_us, pieces[4].to_us);
	assert_int_equal(4 * HOUR_US, pieces[2].to_us - pieces[2].from_us);
}

static void any_stretch_is_covered_exactly(void **opaque)
{
	struct plan_piece pieces[PLAN_PIECES];
	(void)opaque;
	for (int64_t from = 0; from < 400; from += 7)
		for (int64_t to = from + 1; to < 1200; to += 13) {
			size_t n = check_pieces(
				&everything, BEGIN + from * WINDOW, BEGIN + to * WINDOW, pieces);
			assert_int_equal(BEGIN + from * WINDOW, pieces[0].from_us);
			assert_int_equal(BEGIN + to * WINDOW, pieces[n - 1].to_us);
		}
}

static void nothing_is_covered_by_nothing(void **opaque)
{
	struct plan_piece pieces[PLAN_PIECES];
	(void)opaque;
	assert_int_equal(0, plan_exact(&everything, BEGIN, BEGIN, pieces));
	assert_int_equal(0, plan_exact(&everything, BEGIN + WINDOW, BEGIN, pieces));
	assert_int_equal(0, plan_exact(&everything, BEGIN + 1, BEGIN + 2, pieces));
}

static void where_narrow_rows_are_gone_the_stretch_is_widened(void **opaque)
{
	struct plan_store store = {{BEGIN + DAY, BEGIN + DAY, 0}, NULL, 0};
	struct plan_piece pieces[PLAN_PIECES];
	int64_t from_us = BEGIN + HOUR_US + MINUTE, to_us = BEGIN + DAY + MINUTE;
	(void)opaque;
	size_t n = check_pieces(&store, from_us, to_us, pieces);
	assert_int_equal(LEVEL_1H, pieces[0].level);
	assert_int_equal(BEGIN + HOUR_US, pieces[0].from_us);
	assert_int_equal(to_us, pieces[n - 1].to_us);
	to_us = from_us + WINDOW;
	assert_int_equal(1, check_pieces(&store, from_us, to_us, pieces));
	assert_int_equal(BEGIN + 2 * HOUR_US, pieces[0].to_us);
}

static void an_hour_that_is_kept_is_answered_exactly(void **opaque)
{
	const int64_t kept[] = {BEGIN + HOUR_US};
	struct plan_store store = {{BEGIN + DAY, BEGIN + DAY, 0}, kept, 1};
	struct plan_piece pieces[PLAN_PIECES];
	int64_t from_us = kept[0] + WINDOW, to_us = kept[0] + 3 * WINDOW;
	(void)opaque;
	assert_true(plan_has(&store, LEVEL_10S, from_us));
	assert_false(plan_has(&store, LEVEL_10S, BEGIN));
	assert_true(plan_has(&store, LEVEL_1H, BEGIN));
	assert_int_equal(1, check_pieces(&store, from_us, to_us, pieces));
	assert_int_equal(from_us, pieces[0].from_us);
	assert_int_equal(to_us, pieces[0].to_us);
}

static void a_series_reads_the_widest_level_that_divides_its_step(void **opaque)
{
	struct plan_store store = {{BEGIN + DAY, 0, 0}, NULL, 0};
	(void)opaque;
	assert_int_equal(LEVEL_1H, plan_level(&everything, 3 * HOUR_US, BEGIN, BEGIN + DAY));
	assert_int_equal(LEVEL_1M, plan_level(&everything, 5 * MINUTE, BEGIN, BEGIN + DAY));
	assert_int_equal(LEVEL_10S, plan_level(&everything, 3 * WINDOW, BEGIN, BEGIN + DAY));
	assert_int_equal(LEVEL_1M, plan_level(&everything, HOUR_US + MINUTE, BEGIN, BEGIN + DAY));
	assert_int_equal(LEVEL_1M, plan_level(&store, 3 * WINDOW, BEGIN, BEGIN + 2 * DAY));
	assert_int_equal(LEVEL_10S, plan_level(&store, 3 * WINDOW, BEGIN + DAY, BEGIN + 2 * DAY));
}

static void a_series_reads_a_level_that_has_its_whole_stretch(void **opaque)
{
	const int64_t kept[] = {BEGIN, BEGIN + HOUR_US, BEGIN + DAY};
	struct plan_store store = {{BEGIN + 8 * DAY, BEGIN + 2 * DAY, 0}, kept, 3};
	int64_t from_us = BEGIN + MINUTE;
	(void)opaque;
	assert_int_equal(LEVEL_10S, plan_level(&store, WINDOW, from_us, BEGIN + 2 * HOUR_US));
	assert_int_equal(LEVEL_1H, plan_level(&store, WINDOW, from_us, BEGIN + 2 * HOUR_US + 1));
	assert_int_equal(LEVEL_1H, plan_level(&store, MINUTE, from_us, BEGIN + DAY + MINUTE));
	assert_int_equal(LEVEL_1H, plan_level(&store, MINUTE, BEGIN + DAY, BEGIN + 3 * DAY));
	assert_int_equal(LEVEL_1M, plan_level(&store, WINDOW, BEGIN + 2 * DAY, BEGIN + 9 * DAY));
	assert_int_equal(LEVEL_10S, plan_level(&store, WINDOW, BEGIN + DAY, BEGIN + DAY + MINUTE));
}

static void a_step_makes_no_more_points_than_are_asked_for(void **opaque)
{
	(void)opaque;
	assert_int_equal(WINDOW, plan_step(WINDOW, 300));
	assert_int_equal(WINDOW, plan_step(300 * WINDOW, 300));
	assert_int_equal(3 * WINDOW, plan_step(300 * WINDOW + 1, 300));
	assert_int_equal(DAY, plan_step(300 * DAY, 300));
	assert_int_equal(2 * DAY, plan_step(301 * DAY, 300));
	for (int64_t stretch_us = WINDOW; stretch_us < 4000 * DAY; stretch_us = stretch_us * 3 / 2)
		assert_true(stretch_us <= 300 * plan_step(stretch_us, 300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stretch_is_its_widest_pieces_with_narrow_ones_at_both_ends),
		cmocka_unit_test(any_stretch_is_covered_exactly),
		cmocka_unit_test(nothing_is_covered_by_nothing),
		cmocka_unit_test(where_narrow_rows_are_gone_the_stretch_is_widened),
		cmocka_unit_test(an_hour_that_is_kept_is_answered_exactly),
		cmocka_unit_test(a_series_reads_the_widest_level_that_divides_its_step),
		cmocka_unit_test(a_series_reads_a_level_that_has_its_whole_stretch),
		cmocka_unit_test(a_step_makes_no_more_points_than_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
