#include "producer/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct progress half = {
	.sent = 1500,
	.ended = 1200,
	.awaits_answers = true,
	.share_sent = 0.5,
	.elapsed_us = 5000000,
};

static void a_line_tells_all_that_is_known(void **state)
{
	(void)state;
	char text[PROGRESS_SIZE];
	struct progress progress = half;
	progress_line(&progress, text);
	assert_string_equal(text, "40 %, 1,500 sent, 1,200 answered, 240/s, 8 s to go");
	progress.missing = 3;
	progress.awaits_answers = false;
	progress.share_sent = -1;
	progress_line(&progress, text);
	assert_string_equal(text, "1,500 sent, 1,200 acknowledged, 3 without, 240/s");
}

static void a_bar_fits_the_terminal(void **state)
{
	(void)state;
	char text[PROGRESS_SIZE];
	progress_bar(&half, 79, text);
	assert_string_equal(text,
		"[##############.......................]  40 %  1,200 answered  240/s  8 s to go");
	for (int width = 1; width < 300; width++) {
		progress_bar(&half, width, text);
		assert_true(strlen(text) <= (size_t)width);
	}
}

static void without_an_end_there_is_no_bar(void **state)
{
	(void)state;
	char text[PROGRESS_SIZE];
	struct progress progress = half;
	progress.share_sent = -1;
	progress_bar(&progress, 79, text);
	assert_string_equal(text, "1,200 answered  240/s");
}

static void at_both_ends_nothing_is_divided_by_zero(void **state)
{
	(void)state;
	char text[PROGRESS_SIZE];
	struct progress none = {.awaits_answers = true};
	progress_line(&none, text);
	assert_string_equal(text, "0 %, 0 sent, 0 answered, 0/s");
	struct progress all = {.sent = 10, .ended = 10, .share_sent = 1, .elapsed_us = 1000000};
	progress_bar(&all, 60, text);
	assert_non_null(strstr(text, "###] 100 %  10 acknowledged  10/s"));
	all.elapsed_us = 1000000000;
	all.share_sent = 0.1;
	progress_line(&all, text);
	assert_string_equal(text, "10 %, 10 sent, 10 acknowledged, 0/s, 150 min to go");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_all_that_is_known),
		cmocka_unit_test(a_bar_fits_the_terminal),
		cmocka_unit_test(without_an_end_there_is_no_bar),
		cmocka_unit_test(at_both_ends_nothing_is_divided_by_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
