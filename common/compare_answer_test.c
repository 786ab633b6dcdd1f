/* Answers as a whole: what can be compared at all, how it is read, and what it may cost. */
#include "common/compare_test_fixture.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void each_arm_may_wrap_its_answer_in_its_own_way(void **opaque)
{
	const struct compare_spec spec = {
		.kind = COMPARE_JSON, .ignore = LIST("/t"), .threshold = NAN};
	struct compare_answer one = answer("{\"out\":[{\"p\":1,\"t\":3}]}");
	struct compare_answer other = answer("{\"p\":1.0,\"t\":4}");

	(void)opaque;
	one.answer_path = "/out/0";
	check(&spec, &one, &other, "match");
	one.answer_path = "/out/1";
	check(&spec, &one, &other, "no_answer");
	one.answer_path = "/out/0";
	other.answer_path = "/p";
	check(&spec, &one, &other, "mismatch");
}

static void a_cell_of_csv_can_be_the_answer(void **opaque)
{
	const struct compare_spec spec = CSV;
	struct compare_answer one = answer("p,id\n1,7\n"), other = answer("1.0");

	(void)opaque;
	one.answer_path = "/1/0";
	other.answer_path = "/0/0";
	check(&spec, &one, &other, "match");
}

static void bytes_are_compared_as_they_are_whatever_path_names_the_answer(void **opaque)
{
	const struct compare_spec exact = EXACT;
	const struct compare_spec by_type = {.kind = COMPARE_AUTO, .threshold = NAN};
	struct compare_answer one = answer("{\"p\":1}"), other = answer("{\"p\":1}");

	(void)opaque;
	one.content_type = other.content_type = "image/png";
	other.answer_path = "/x";
	check(&exact, &one, &other, "match");
	check(&by_type, &one, &other, "match");
	other.answer_path = NULL;
	one = answer("1");
	one.content_type = other.content_type;
	other.answer_path = "/p";
	check(&exact, &one, &other, "mismatch");
	check(&by_type, &one, &other, "mismatch");
}

static void without_a_kind_the_content_type_decides(void **opaque)
{
	static const struct {
		const char *one, *other, *wanted;
	} cases[] = {
		{"application/json", "Application/JSON; charset=utf-8", "match"},
		{"application/problem+json", "text/json", "match"},
		{"text/csv", "text/plain;header=absent", "match"},
		{"application/octet-stream", "", "mismatch"},
		{"application/json", "text/csv", "different_types"},
		{"application/json", "", "different_types"},
	};
	const struct compare_spec spec = {.kind = COMPARE_AUTO, .threshold = NAN};
	struct compare_answer one = answer("1"), other = answer("1.0");

	(void)opaque;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		one.content_type = cases[i].one;
		other.content_type = cases[i].other;
		check(&spec, &one, &other, cases[i].wanted);
	}
}

static void a_failed_arm_is_a_reason_and_never_a_mismatch(void **opaque)
{
	const struct compare_spec spec = JSON;
	struct compare_answer good = answer("1"), bad = answer("1");

	(void)opaque;
	bad.outcome = OUTCOME_SERVER_ERROR;
	check(&spec, &bad, &good, "production_failed");
	check(&spec, &good, &bad, "candidate_failed");
	check(&spec, &bad, &bad, "both_failed");
}

static void the_status_is_compared_of_failures_too(void **opaque)
{
	const struct compare_spec spec = {.kind = COMPARE_STATUS, .threshold = NAN};
	struct compare_answer one = answer("1"), other = answer("2");

	(void)opaque;
	check(&spec, &one, &other, "match");
	other.outcome = OUTCOME_CLIENT_ERROR;
	other.status_code = 404;
	check(&spec, &one, &other, "mismatch");
	check(&spec, &other, &other, "match");
	other.outcome = OUTCOME_TIMEOUT;
	check(&spec, &one, &other, "candidate_failed");
}

static void answers_that_are_not_carried_are_compared_by_digest(void **opaque)
{
	static const uint8_t a[16] = {1}, b[16] = {2};
	static const struct compare_spec exact = EXACT, json = JSON, label = LABEL("");
	struct compare_answer one = {.outcome = OUTCOME_OK, .size = 100000, .digest = a};
	struct compare_answer other = one;

	(void)opaque;
	check(&exact, &one, &other, "match");
	check(&json, &one, &other, "match");
	check(&label, &one, &other, "too_large");
	other.answer_path = "/x";
	check(&json, &one, &other, "too_large");
	other.answer_path = NULL;
	other.digest = b;
	check(&exact, &one, &other, "mismatch");
	check(&json, &one, &other, "too_large");
	other.digest = NULL;
	check(&exact, &one, &other, "too_large");
	other = answer("1");
	check(&exact, &one, &other, "mismatch");
	check(&json, &one, &other, "too_large");
}

/* `n` times `unit`, between two other texts; freed by the caller. */
static char *repeat(const char *before, const char *unit, size_t n, const char *after)
{
	char *text = malloc(strlen(before) + n * strlen(unit) + strlen(after) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, before);
	for (size_t i = 0; i < n; i++)
		to = stpcpy(to, unit);
	stpcpy(to, after);
	return text;
}

static void check_text(struct compare_spec spec, char *text, const char *wanted)
{
	struct compare_answer one = answer(text);

	check(&spec, &one, &one, wanted);
	free(text);
}

static void what_exceeds_a_bound_is_too_complex(void **opaque)
{
	struct compare_spec json = JSON, csv = CSV;
	char *inner;

	(void)opaque;
	inner = repeat("", "[", 128, "1");
	check_text(json, repeat(inner, "]", 128, ""), "match");
	free(inner);
	check_text(json, repeat("", "[", 129, ""), "too_complex");
	check_text(json, repeat("", "{\"a\":", 200000, ""), "too_complex");
	check_text(json, repeat("[0", ",0", COMPARE_NODES_MAX - 2, "]"), "match");
	check_text(json, repeat("[0", ",0", COMPARE_NODES_MAX - 1, "]"), "too_complex");
	check_text(csv, repeat("", "1\n", COMPARE_NODES_MAX, ""), "too_complex");
}

/* `n` rows that nearly pair, so that each pair of them is tried element by element. */
static char *hostile_bag(const char *first, const char *last, size_t n)
{
	char *row = repeat(first, ",1", 60, last), *text = repeat("[0", row, n, "]");

	free(row);
	return text;
}

static void a_hostile_bag_costs_no_more_than_the_allowance(void **opaque)
{
	const struct compare_spec spec = {.kind = COMPARE_JSON,
		.absolute = 0.1,
		.unordered = LIST("", "/*", "/*/*"),
		.threshold = NAN};
	char *one = hostile_bag(",[[1", "],[2]]", 60), *other = hostile_bag(",[[2", "],[1]]", 60);
	struct compare_result result;

	(void)opaque;
	compare_two(&spec, one, other, &result);
	assert_string_equal("too_complex", verdict_of(&result));
	compare_two(&spec, other, one, &result);
	assert_string_equal("too_complex", verdict_of(&result));
	compare_two(&spec, one, one, &result);
	assert_string_equal("match", verdict_of(&result));
	free(one);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_arm_may_wrap_its_answer_in_its_own_way),
		cmocka_unit_test(a_cell_of_csv_can_be_the_answer),
		cmocka_unit_test(bytes_are_compared_as_they_are_whatever_path_names_the_answer),
		cmocka_unit_test(without_a_kind_the_content_type_decides),
		cmocka_unit_test(a_failed_arm_is_a_reason_and_never_a_mismatch),
		cmocka_unit_test(the_status_is_compared_of_failures_too),
		cmocka_unit_test(answers_that_are_not_carried_are_compared_by_digest),
		cmocka_unit_test(what_exceeds_a_bound_is_too_complex),
		cmocka_unit_test(a_hostile_bag_costs_no_more_than_the_allowance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
