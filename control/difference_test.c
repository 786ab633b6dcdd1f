/* What is marked when two answers stand side by side. */
#include "control/difference.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Marked bytes become ^, all others a dot. */
static void expect(const char *a, const char *b, const char *a_marked, const char *b_marked)
{
	bool marks[2][100];
	char shown[2][101] = {{0}};
	const char *texts[] = {a, b};
	difference_mark(a, b, marks[0], marks[1]);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < strlen(texts[side]); i++)
			shown[side][i] = marks[side][i] ? '^' : '.';
	assert_string_equal(shown[0], a_marked);
	assert_string_equal(shown[1], b_marked);
}

static void the_number_that_differs_is_marked_whole(void **state)
{
	(void)state;
	expect("{\"p\": 0.12}", "{\"p\": 0.72}", "......^^^^.", "......^^^^.");
}

static void what_only_one_side_has_is_marked_there(void **state)
{
	(void)state;
	expect("[1,2,3]", "[1,3]", "...^^..", ".....");
	expect("", "abc", "", "^^^");
	expect("abc", "", "^^^", "");
}

static void equal_texts_have_no_mark(void **state)
{
	(void)state;
	expect("a b c", "a b c", ".....", ".....");
	expect("", "", "", "");
}

static void a_text_of_many_pieces_is_marked_to_its_end(void **state)
{
	(void)state;
	enum { SIZE = 3 * DIFFERENCE_TOKENS_MAX };
	char *a = calloc(SIZE + 1, 1), *b = calloc(SIZE + 1, 1);
	bool *marks = calloc(2 * SIZE, sizeof *marks);
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(marks);
	memset(a, ',', SIZE);
	memset(b, ',', SIZE);
	b[SIZE - 1] = ';';
	difference_mark(a, b, marks, marks + SIZE);
	assert_false(marks[0]);
	assert_true(marks[SIZE - 1]);
	assert_true(marks[2 * SIZE - 1]);
	free(a);
	free(b);
	free(marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_that_differs_is_marked_whole),
		cmocka_unit_test(what_only_one_side_has_is_marked_there),
		cmocka_unit_test(equal_texts_have_no_mark),
		cmocka_unit_test(a_text_of_many_pieces_is_marked_to_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
