/* A row's columns give back what was put in, and nothing else is taken for one. */
#include "consumers/console/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each number, word and histogram another one. */
static void fill(struct aggregate *aggregate)
{
	char word[30] = "ok\t0";
	for (int i = 0; aggregate_number(aggregate, (size_t)i, NULL); i++)
		*aggregate_number(aggregate, (size_t)i, NULL) = i % 2 ? -i : INT64_MAX - i;
	for (int i = 0; aggregate_counts(aggregate, (size_t)i, NULL); i++)
		for (int k = 0; k <= i; k++) {
			word[3] = (char)('0' + k);
			counts_add(aggregate_counts(aggregate, (size_t)i, NULL), word, 100 * i + k);
		}
	for (int i = 0; aggregate_histogram(aggregate, (size_t)i, NULL); i++)
		histogram_record(aggregate_histogram(aggregate, (size_t)i, NULL), 1 << i);
}

static void add_example(struct aggregate *aggregate, int64_t offset, int64_t window_us)
{
	char text[] = "requests";
	struct mismatch mismatch = {.rank = (uint64_t)offset,
		.window_us = window_us,
		.kind = text,
		.request_id = text,
		.topic = text,
		.offset = offset,
		.production = {text, 3, 3},
		.candidate = {text, 4, 4}};
	mismatches_add(&aggregate->mismatches, &mismatch);
}

static void assert_same_counts(const struct counts *a, const struct counts *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_string_equal(a->items[i].name, b->items[i].name);
		assert_int_equal(a->items[i].n, b->items[i].n);
	}
}

static void numbers_and_counts_come_back(void **opaque)
{
	struct aggregate there = {0}, back = {0};
	struct avro_buffer buffer = {0};
	(void)opaque;
	fill(&there);
	row_write_counts(&there, &buffer);
	assert_int_equal(0, row_read_counts(&back, buffer.data, buffer.size));
	for (size_t i = 0; aggregate_number(&there, i, NULL); i++)
		assert_int_equal(
			*aggregate_number(&there, i, NULL), *aggregate_number(&back, i, NULL));
	for (size_t i = 0; aggregate_counts(&there, i, NULL); i++)
		assert_same_counts(
			aggregate_counts(&there, i, NULL), aggregate_counts(&back, i, NULL));
	avro_buffer_fini(&buffer);
	aggregate_fini(&there);
	aggregate_fini(&back);
}

static void each_histogram_comes_back_alone(void **opaque)
{
	struct aggregate there = {0}, back = {0}, cut = {0};
	struct avro_buffer buffer = {0};
	(void)opaque;
	fill(&there);
	for (size_t i = 0; i < row_histograms(); i++) {
		row_write_histogram(&there, i, &buffer);
		assert_int_equal(0, row_read_histogram(&back, i, buffer.data, buffer.size));
		assert_int_equal(1, aggregate_histogram(&back, i, NULL)->count);
		assert_int_equal(1 << i, aggregate_histogram(&back, i, NULL)->sum);
		assert_int_equal(-1, row_read_histogram(&cut, i, buffer.data, buffer.size - 1));
	}
	avro_buffer_fini(&buffer);
	aggregate_fini(&there);
	aggregate_fini(&cut);
	aggregate_fini(&back);
}

static void examples_come_back_with_their_windows(void **opaque)
{
	struct aggregate there = {0}, back = {0}, cut = {0};
	struct avro_buffer buffer = {0};
	(void)opaque;
	add_example(&there, 7, 100);
	add_example(&there, 3, 200);
	row_write_mismatches(&there, &buffer);
	assert_int_equal(0, row_read_mismatches(&back, buffer.data, buffer.size));
	assert_int_equal(2, back.mismatches.n);
	assert_int_equal(3, back.mismatches.items[0].offset);
	assert_int_equal(200, back.mismatches.items[0].window_us);
	assert_int_equal(100, back.mismatches.items[1].window_us);
	assert_memory_equal("requ", back.mismatches.items[1].candidate.data, 4);
	assert_int_equal(-1, row_read_mismatches(&cut, buffer.data, buffer.size - 1));
	avro_buffer_fini(&buffer);
	aggregate_fini(&there);
	aggregate_fini(&back);
	aggregate_fini(&cut);
}

static void what_is_cut_or_longer_is_no_column(void **opaque)
{
	struct aggregate there = {0};
	struct avro_buffer buffer = {0};
	(void)opaque;
	fill(&there);
	row_write_counts(&there, &buffer);
	uint8_t *longer = calloc(1, buffer.size + 1);
	assert_non_null(longer);
	memcpy(longer, buffer.data, buffer.size);
	for (size_t size = 0; size <= buffer.size + 1; size++) {
		struct aggregate back = {0};
		/* A piece of its own size, so that ASan sees a byte too much read. */
		uint8_t *piece = malloc(size + !size);
		assert_non_null(piece);
		memcpy(piece, longer, size);
		assert_int_equal(size == buffer.size ? 0 : -1, row_read_counts(&back, piece, size));
		aggregate_fini(&back);
		free(piece);
	}
	free(longer);
	avro_buffer_fini(&buffer);
	aggregate_fini(&there);
}

static void the_names_of_the_fields_tell_one_version_from_another(void **opaque)
{
	char *fields = row_fields();
	(void)opaque;
	assert_non_null(strstr(fields, "invocations "));
	assert_non_null(strstr(fields, "{outcomes} "));
	for (size_t i = 0; i < row_histograms(); i++)
		assert_non_null(strstr(fields, row_histogram_name(i)));
	free(fields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_counts_come_back),
		cmocka_unit_test(each_histogram_comes_back_alone),
		cmocka_unit_test(examples_come_back_with_their_windows),
		cmocka_unit_test(what_is_cut_or_longer_is_no_column),
		cmocka_unit_test(the_names_of_the_fields_tell_one_version_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
