#include "common/span.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void nothing_is_committable_before_the_first_is_done(void **state)
{
	(void)state;
	struct span span;
	assert_int_equal(span_init(&span, 4), 0);
	assert_int_equal(span.committable, -1);
	span_add(&span, 10);
	uint64_t second = span_add(&span, 11);
	span_done(&span, second);
	assert_int_equal(span.committable, -1);
	span_fini(&span);
}

static void holes_in_the_offsets_are_passed(void **state)
{
	(void)state;
	struct span span;
	assert_int_equal(span_init(&span, 4), 0);
	uint64_t first = span_add(&span, 10);
	uint64_t second = span_add(&span, 17);
	uint64_t third = span_add(&span, 90);
	span_done(&span, second);
	span_done(&span, first);
	assert_int_equal(span.committable, 18);
	assert_int_equal(span_count(&span), 1);
	span_done(&span, third);
	assert_int_equal(span.committable, 91);
	span_fini(&span);
}

static void the_limit_counts_until_the_commit_is_acknowledged(void **state)
{
	(void)state;
	struct span span;
	assert_int_equal(span_init(&span, 3), 0);
	for (int i = 0; i < 3; i++) {
		assert_false(span_is_full(&span));
		span_add(&span, i);
	}
	assert_true(span_is_full(&span));
	span_done(&span, 0);
	assert_true(span_is_full(&span));
	assert_int_equal(span_uncommitted(&span), 3);
	span_committed(&span, span.head);
	assert_false(span_is_full(&span));
	assert_int_equal(span_uncommitted(&span), 2);
	span_fini(&span);
}

static void a_topic_made_anew_is_committed_by_its_own_offsets_alone(void **state)
{
	(void)state;
	struct span span;
	assert_int_equal(span_init(&span, 8), 0);
	uint64_t done = span_add(&span, 100);
	uint64_t open = span_add(&span, 101);
	span_done(&span, done);
	assert_true(span_is_committable(&span));
	span_restart(&span);
	assert_false(span_is_committable(&span));
	uint64_t first = span_add(&span, 0);
	span_done(&span, first);
	assert_int_equal(span.committable, -1); /* 102 may lie beyond what was never read */
	span_done(&span, open);
	assert_true(span_is_committable(&span));
	assert_int_equal(span.committable, 1);
	span_committed(&span, span.head);
	assert_false(span_is_committable(&span));
	assert_int_equal(span_uncommitted(&span), 0);
	span_fini(&span);
}

/* The model: a plain list of what was added, and which of it is done. */
enum { STEPS = 20000 };

struct model {
	int64_t offsets[STEPS];
	bool done[STEPS];
	int added;
	int restarted; /* those before it are of a topic that is gone */
};

static int64_t committable_of(const struct model *model)
{
	int64_t committable = -1;
	for (int i = 0; i < model->added && model->done[i]; i++)
		committable = i < model->restarted ? -1 : model->offsets[i] + 1;
	return committable;
}

static void finish_one(struct span *span, struct model *model)
{
	uint64_t sequence = span->head + (uint64_t)rand() % span_count(span);
	if (model->done[sequence])
		return;
	span_done(span, sequence);
	model->done[sequence] = true;
}

static void committable_is_always_the_end_of_the_unbroken_prefix(void **state)
{
	(void)state;
	static struct model model;
	struct span span;
	srand(7);
	assert_int_equal(span_init(&span, 64), 0);
	int64_t offset = 0;
	for (int step = 0; step < STEPS; step++) {
		if (!span_is_full(&span) && rand() % 2) {
			offset += 1 + rand() % 3;
			model.offsets[model.added++] = offset;
			span_add(&span, offset);
		} else if (span_count(&span)) {
			finish_one(&span, &model);
		}
		if (step % 1009 == 0) {
			offset = -1;
			model.restarted = model.added;
			span_restart(&span);
		}
		if (step % 31 == 0)
			span_committed(&span, span.head);
		if (step % 97 == 0)
			assert_int_equal(span.committable, committable_of(&model));
	}
	assert_int_equal(span.committable, committable_of(&model));
	span_fini(&span);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_committable_before_the_first_is_done),
		cmocka_unit_test(holes_in_the_offsets_are_passed),
		cmocka_unit_test(the_limit_counts_until_the_commit_is_acknowledged),
		cmocka_unit_test(a_topic_made_anew_is_committed_by_its_own_offsets_alone),
		cmocka_unit_test(committable_is_always_the_end_of_the_unbroken_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
