/* The file may be cut off, damaged, another's, or gone. */
#include "consumers/console/store_private.h"
#include "consumers/console/store_test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct given one = {PRODUCTION, BEGIN, 0, false, 5};

static int64_t all(struct store *store)
{
	return ask_store(store, PRODUCTION, -1, BEGIN, BEGIN + HOUR_US).model_us;
}

static struct store *open_with_one(void)
{
	struct store *store = open_new_store();
	give(store, &one);
	store_set_position(store, 0, 10);
	commit(store);
	return store;
}

static void rows_and_positions_change_together_or_not_at_all(void **opaque)
{
	struct store *store = open_with_one();
	(void)opaque;
	give(store, &(struct given){PRODUCTION, BEGIN + WINDOW, 0, false, 7});
	store_set_position(store, 0, 11);
	store_close(store); /* before it is lasting, like a kill */
	store = open_store();
	assert_int_equal(10, store_position(store, 0));
	assert_int_equal(5, all(store));
	give(store, &(struct given){PRODUCTION, BEGIN + WINDOW, 0, false, 7});
	store_set_position(store, 0, 11);
	commit(store);
	store_close(store);
	store = open_store();
	assert_int_equal(11, store_position(store, 0));
	assert_int_equal(12, all(store));
	store_close(store);
}

/* As on a full disk: what is deleted from open windows is not. */
static void a_batch_of_which_something_was_not_done_is_undone(void **opaque)
{
	const struct given open = {PRODUCTION, BEGIN + WINDOW, 0, true, 3};
	const struct given final = {PRODUCTION, BEGIN + WINDOW, 0, false, 7};
	char errstr[300] = "";
	struct store *store = open_with_one();
	(void)opaque;
	give(store, &open);
	commit(store);
	assert_int_equal(0,
		store_exec(store,
			"CREATE TEMP TRIGGER full BEFORE DELETE ON open_window "
			"BEGIN SELECT RAISE(ABORT, 'full'); END"));
	give(store, &final);
	store_set_position(store, 0, 11);
	assert_int_equal(-1, store_commit(store, errstr, sizeof errstr));
	assert_int_equal(10, store_position(store, 0));
	assert_int_equal(8, all(store));
	assert_int_equal(0, store_exec(store, "DROP TRIGGER full"));
	give(store, &final);
	commit(store);
	assert_int_equal(12, all(store));
	store_close(store);
}

static void a_file_of_another_installation_is_made_anew(void **opaque)
{
	char errstr[300] = "";
	(void)opaque;
	store_close(open_with_one());
	struct store *store = store_open(test_file(), "other.", errstr, sizeof errstr);
	assert_non_null(store);
	assert_int_equal(0, store_position(store, 0));
	assert_int_equal(0, store_arms(store));
	store_close(store);
}

static void a_store_is_of_the_first_cluster_that_is_named(void **opaque)
{
	struct store *store = open_new_store();
	(void)opaque;
	assert_true(store_is_of(store, "one's \"cluster\""));
	store_close(store);
	store = open_store();
	assert_true(store_is_of(store, "one's \"cluster\""));
	assert_false(store_is_of(store, "another"));
	store_close(store);
}

/* The file's middle, or all of it, in garbage. */
static void damage(long from, long size)
{
	FILE *file = fopen(test_file(), "r+");
	assert_non_null(file);
	assert_int_equal(0, fseek(file, from, SEEK_SET));
	for (long i = 0; i < size; i++)
		fputc('x', file);
	assert_int_equal(0, fclose(file));
}

static void a_damaged_file_is_made_anew(void **opaque)
{
	static const long places[] = {0, 90, 4096, 4100, 8192};
	(void)opaque;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		store_close(open_with_one());
		damage(places[i], 4000);
		struct store *store = open_store();
		assert_false(store_is_damaged(store));
		assert_int_equal(0, store_position(store, 0));
		give(store, &one);
		commit(store);
		assert_int_equal(5, all(store));
		store_close(store);
	}
}

static void a_file_that_vanishes_while_it_is_used_is_noticed(void **opaque)
{
	struct store *store = open_with_one();
	char errstr[300] = "";
	(void)opaque;
	store_look(store);
	assert_false(store_is_damaged(store));
	assert_int_equal(0, unlink(test_file()));
	store_look(store);
	assert_true(store_is_damaged(store));
	assert_int_equal(0, store_reset(store, errstr, sizeof errstr));
	assert_int_equal(0, store_position(store, 0));
	assert_int_equal(0, all(store));
	give(store, &one);
	commit(store);
	assert_int_equal(5, all(store));
	store_close(store);
}

static void a_file_in_use_and_one_that_cannot_be_are_sentences(void **opaque)
{
	struct store *store = open_with_one();
	char errstr[300] = "";
	(void)opaque;
	assert_null(store_open(test_file(), "umbra.", errstr, sizeof errstr));
	assert_non_null(strstr(errstr, test_file()));
	assert_non_null(strstr(errstr, "does another console use it?"));
	assert_null(store_open("/nowhere/at/all", "umbra.", errstr, sizeof errstr));
	assert_non_null(strstr(errstr, "the store /nowhere/at/all cannot be used"));
	assert_int_equal(5, all(store));
	store_close(store);
}

static void a_record_that_is_no_window_of_ours_is_refused_and_nothing_changes(void **opaque)
{
	static const struct {
		struct tally_frame frame;
		const char *endpoint, *why;
	} wrong[] = {
		{{BEGIN, WINDOW, 1 << 20, false}, "churn", "a partition that there cannot be"},
		{{BEGIN, WINDOW, -1, false}, "churn", "a partition that there cannot be"},
		{{BEGIN + 1, WINDOW, 0, false}, "churn", "no window of 10 s"},
		{{BEGIN, MINUTE, 0, false}, "churn", "no window of 10 s"},
		{{-WINDOW, WINDOW, 0, false}, "churn", "no window of 10 s"},
		{{INT64_MAX / WINDOW * WINDOW, WINDOW, 0, false}, "churn", "no window of 10 s"},
		{{BEGIN, WINDOW, 0, false}, "../churn", "a name that nothing of ours can have"},
	};
	struct store *store = open_with_one();
	struct avro_buffer value = {0};
	char errstr[300];
	(void)opaque;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct arm arm = {(char *)wrong[i].endpoint, NULL, (char *)"v1", ROLE_PRODUCTION};
		struct tally tally = {.arm = &arm, .invocations = 1};
		tally_write(&tally, &wrong[i].frame, &value);
		assert_int_equal(-1,
			store_take(store, "k", 1, value.data, value.size, errstr, sizeof errstr));
		assert_string_equal(wrong[i].why, errstr);
	}
	assert_int_equal(-1, store_take(store, "k", 1, "no Avro", 7, errstr, sizeof errstr));
	commit(store);
	assert_int_equal(1, store_arms(store));
	assert_int_equal(5, all(store));
	avro_buffer_fini(&value);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_positions_change_together_or_not_at_all),
		cmocka_unit_test(a_batch_of_which_something_was_not_done_is_undone),
		cmocka_unit_test(a_file_of_another_installation_is_made_anew),
		cmocka_unit_test(a_store_is_of_the_first_cluster_that_is_named),
		cmocka_unit_test(a_damaged_file_is_made_anew),
		cmocka_unit_test(a_file_that_vanishes_while_it_is_used_is_noticed),
		cmocka_unit_test(a_file_in_use_and_one_that_cannot_be_are_sentences),
		cmocka_unit_test(a_record_that_is_no_window_of_ours_is_refused_and_nothing_changes),
	};

	return cmocka_run_group_tests(tests, make_test_folder, remove_store_folder);
}
