#include "producer/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct answer_kind kind_of(const char *variant, const char *status)
{
	struct answer_kind kind = {0};
	tally_set_word(kind.variant, variant, strlen(variant));
	tally_set_word(kind.outcome, "ok", 2);
	tally_set_word(kind.status, status, strlen(status));
	return kind;
}

static void answers_are_counted_by_what_they_say(void **state)
{
	(void)state;
	struct tally tally;
	struct answer_kind a = kind_of("a", "200"), b = kind_of("b", "200"),
			   c = kind_of("a", "500");
	tally_init(&tally);
	tally_add_kind(&tally, &a);
	tally_add_kind(&tally, &b);
	tally_add_kind(&tally, &c);
	tally_add_kind(&tally, &b);
	tally_sort(&tally);
	assert_int_equal(tally.n_groups, 3);
	assert_string_equal(tally.groups[0].kind.variant, "b");
	assert_int_equal(tally.groups[0].count, 2);
	assert_string_equal(tally.groups[1].kind.status, "200");
	assert_string_equal(tally.groups[2].kind.status, "500");
	tally_fini(&tally);
}

static void beyond_the_bound_they_are_counted_together(void **state)
{
	(void)state;
	struct tally tally;
	char variant[16];
	int64_t sum = 0;
	tally_init(&tally);
	for (int i = 0; i < TALLY_GROUPS_MAX + 50; i++) {
		snprintf(variant, sizeof variant, "v%d", i);
		struct answer_kind kind = kind_of(variant, "200");
		tally_add_kind(&tally, &kind);
	}
	struct answer_kind first = kind_of("v0", "200");
	tally_add_kind(&tally, &first);
	tally_sort(&tally);
	assert_int_equal(tally.n_groups, TALLY_GROUPS_MAX + 1);
	assert_string_equal(tally.groups[0].kind.variant, "(other)");
	assert_int_equal(tally.groups[0].count, 50);
	assert_int_equal(tally.groups[1].count, 2);
	for (size_t i = 0; i < tally.n_groups; i++)
		sum += tally.groups[i].count;
	assert_int_equal(sum, TALLY_GROUPS_MAX + 51);
	tally_fini(&tally);
}

static void what_a_header_says_is_made_harmless(void **state)
{
	(void)state;
	char word[TALLY_WORD_MAX], text[200];
	tally_set_word(word, "a\n\x1b[31m b", 10);
	assert_string_equal(word, "a??[31m?b?");
	tally_set_word(word, NULL, 0);
	assert_string_equal(word, "");
	memset(text, 'x', sizeof text);
	tally_set_word(word, text, sizeof text);
	assert_int_equal(strlen(word), TALLY_WORD_MAX - 1);
}

static void the_first_of_the_missing_are_named_and_all_counted(void **state)
{
	(void)state;
	struct tally tally;
	tally_init(&tally);
	for (int i = 1; i <= TALLY_MISSING_MAX + 5; i++)
		tally_add_missing(&tally, i, (struct origin){-1, i + 1});
	assert_int_equal(tally.unanswered, TALLY_MISSING_MAX + 5);
	assert_int_equal(tally.n_missing, TALLY_MISSING_MAX);
	assert_int_equal(tally.missing[TALLY_MISSING_MAX - 1].origin.line, TALLY_MISSING_MAX + 1);
	tally_fini(&tally);
}

static void a_rate_needs_time(void **state)
{
	(void)state;
	struct tally tally;
	tally_init(&tally);
	assert_true(tally_rate(&tally, 10) == 0);
	tally.start_us = 1000000;
	tally.end_us = 3000000;
	assert_true(tally_rate(&tally, 10) == 5);
	tally_fini(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_counted_by_what_they_say),
		cmocka_unit_test(beyond_the_bound_they_are_counted_together),
		cmocka_unit_test(what_a_header_says_is_made_harmless),
		cmocka_unit_test(the_first_of_the_missing_are_named_and_all_counted),
		cmocka_unit_test(a_rate_needs_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
