/* Commit metadata: what is written is read back, and nothing else is taken for it. */
#include "consumers/aggregator/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void a_point_is_read_back_as_it_was(void **state)
{
	(void)state;
	static const struct ledger_point points[] = {
		{7, 1790000000123456, 1790000000000000, LEDGER_NEVER},
		{7, LEDGER_NEVER, LEDGER_NEVER, LEDGER_CUT_OFF},
		{7, 0, -1, INT64_MAX},
	};
	for (size_t i = 0; i < 3; i++) {
		char text[LEDGER_POINT_MAX];
		struct ledger_point back = {.offset = 7};
		size_t size = ledger_point_write(&points[i], text);
		assert_int_equal(size, strlen(text));
		assert_true(ledger_point_read(text, size, &back));
		assert_memory_equal(&points[i], &back, sizeof back);
	}
}

static void what_others_committed_is_not_taken_for_a_point(void **state)
{
	(void)state;
	struct ledger_point point;
	char again[3 * LEDGER_POINT_MAX];
	static const char *const texts[] = {"", "epoch 1", "clock=1 base=2",
		"clock=1 base=2 blind=x", "clock=1 base=2 blind=3 ", "clock=1  base=2 blind=3",
		"clock=+1 base=2 blind=3", "clock=99999999999999999999 base=2 blind=3"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(ledger_point_read(texts[i], strlen(texts[i]), &point));
	assert_false(ledger_point_read(NULL, 0, &point));
	memset(again, '1', sizeof again);
	assert_false(ledger_point_read(again, sizeof again, &point));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_is_read_back_as_it_was),
		cmocka_unit_test(what_others_committed_is_not_taken_for_a_point),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
