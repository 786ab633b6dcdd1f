/* The sample of mismatches, and the mask over their secrets. */
#include "common/mismatch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char topic[] = "requests", kind[] = "answer", id[] = "r";

static struct mismatch example(int64_t offset)
{
	return (struct mismatch){
		.rank = mismatch_rank(&(struct mismatch_place){topic, 1, 0, offset}, "v2"),
		.kind = kind,
		.request_id = id,
		.topic = topic,
		.offset = offset,
		.production = {kind, 3, 3},
		.candidate = {kind, 6, 6}};
}

static void add(struct mismatches *list, int64_t offset)
{
	struct mismatch mismatch = example(offset);
	mismatches_add(list, &mismatch);
}

static void assert_same(const struct mismatches *a, const struct mismatches *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->items[i].offset, b->items[i].offset);
		assert_true(a->items[i].rank == b->items[i].rank);
	}
}

static void any_order_and_grouping_keeps_the_same_examples(void **state)
{
	(void)state;
	struct mismatches up = {0}, down = {0}, halves[2] = {{0}, {0}};
	for (int64_t i = 0; i < 1000; i++) {
		add(&up, i);
		add(&down, 999 - i);
		add(&halves[i % 3 == 0], i);
	}
	mismatches_merge(&halves[0], &halves[1]);
	assert_int_equal(up.n, MISMATCHES_MAX);
	assert_same(&up, &down);
	assert_same(&up, &halves[0]);
	for (size_t i = 1; i < up.n; i++)
		assert_true(up.items[i - 1].rank < up.items[i].rank);
	mismatches_fini(&up);
	mismatches_fini(&down);
	mismatches_fini(&halves[0]);
	mismatches_fini(&halves[1]);
}

static void one_that_would_be_dropped_is_not_wanted(void **state)
{
	(void)state;
	struct mismatches list = {0};
	assert_true(mismatches_want(&list, UINT64_MAX));
	for (int64_t i = 0; i < 100; i++)
		add(&list, i);
	assert_false(mismatches_want(&list, UINT64_MAX));
	assert_true(mismatches_want(&list, 0));
	mismatches_fini(&list);
}

static void the_same_request_is_one_example(void **state)
{
	(void)state;
	struct mismatches list = {0};
	add(&list, 7);
	add(&list, 7);
	assert_int_equal(list.n, 1);
	mismatches_fini(&list);
}

static void a_long_answer_is_cut_and_its_size_is_told(void **state)
{
	(void)state;
	char *body = malloc(10000);
	assert_non_null(body);
	memset(body, 'x', 10000);
	struct mismatches list = {0};
	struct mismatch mismatch = example(1);
	mismatch.production = (struct mismatch_body){body, 10000, 10000};
	mismatches_add(&list, &mismatch);
	assert_int_equal(list.items[0].production.size, MISMATCH_BODY_MAX);
	assert_int_equal(list.items[0].production.whole_size, 10000);
	assert_int_equal(list.items[0].candidate.size, 6);
	mismatches_fini(&list);
	free(body);
}

static void bytes_give_back_what_was_written_and_nothing_when_cut(void **state)
{
	(void)state;
	struct mismatches list = {0}, back = {0};
	struct avro_buffer buffer = {0};
	for (int64_t i = 0; i < 3; i++)
		add(&list, i);
	mismatches_write(&list, &buffer);
	struct avro_cursor cursor = {buffer.data, buffer.data + buffer.size, false};
	assert_int_equal(mismatches_parse(&back, &cursor), 0);
	assert_ptr_equal(cursor.at, cursor.end);
	assert_same(&list, &back);
	assert_memory_equal(back.items[0].candidate.data, kind, 6);
	for (size_t size = 0; size < buffer.size; size++) {
		struct mismatches less = {0};
		struct avro_cursor cut = {buffer.data, buffer.data + size, false};
		assert_int_equal(mismatches_parse(&less, &cut), -1);
		mismatches_fini(&less);
	}
	mismatches_fini(&list);
	mismatches_fini(&back);
	avro_buffer_fini(&buffer);
}

static void expect_text(const char *bytes, size_t size, const char *expected)
{
	char data[20];
	memcpy(data, bytes, size);
	char *text = mismatch_text(&(struct mismatch_body){data, size, (int64_t)size});
	assert_string_equal(text, expected);
	free(text);
}

static void shown_bytes_cannot_move_a_cursor(void **state)
{
	(void)state;
	expect_text("a\033[2Jb\n", 7, "a\\x1b[2Jb\\x0a");
	expect_text("caf\303\251", 5, "caf\303\251");
	expect_text("caf\303", 4, "caf\\xc3");
	expect_text("\302\2331m", 4, "\\xc2\\x9b1m");
	expect_text("\0x", 2, "\\x00x");
}

static void expect_mask(const char *body, const char *expected, size_t n, char **pointers)
{
	struct string_list list = {pointers, n};
	size_t size;
	char *found = mismatch_mask(&list, body, strlen(body), &size);
	assert_string_equal(found, expected);
	assert_int_equal(size, strlen(expected));
	free(found);
}

static void what_pointers_name_is_masked_wherever_it_stands(void **state)
{
	(void)state;
	char *pointers[] = {"/name", "/cards/*/number", "/a~1b/1", "/absent/x"};
	expect_mask("{\"name\": {\"first\": \"x\"}, \"p\": 0.1}", "{\"name\":\"***\",\"p\":0.1}", 4,
		pointers);
	expect_mask("{\"cards\":[{\"number\":1,\"ok\":true},{\"number\":2}]}",
		"{\"cards\":[{\"number\":\"***\",\"ok\":true},{\"number\":\"***\"}]}", 4, pointers);
	expect_mask("{\"a/b\":[1,2,3]}", "{\"a/b\":[1,\"***\",3]}", 4, pointers);
	expect_mask("{\"p\":1}", "{\"p\":1}", 4, pointers);
}

static void what_cannot_be_read_is_masked_whole(void **state)
{
	(void)state;
	char *pointers[] = {"/name"}, *whole[] = {""};
	expect_mask("name,secret\n", MISMATCH_MASK, 1, pointers);
	expect_mask("{\"name\": NaN}", MISMATCH_MASK, 1, pointers);
	expect_mask("{\"name\": \"\xff\"}", MISMATCH_MASK, 1, pointers);
	expect_mask("\"a secret\"", MISMATCH_MASK, 1, pointers);
	expect_mask("", MISMATCH_MASK, 1, pointers);
	expect_mask("{\"name\": 1}", MISMATCH_MASK, 1, whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_and_grouping_keeps_the_same_examples),
		cmocka_unit_test(one_that_would_be_dropped_is_not_wanted),
		cmocka_unit_test(the_same_request_is_one_example),
		cmocka_unit_test(a_long_answer_is_cut_and_its_size_is_told),
		cmocka_unit_test(bytes_give_back_what_was_written_and_nothing_when_cut),
		cmocka_unit_test(shown_bytes_cannot_move_a_cursor),
		cmocka_unit_test(what_pointers_name_is_masked_wherever_it_stands),
		cmocka_unit_test(what_cannot_be_read_is_masked_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
