/* What a window counts of one arm. */
#include "consumers/aggregator/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <math.h>

static void add(struct tally *tally, int label)
{
	struct compare_result result = {.verdict = COMPARE_MISMATCH};
	snprintf(result.production.label, sizeof result.production.label, "%d", label);
	snprintf(result.candidate.label, sizeof result.candidate.label, "other");
	tally_add_comparison(tally, &result, -1, -1);
}

static void pairs_of_labels_beyond_the_first_64_are_counted_together(void **state)
{
	(void)state;
	struct tally tally = {.match = 0};
	for (int label = 100; label < 170; label++)
		add(&tally, label);
	add(&tally, 100);
	add(&tally, 169);
	assert_int_equal(tally.confusion.n, 65);
	assert_string_equal(tally.confusion.items[0].name, "\t");
	assert_int_equal(tally.confusion.items[0].n, 7);
	assert_int_equal(counts_of(&tally.confusion, "100\tother"), 2);
	assert_int_equal(counts_of(&tally.confusion, "163\tother"), 1);
	assert_int_equal(counts_of(&tally.confusion, "164\tother"), 0);
	assert_int_equal(counts_sum(&tally.confusion), tally.mismatch);
	tally_fini(&tally);
}

static void books_close_only_if_each_copy_is_accounted_for(void **state)
{
	struct tally tally = {.sampled = 9, .paired = 4, .losses = {[LOSS_UNANSWERED] = 2}};
	(void)state;
	assert_false(tally_closes(&tally, false));
	tally.pending = 3;
	assert_true(tally_closes(&tally, false));
	assert_false(tally_closes(&tally, true)); /* in a closed window nothing is */
	tally.losses[LOSS_UNANSWERED] += 3;
	tally.pending = 0;
	assert_true(tally_closes(&tally, true));
	tally.paired++;
	tally.pending = -1;
	assert_false(tally_closes(&tally, false));
}

static void add_difference(struct tally *tally, double difference)
{
	tally_add_comparison(tally,
		&(struct compare_result){.verdict = COMPARE_MISMATCH,
			.has_difference = true,
			.difference = difference},
		-1, -1);
}

static void differences_of_numbers_hold_from_millionths_to_millions_of_millions(void **state)
{
	static const double differences[] = {1e-6, 2.5e-3, 1, 1e7, 123456789.25, 1e12, -1e12, -7e9};
	(void)state;
	for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
		struct tally tally = {.match = 0};
		double expected = differences[i] * 1e6;
		for (int n = 0; n < 30; n++)
			add_difference(&tally, differences[i]);
		const struct histogram *told = &tally.number_difference;
		assert_true(fabs(histogram_quantile(told, 0.5) / expected - 1) < 1e-9);
		assert_true(fabs(histogram_mean(told) / expected - 1) < 0.011);
		tally_fini(&tally);
	}
}

static void differences_beyond_that_count_as_the_bounds(void **state)
{
	struct tally tally = {.match = 0};
	(void)state;
	add_difference(&tally, 1e300);
	add_difference(&tally, -1e300);
	add_difference(&tally, 4e-7);
	assert_int_equal(tally.number_difference.max, INT64_C(4000000000000000000));
	assert_int_equal(tally.number_difference.min, INT64_C(-4000000000000000000));
	assert_int_equal(tally.number_difference.zero_count, 1);
	tally_fini(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_of_labels_beyond_the_first_64_are_counted_together),
		cmocka_unit_test(books_close_only_if_each_copy_is_accounted_for),
		cmocka_unit_test(
			differences_of_numbers_hold_from_millionths_to_millions_of_millions),
		cmocka_unit_test(differences_beyond_that_count_as_the_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
