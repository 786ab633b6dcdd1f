/* Quality against values computed by hand from the formulas. */
#include "common/report_quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void assert_close(double a, double b)
{
	assert_true(a - b < 1e-12 && b - a < 1e-12);
}

static void fini_cells(struct aggregate *arm)
{
	counts_fini(&arm->label_cells);
	counts_fini(&arm->production_label_cells);
}

static void two_classes_are_measured_by_the_one_that_sorts_last(void **state)
{
	struct aggregate arm = {.labelled = 100,
		.label_correct = 85,
		.scored = 50,
		.log_loss = 10000000,
		.brier = 5000000};
	struct quality quality;
	(void)state;
	counts_add(&arm.label_cells, "0\t0", 55);
	counts_add(&arm.label_cells, "0\t1", 5);
	counts_add(&arm.label_cells, "1\t0", 10);
	counts_add(&arm.label_cells, "1\t1", 30);
	counts_add(&arm.production_label_cells, "0\t0", 100);
	assert_true(report_quality(&arm, false, &quality));
	assert_true(quality.has_classes);
	assert_close(quality.accuracy, 0.85);
	assert_close(quality.precision, 30.0 / 35);
	assert_close(quality.recall, 0.75);
	assert_close(quality.f1, 60.0 / 75);
	assert_close(quality.log_loss, 0.2);
	assert_close(quality.brier, 0.1);
	fini_cells(&arm);
}

static void several_classes_are_averaged(void **state)
{
	struct aggregate arm = {.labelled = 6, .production_label_correct = 3};
	struct quality quality;
	(void)state;
	counts_add(&arm.production_label_cells, "a\ta", 2);
	counts_add(&arm.production_label_cells, "b\tab", 1);
	counts_add(&arm.production_label_cells, "b\tb", 1);
	counts_add(&arm.production_label_cells, "c\ta", 2);
	counts_add(&arm.label_cells, "a\ta", 6);
	assert_true(report_quality(&arm, true, &quality));
	assert_close(quality.accuracy, 0.5);
	/* a: 1/2, 1, 2/3; ab: 0, 0, 0; b: 1, 1/2, 2/3; c: 0, 0, 0 */
	assert_close(quality.precision, 1.5 / 4);
	assert_close(quality.recall, 1.5 / 4);
	assert_close(quality.f1, 4.0 / 3 / 4);
	fini_cells(&arm);
}

static void both_sides_are_measured_by_the_classes_of_both(void **state)
{
	struct aggregate arm = {.labelled = 10};
	struct quality own, production;
	(void)state;
	counts_add(&arm.label_cells, "0\t0", 10);
	counts_add(&arm.production_label_cells, "0\t0", 9);
	counts_add(&arm.production_label_cells, "0\t1", 1);
	assert_true(report_quality(&arm, false, &own));
	assert_true(report_quality(&arm, true, &production));
	/* 1 is the positive class of both, and nobody was right about it. */
	assert_close(own.precision + own.recall + own.f1, 0);
	assert_close(production.precision + production.recall + production.f1, 0);
	fini_cells(&arm);
}

static void a_third_class_that_one_side_predicts_counts_for_both(void **state)
{
	struct aggregate arm = {.labelled = 4};
	struct quality own, production;
	(void)state;
	counts_add(&arm.label_cells, "a\ta", 2);
	counts_add(&arm.label_cells, "b\tb", 2);
	counts_add(&arm.production_label_cells, "a\ta", 2);
	counts_add(&arm.production_label_cells, "b\tb", 1);
	counts_add(&arm.production_label_cells, "b\tc", 1);
	assert_true(report_quality(&arm, false, &own));
	assert_true(report_quality(&arm, true, &production));
	assert_close(own.recall, 2.0 / 3);
	assert_close(production.recall, 1.5 / 3);
	assert_close(production.precision, 2.0 / 3);
	fini_cells(&arm);
}

static void without_labels_or_with_cells_left_out_nothing_is_claimed(void **state)
{
	struct aggregate arm = {0};
	struct quality quality;
	(void)state;
	assert_false(report_quality(&arm, false, &quality));
	arm.labelled = 5;
	arm.label_correct = 1;
	counts_add(&arm.label_cells, "a\ta", 1);
	counts_add(&arm.production_label_cells, "a\ta", 5);
	assert_true(report_quality(&arm, false, &quality));
	assert_false(quality.has_classes);
	assert_close(quality.accuracy, 0.2);
	assert_true(report_quality(&arm, true, &quality));
	assert_false(quality.has_classes); /* the other side may know another class */
	fini_cells(&arm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_classes_are_measured_by_the_one_that_sorts_last),
		cmocka_unit_test(several_classes_are_averaged),
		cmocka_unit_test(both_sides_are_measured_by_the_classes_of_both),
		cmocka_unit_test(a_third_class_that_one_side_predicts_counts_for_both),
		cmocka_unit_test(without_labels_or_with_cells_left_out_nothing_is_claimed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
