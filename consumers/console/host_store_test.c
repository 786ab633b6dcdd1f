/* What hosts told is kept, rolled up, and found again. */
#include "consumers/console/file_test_fixture.h"
#include "consumers/console/host_store.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define BEGIN (20000 * DAY)

static struct host_store *open_store(void)
{
	char errstr[300] = "";
	struct host_store *store = host_store_open(test_file(), errstr, sizeof errstr);

	if (!store)
		fail_msg("%s", errstr);
	return store;
}

static struct host_store *open_new_store(void)
{
	remove_test_file();
	return open_store();
}

static void put(struct host_store *store, int64_t at_us, double cpu)
{
	struct host_reading reading = {.value = {cpu}, .is_known = {true}};

	assert_int_equal(0, host_store_put(store, "e", "v", at_us, &reading));
}

/* The first value of a series of `n` steps that begins there. */
static double ask(struct host_store *store, enum host_statistic statistic, int64_t from_us,
	int64_t step_us, double quantile)
{
	struct host_query query = {"e", "v", HOST_CPU, statistic, quantile, from_us, step_us};
	double value;

	host_store_series(store, &query, &value, 1);
	return value;
}

static void a_step_without_readings_is_a_gap(void **opaque)
{
	struct host_store *store = open_new_store();
	struct host_query query = {"e", "v", HOST_CPU, HOST_AVERAGE, 0, BEGIN, 10 * SECOND};
	double values[4];

	(void)opaque;
	put(store, BEGIN + 1, 5);
	put(store, BEGIN + 29 * SECOND, 7);
	host_store_series(store, &query, values, 4);
	assert_true(values[0] == 5 && isnan(values[1]) && values[2] == 7 && isnan(values[3]));
	query.metric = HOST_DISK;
	host_store_series(store, &query, values, 4);
	assert_true(isnan(values[0]));
	query.metric = HOST_CPU;
	query.variant = "w";
	host_store_series(store, &query, values, 4);
	assert_true(isnan(values[0]));
	host_store_close(store);
}

static void each_statistic_of_a_step_is_that_of_its_readings(void **opaque)
{
	struct host_store *store = open_new_store();

	(void)opaque;
	for (int i = 0; i < 6; i++)
		put(store, BEGIN + i * 10 * SECOND, 10 * (i + 1));
	assert_true(ask(store, HOST_AVERAGE, BEGIN, 60 * SECOND, 0) == 35);
	assert_true(ask(store, HOST_MIN, BEGIN, 60 * SECOND, 0) == 10);
	assert_true(ask(store, HOST_MAX, BEGIN, 60 * SECOND, 0) == 60);
	assert_true(ask(store, HOST_SUM, BEGIN, 60 * SECOND, 0) == 210);
	assert_true(ask(store, HOST_COUNT, BEGIN, 60 * SECOND, 0) == 6);
	assert_true(ask(store, HOST_QUANTILE, BEGIN, 60 * SECOND, 0.5) == 30);
	assert_true(ask(store, HOST_QUANTILE, BEGIN, 60 * SECOND, 0.99) == 60);
	assert_true(ask(store, HOST_QUANTILE, BEGIN, 60 * SECOND, 0) == 10);
	assert_true(ask(store, HOST_AVERAGE, BEGIN + 30 * SECOND, 20 * SECOND, 0) == 45);
	host_store_close(store);
}

static void old_readings_are_there_in_wider_rows(void **opaque)
{
	struct host_store *store = open_new_store();

	(void)opaque;
	put(store, BEGIN, 1);
	put(store, BEGIN + 30 * SECOND, 3);
	put(store, BEGIN + 90 * SECOND, 8);
	put(store, BEGIN + 3 * DAY, 1);
	assert_true(ask(store, HOST_AVERAGE, BEGIN, 60 * SECOND, 0) == 2);
	assert_true(ask(store, HOST_MAX, BEGIN, 60 * SECOND, 0) == 3);
	put(store, BEGIN + 20 * DAY, 1);
	assert_true(ask(store, HOST_AVERAGE, BEGIN, HOUR, 0) == 4);
	put(store, BEGIN + 91 * DAY, 1);
	assert_true(isnan(ask(store, HOST_AVERAGE, BEGIN, HOUR, 0)));
	host_store_close(store);
}

static void what_was_kept_is_there_after_a_restart(void **opaque)
{
	struct host_store *store = open_new_store();

	(void)opaque;
	put(store, BEGIN, 4);
	host_store_close(store);
	store = open_store();
	put(store, BEGIN + SECOND, 6);
	assert_true(ask(store, HOST_AVERAGE, BEGIN, 10 * SECOND, 0) == 5);
	host_store_close(store);
}

static void write_garbage(void)
{
	FILE *file = fopen(test_file(), "w");

	assert_non_null(file);
	for (int i = 0; i < 2000; i++)
		fputs("no database ", file);
	assert_int_equal(0, fclose(file));
}

static void a_damaged_file_begins_anew(void **opaque)
{
	struct host_store *store;

	(void)opaque;
	remove_test_file();
	write_garbage();
	store = open_store();
	put(store, BEGIN, 4);
	assert_true(ask(store, HOST_COUNT, BEGIN, 10 * SECOND, 0) == 1);
	host_store_close(store);
}

static void a_file_in_use_is_refused_with_its_name_and_left_alone(void **opaque)
{
	struct host_store *store = open_new_store();
	char errstr[300] = "";

	(void)opaque;
	put(store, BEGIN, 4);
	assert_null(host_store_open(test_file(), errstr, sizeof errstr));
	assert_non_null(strstr(errstr, test_file()));
	assert_non_null(strstr(errstr, "locked"));
	assert_true(ask(store, HOST_COUNT, BEGIN, 10 * SECOND, 0) == 1);
	host_store_close(store);
}

static void a_folder_that_is_not_there_is_a_sentence(void **opaque)
{
	char errstr[300] = "";

	(void)opaque;
	assert_null(host_store_open("/nowhere/at/all", errstr, sizeof errstr));
	assert_string_equal(
		"the store /nowhere/at/all cannot be used: unable to open database file", errstr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_without_readings_is_a_gap),
		cmocka_unit_test(each_statistic_of_a_step_is_that_of_its_readings),
		cmocka_unit_test(old_readings_are_there_in_wider_rows),
		cmocka_unit_test(what_was_kept_is_there_after_a_restart),
		cmocka_unit_test(a_damaged_file_begins_anew),
		cmocka_unit_test(a_file_in_use_is_refused_with_its_name_and_left_alone),
		cmocka_unit_test(a_folder_that_is_not_there_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
