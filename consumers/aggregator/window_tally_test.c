/* What a window counts of one arm. */
#include "consumers/aggregator/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_of_labels_beyond_the_first_64_are_counted_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
