/* What umbra.aggregates says is counted once, and found again at each level. */
#include "consumers/console/store_test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_final_window_stands_in_a_row_of_each_level(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){.start_us = BEGIN + MINUTE, .model_us = 100});
	give(store, &(struct given){.start_us = BEGIN + MINUTE + WINDOW, .model_us = 20});
	give(store, &(struct given){.start_us = BEGIN + 2 * MINUTE, .model_us = 3});
	commit(store);
	static const int64_t rows[LEVEL_COUNT] = {3, 2, 1};
	for (int level = 0; level < LEVEL_COUNT; level++) {
		struct told told = ask_store(store, PRODUCTION, level, BEGIN, BEGIN + HOUR_US);
		assert_int_equal(told.rows, rows[level]);
		assert_int_equal(told.invocations, 3);
		assert_int_equal(told.model_us, 123);
		assert_false(told.is_provisional);
	}
	store_close(store);
}

static void a_final_window_counts_once_however_often_it_comes(void **opaque)
{
	struct store *store = open_new_store();
	struct given given = {.start_us = BEGIN, .model_us = 7};
	(void)opaque;
	give(store, &given);
	give(store, &given);
	commit(store);
	give(store, &given);
	commit(store);
	store_close(store);
	store = open_store();
	give(store, &given);
	commit(store);
	assert_int_equal(7, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + WINDOW).model_us);
	given.partition = 1;
	give(store, &given);
	commit(store);
	assert_int_equal(14, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + WINDOW).model_us);
	store_close(store);
}

static void of_provisional_windows_the_last_counts_until_the_final_one(void **opaque)
{
	struct store *store = open_new_store();
	struct given given = {.start_us = BEGIN, .is_provisional = true, .model_us = 1};
	(void)opaque;
	give(store, &given);
	given.model_us = 2;
	give(store, &given);
	commit(store);
	struct told told = ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + WINDOW);
	assert_true(told.is_provisional && told.model_us == 2);
	struct given final = {.start_us = BEGIN, .model_us = 5};
	give(store, &final);
	give(store, &given);
	commit(store);
	told = ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + WINDOW);
	assert_true(!told.is_provisional && told.model_us == 5);
	store_close(store);
}

static void a_tombstone_takes_a_provisional_window_back_and_no_final_one(void **opaque)
{
	struct store *store = open_new_store();
	struct given open = {.start_us = BEGIN, .is_provisional = true, .model_us = 1};
	struct given final = {.start_us = BEGIN + WINDOW, .model_us = 5};
	(void)opaque;
	give(store, &open);
	give(store, &final);
	take_back(store, &open);
	take_back(store, &final);
	commit(store);
	assert_int_equal(5, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + MINUTE).model_us);
	store_close(store);
}

static void arms_are_kept_apart(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){PRODUCTION, BEGIN, 0, false, 4});
	give(store, &(struct given){CANDIDATE, BEGIN, 0, false, 9});
	commit(store);
	assert_int_equal(2, store_arms(store));
	assert_int_equal(4, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + WINDOW).model_us);
	assert_int_equal(9, ask_store(store, CANDIDATE, -1, BEGIN, BEGIN + WINDOW).model_us);
	store_close(store);
}

static void the_clock_of_a_partition_is_the_end_of_its_last_final_window(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){.start_us = BEGIN + MINUTE, .partition = 2});
	give(store, &(struct given){.start_us = BEGIN, .partition = 2});
	give(store,
		&(struct given){
			.start_us = BEGIN + HOUR_US, .partition = 2, .is_provisional = true});
	commit(store);
	store_close(store);
	store = open_store();
	assert_int_equal(3, store_clocks(store));
	assert_int_equal(0, store_clock(store, 0));
	assert_int_equal(BEGIN + MINUTE + WINDOW, store_clock(store, 2));
	assert_int_equal(BEGIN + HOUR_US, store_arm(store, 0)->newest_us);
	store_close(store);
}

/* Changes are told once a second, and a batch may be open then. */
static void an_arm_lasts_though_its_news_was_told_while_the_batch_was_open(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){.arm = CANDIDATE, .start_us = BEGIN, .model_us = 3});
	store_clear_news(store);
	assert_false(store_arm(store, 0)->has_news);
	commit(store);
	give(store, &(struct given){.arm = CANDIDATE, .start_us = BEGIN + MINUTE, .model_us = 4});
	store_clear_news(store);
	commit(store);
	store_close(store);
	store = open_store();
	assert_int_equal(1, store_arms(store));
	assert_int_equal(BEGIN + MINUTE, store_arm(store, 0)->newest_us);
	give(store, &(struct given){.arm = PRODUCTION, .start_us = BEGIN, .model_us = 10});
	commit(store);
	assert_int_equal(7, ask_store(store, CANDIDATE, -1, BEGIN, BEGIN + HOUR_US).model_us);
	assert_int_equal(10, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + HOUR_US).model_us);
	store_close(store);
}

/* Any order, repetition, pause and restart. */

enum { WINDOWS = 3 * 360, PARTITIONS = 3, HANDED_OVER = 6000 };

struct expected {
	int64_t model_us; /* 0: not handed over */
	bool is_final;
};
static struct expected expected[ARMS][PARTITIONS][WINDOWS];

static void give_any(struct store *store)
{
	struct given given = {(int)draw(ARMS), 0, (int32_t)draw(PARTITIONS), draw(3) == 0, 0};
	uint64_t window = draw(WINDOWS);
	struct expected *one = &expected[given.arm][given.partition][window];
	given.start_us = BEGIN + (int64_t)window * WINDOW;
	/* A final window is always the same; provisional ones change. */
	given.model_us = given.is_provisional ? (int64_t)draw(1000) + 1 : (int64_t)window + 1;
	give(store, &given);
	if (!one->is_final)
		*one = (struct expected){given.model_us, !given.is_provisional};
}

static int64_t expect(int arm, uint64_t from, uint64_t to)
{
	int64_t sum = 0;
	for (int partition = 0; partition < PARTITIONS; partition++)
		for (uint64_t i = from; i < to; i++)
			sum += expected[arm][partition][i].model_us;
	return sum;
}

static void check_any_stretch(struct store *store)
{
	static const uint64_t widths[LEVEL_COUNT] = {1, 6, 360};
	int arm = (int)draw(ARMS), level = (int)draw(LEVEL_COUNT + 1) - 1;
	uint64_t width = level < 0 ? 1 : widths[level];
	uint64_t from = draw(WINDOWS / width) * width;
	uint64_t to = from + (draw((WINDOWS - from) / width) + 1) * width;
	struct told told = ask_store(
		store, arm, level, BEGIN + (int64_t)from * WINDOW, BEGIN + (int64_t)to * WINDOW);
	assert_int_equal(told.model_us, expect(arm, from, to));
}

static void any_order_repetition_and_restart_give_the_same_sums(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	for (int i = 1; i <= HANDED_OVER; i++) {
		give_any(store);
		if (draw(200) == 0)
			commit(store);
		if (i % 1500)
			continue;
		commit(store);
		store_close(store);
		store = open_store();
		for (int k = 0; k < 50; k++)
			check_any_stretch(store);
	}
	store_close(store);
}

/* Retention. */

static void old_windows_stay_in_wider_rows_and_hours_for_ever(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	for (int64_t day = 0; day < 10; day++) {
		give(store, &(struct given){.start_us = BEGIN + day * DAY + WINDOW, .model_us = 1});
		commit(store);
		store_prune(store);
	}
	static const int64_t rows[LEVEL_COUNT] = {2, 8, 10};
	for (int level = 0; level < LEVEL_COUNT; level++)
		assert_int_equal(rows[level],
			ask_store(store, PRODUCTION, level, BEGIN, BEGIN + 10 * DAY).rows);
	assert_int_equal(10, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + 10 * DAY).model_us);
	assert_false(plan_has(store_plan(store), LEVEL_10S, BEGIN + 7 * DAY));
	assert_true(plan_has(store_plan(store), LEVEL_1M, BEGIN + 7 * DAY));
	store_close(store);
}

static void what_is_gone_is_known_as_soon_as_the_file_is_open(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){.start_us = BEGIN, .model_us = 6});
	give(store, &(struct given){.start_us = BEGIN + 20 * DAY, .model_us = 1});
	commit(store);
	store_prune(store);
	store_close(store);
	store = open_store();
	assert_int_equal(6, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + MINUTE).model_us);
	store_close(store);
}

static void the_hours_in_which_tests_begin_and_end_keep_their_windows(void **opaque)
{
	const int64_t kept[] = {BEGIN + 2 * HOUR_US};
	struct store *store = open_new_store();
	(void)opaque;
	store_keep_hours(store, kept, 1);
	for (int64_t hour = 0; hour < 5; hour++)
		for (int64_t i = 0; i < 3; i++)
			give(store,
				&(struct given){.start_us = BEGIN + hour * HOUR_US + i * WINDOW,
					.model_us = 1});
	give(store, &(struct given){.start_us = BEGIN + 20 * DAY, .model_us = 1});
	commit(store);
	store_prune(store);
	assert_int_equal(
		3, ask_store(store, PRODUCTION, LEVEL_10S, BEGIN, BEGIN + 5 * HOUR_US).rows);
	struct told told = ask_store(store, PRODUCTION, -1, kept[0] + WINDOW, kept[0] + 2 * WINDOW);
	assert_true(told.rows == 1 && told.model_us == 1);
	store_close(store);
}

static void the_levels_that_a_series_reads_tell_of_the_whole_of_an_old_test(void **opaque)
{
	const int64_t kept[] = {BEGIN, BEGIN + DAY};
	struct store *store = open_new_store();
	(void)opaque;
	store_keep_hours(store, kept, 2);
	for (int64_t hour = 0; hour <= 24; hour++)
		give(store, &(struct given){.start_us = BEGIN + hour * HOUR_US, .model_us = 1});
	for (int64_t day = 1; day < 10; day += 4) {
		give(store,
			&(struct given){
				.start_us = BEGIN + day * DAY + 2 * HOUR_US, .model_us = 1});
		commit(store);
		store_prune(store);
		enum level level =
			plan_level(store_plan(store), WINDOW, BEGIN, BEGIN + DAY + WINDOW);
		assert_int_equal(25,
			ask_store(store, PRODUCTION, (int)level, BEGIN, BEGIN + DAY + WINDOW)
				.invocations);
	}
	store_close(store);
}

static void a_window_that_comes_late_is_added_to_the_rows_that_are_kept(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	give(store, &(struct given){.start_us = BEGIN + 20 * DAY, .model_us = 1});
	commit(store);
	store_prune(store);
	give(store, &(struct given){.start_us = BEGIN, .model_us = 6});
	commit(store);
	assert_int_equal(6, ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + HOUR_US).model_us);
	assert_int_equal(0, ask_store(store, PRODUCTION, LEVEL_1M, BEGIN, BEGIN + HOUR_US).rows);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_final_window_stands_in_a_row_of_each_level),
		cmocka_unit_test(a_final_window_counts_once_however_often_it_comes),
		cmocka_unit_test(of_provisional_windows_the_last_counts_until_the_final_one),
		cmocka_unit_test(a_tombstone_takes_a_provisional_window_back_and_no_final_one),
		cmocka_unit_test(arms_are_kept_apart),
		cmocka_unit_test(the_clock_of_a_partition_is_the_end_of_its_last_final_window),
		cmocka_unit_test(an_arm_lasts_though_its_news_was_told_while_the_batch_was_open),
		cmocka_unit_test(any_order_repetition_and_restart_give_the_same_sums),
		cmocka_unit_test(old_windows_stay_in_wider_rows_and_hours_for_ever),
		cmocka_unit_test(what_is_gone_is_known_as_soon_as_the_file_is_open),
		cmocka_unit_test(the_hours_in_which_tests_begin_and_end_keep_their_windows),
		cmocka_unit_test(the_levels_that_a_series_reads_tell_of_the_whole_of_an_old_test),
		cmocka_unit_test(a_window_that_comes_late_is_added_to_the_rows_that_are_kept),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_store_folder);
}
