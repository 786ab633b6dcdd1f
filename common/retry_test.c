#include "common/retry.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct thing {
	struct retry retry; /* first */
	struct retry_queue *queue;
	struct retry *victim; /* cancelled by again() */
	int64_t wait_anew_until;
	int tries;
};

static void try_again(struct retry *retry)
{
	struct thing *thing = (struct thing *)retry;
	thing->tries++;
	if (thing->victim)
		retry_cancel(thing->queue, thing->victim);
	if (thing->wait_anew_until)
		retry_at(thing->queue, retry, thing->wait_anew_until);
}

static struct thing thing_in(struct retry_queue *queue)
{
	return (struct thing){.retry.again = try_again, .queue = queue};
}

static int64_t tick(struct retry_queue *queue, int64_t now_us)
{
	retry_tick(queue, now_us);
	return retry_wait(queue, now_us);
}

static void what_is_due_is_tried_once_and_the_next_wait_is_told(void **state)
{
	(void)state;
	struct retry_queue queue = {0};
	struct thing early = thing_in(&queue), late = thing_in(&queue);
	assert_int_equal(tick(&queue, 0), -1);
	retry_at(&queue, &late.retry, 300);
	retry_at(&queue, &early.retry, 100);
	assert_int_equal(tick(&queue, 40), 60);
	assert_int_equal(early.tries, 0);
	assert_int_equal(retry_wait(&queue, 101), 0);
	assert_int_equal(tick(&queue, 100), 200);
	assert_int_equal(early.tries, 1);
	assert_int_equal(tick(&queue, 300), -1);
	assert_int_equal(early.tries, 1);
	assert_int_equal(late.tries, 1);
}

static void it_may_wait_anew_and_cancel_others(void **state)
{
	(void)state;
	struct retry_queue queue = {0};
	struct thing first = thing_in(&queue), second = thing_in(&queue);
	first.victim = &second.retry;
	first.wait_anew_until = 500;
	retry_at(&queue, &first.retry, 10);
	retry_at(&queue, &second.retry, 10);
	assert_int_equal(tick(&queue, 10), 490);
	assert_int_equal(first.tries, 1);
	assert_int_equal(second.tries, 0);
	retry_cancel(&queue, &first.retry);
	retry_cancel(&queue, &first.retry);
	assert_int_equal(tick(&queue, 1000), -1);
	assert_int_equal(first.tries, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_is_tried_once_and_the_next_wait_is_told),
		cmocka_unit_test(it_may_wait_anew_and_cancel_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
