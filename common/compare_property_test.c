/* What holds for any two answers, tried on random ones: small, so that they often nearly agree. The
 * sequence is the same in every run.
 *
 * An answer is made twice: as its text, and as its twin, which says the same in another order of the
 * members (and of the elements, where arrays are bags). */
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

enum { ROUNDS = 20000, CHILDREN_MAX = 4 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A text that grows, and its twin. */
struct twins {
	char *text[2];
	FILE *out[2];
	size_t size[2];
};

/* What may be made. */
struct shape {
	bool has_duplicates; /* of keys: then the twin says something else */
	bool has_bags; /* the order of elements does not count either */
	bool is_csv;
	bool is_flat; /* an object, mostly of scalars */
};

static void twins_open(struct twins *twins)
{
	for (size_t i = 0; i < 2; i++) {
		twins->out[i] = open_memstream(&twins->text[i], &twins->size[i]);
		assert_non_null(twins->out[i]);
	}
}

static void twins_close(struct twins *twins)
{
	fclose(twins->out[0]);
	fclose(twins->out[1]);
}

static void twins_free(struct twins *twins)
{
	free(twins->text[0]);
	free(twins->text[1]);
}

static void put(struct twins *twins, const char *text)
{
	fputs(text, twins->out[0]);
	fputs(text, twins->out[1]);
}

static void put_scalar(struct twins *twins)
{
	static const char *const scalars[] = {"0", "1", "1.0", "1.05", "1.1", "-0", "2e-1", "NaN",
		"Infinity", "1e400", "9223372036854775808", "9223372036854775807", "-1", "\"\"",
		"\"a\"", "\"a\"", "\"\\u0000\"", "\"\\ud800\"", "null", "true", "false", "", "01"};
	size_t n = next_random(20) > 0 ? COUNT(scalars) - 2 : COUNT(scalars);

	put(twins, scalars[next_random((unsigned)n)]);
}

static void put_value(struct twins *twins, const struct shape *shape, unsigned depth);

/* The twin's children begin in the middle. */
static void put_children(
	struct twins *twins, const struct shape *shape, bool is_object, unsigned depth)
{
	static const char *const names[CHILDREN_MAX] = {"a", "b", "", "label"};
	unsigned n = next_random(CHILDREN_MAX), first = next_random(2) * next_random(CHILDREN_MAX);
	unsigned begin = n > 0 && (is_object || shape->has_bags) ? next_random(n) : 0;
	struct twins children[CHILDREN_MAX];

	for (unsigned i = 0; i < n; i++) {
		unsigned name = shape->has_duplicates ? next_random(CHILDREN_MAX) : first + i;

		twins_open(&children[i]);
		if (is_object) {
			put(&children[i], "\"");
			put(&children[i], names[name % CHILDREN_MAX]);
			put(&children[i], "\":");
		}
		put_value(&children[i], shape, depth + 1);
		twins_close(&children[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		fprintf(twins->out[0], "%s%s", i > 0 ? "," : "", children[i].text[0]);
		fprintf(twins->out[1], "%s%s", i > 0 ? " , " : "",
			children[(begin + i) % n].text[1]);
	}
	for (unsigned i = 0; i < n; i++)
		twins_free(&children[i]);
}

static void put_value(struct twins *twins, const struct shape *shape, unsigned depth)
{
	unsigned kind = depth > 3 ? 0 : next_random(3);

	if (shape->is_flat)
		kind = depth == 0 ? 2 : kind * next_random(2);
	if (kind == 0) {
		put_scalar(twins);
		return;
	}
	put(twins, kind == 1 ? "[" : "{");
	put_children(twins, shape, kind == 2, depth);
	put(twins, kind == 1 ? "]" : "}");
}

static void put_csv(struct twins *twins)
{
	static const char *const cells[] = {"0", "1", "1.04", "a", "label", "", "\"a\"", "nan",
		"\"a,\n\"", "-inf", "1e400", "\"", "\xff"};

	for (unsigned row = next_random(3) + 1; row > 0; row--) {
		for (unsigned column = next_random(3) + 1; column > 0; column--) {
			size_t n = next_random(20) > 0 ? COUNT(cells) - 2 : COUNT(cells);

			put(twins, cells[next_random((unsigned)n)]);
			put(twins, column > 1 ? "," : "\n");
		}
	}
}

static void twins_make(struct twins *twins, const struct shape *shape)
{
	twins_open(twins);
	if (shape->is_csv)
		put_csv(twins);
	else
		put_value(twins, shape, 0);
	twins_close(twins);
}

/* How answers are compared: each kind, with and without tolerances, paths and bags. */
static const struct compare_spec specs[] = {
	EXACT,
	JSON,
	CSV,
	WITHIN(COMPARE_AUTO, 0.05, 0),
	WITHIN(COMPARE_STATUS, 0, 0),
	WITHIN(COMPARE_JSON, 0.05, 0.01),
	WITHIN(COMPARE_JSON, 0, 0.05),
	WITHIN(COMPARE_CSV, 0, 0.04),
	IGNORE("/a", "/*/a", "/0"),
	BAG("", "/*", "/*/*", "/a/a"),
	{.kind = COMPARE_JSON,
		.absolute = 0.06,
		.ignore = LIST("/*/b", "/label"),
		.unordered = LIST("", "/*", "/*/*"),
		.threshold = NAN},
	{.kind = COMPARE_CSV,
		.absolute = 0.06,
		.ignore = LIST("/*/1"),
		.unordered = LIST(""),
		.threshold = NAN},
	LABEL(""),
	LABEL("/a"),
	LABEL("1"),
	LABEL("label"),
	THRESHOLD("", 0.5),
	THRESHOLD("/a", 1.05),
};

/* Sixteen bytes that follow from the text. */
static void digest_of(const char *text, uint8_t digest[16])
{
	memset(digest, 0, 16);
	for (size_t i = 0; text[i] != '\0'; i++)
		digest[i % 16] = (uint8_t)(31 * digest[i % 16] + (uint8_t)text[i]);
}

/* Any answer at all with that text: it may have failed, have any type, not be carried. */
static struct compare_answer any_answer(const char *text, uint8_t digest[16])
{
	static const char *const types[] = {
		"application/json", "application/json", "text/csv", "text/plain", ""};
	static const char *const paths[] = {"", "/a", "/0", "/label/a"};
	static const enum outcome failures[] = {
		OUTCOME_CLIENT_ERROR, OUTCOME_SERVER_ERROR, OUTCOME_TIMEOUT};
	struct compare_answer made = answer(text);

	digest_of(text, digest);
	made.content_type = types[next_random(COUNT(types))];
	if (next_random(10) == 0)
		made.outcome = failures[next_random(COUNT(failures))];
	made.status_code = next_random(4) == 0 ? 500 : 200;
	if (next_random(4) == 0)
		made.answer_path = paths[next_random(COUNT(paths))];
	made.digest = next_random(4) == 0 ? NULL : digest;
	if (next_random(10) == 0) {
		made.body = NULL;
		made.body_size = 0;
	}
	return made;
}

static enum compare_reason mirrored(enum compare_reason reason)
{
	if (reason == COMPARE_PRODUCTION_FAILED)
		return COMPARE_CANDIDATE_FAILED;
	return reason == COMPARE_CANDIDATE_FAILED ? COMPARE_PRODUCTION_FAILED : reason;
}

static bool is_same_prediction(
	const struct compare_prediction *one, const struct compare_prediction *other)
{
	return strcmp(one->label, other->label) == 0 && one->has_number == other->has_number &&
		(!one->has_number || one->number == other->number);
}

static void assert_mirrored(const struct compare_spec *spec, const struct compare_answer *a,
	const struct compare_answer *b, const struct compare_result *there)
{
	struct compare_result back;

	compare_answers(spec, b, a, &back);
	if (there->verdict != back.verdict || there->reason != mirrored(back.reason) ||
		there->has_difference != back.has_difference ||
		(there->has_difference && there->difference != -back.difference) ||
		!is_same_prediction(&there->production, &back.candidate) ||
		!is_same_prediction(&there->candidate, &back.production))
		fail_msg("kind %d: %s and %s: not the same both ways", spec->kind,
			(const char *)a->body, (const char *)b->body);
}

static void assert_like_itself(const struct compare_spec *spec, const struct compare_answer *a)
{
	struct compare_result result;

	compare_answers(spec, a, a, &result);
	if (result.verdict == COMPARE_MISMATCH ||
		(result.has_difference && result.difference != 0) ||
		!is_same_prediction(&result.production, &result.candidate))
		fail_msg("kind %d: %s differs from itself", spec->kind, (const char *)a->body);
}

/* Each kind must have met every verdict often: else the properties would say little. */
static void assert_all_met(size_t met[COMPARE_KIND_COUNT][3])
{
	for (size_t kind = 0; kind < COMPARE_KIND_COUNT; kind++)
		for (size_t verdict = 0; verdict < 3; verdict++)
			if (met[kind][verdict] < 20)
				fail_msg("kind %zu met verdict %zu only %zu times", kind, verdict,
					met[kind][verdict]);
}

static void comparison_is_symmetric_and_reflexive(void **opaque)
{
	size_t met[COMPARE_KIND_COUNT][3] = {0};

	(void)opaque;
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t at = round % COUNT(specs);
		const struct shape shape = {.has_duplicates = next_random(2) == 0,
			.is_flat = next_random(4) > 0,
			.is_csv = specs[at].kind == COMPARE_CSV || next_random(8) == 0};
		struct compare_answer a, b;
		struct compare_result result;
		struct twins one, other;
		uint8_t digests[2][16];

		twins_make(&one, &shape);
		twins_make(&other, &shape);
		a = any_answer(one.text[0], digests[0]);
		b = any_answer(next_random(3) == 0 ? one.text[1] : other.text[0], digests[1]);
		assert_like_itself(&specs[at], &a);
		compare_answers(&specs[at], &a, &b, &result);
		assert_mirrored(&specs[at], &a, &b, &result);
		met[specs[at].kind][result.verdict]++;
		twins_free(&one);
		twins_free(&other);
	}
	assert_all_met(met);
}

/* Is an answer read as JSON? A label that is a column is looked for in CSV. */
static bool is_stable(const struct compare_spec *spec)
{
	return spec->kind == COMPARE_JSON ||
		(spec->kind == COMPARE_LABEL && compare_is_pointer(spec->label));
}

static void the_order_of_members_and_in_bags_of_elements_changes_nothing(void **opaque)
{
	const struct compare_spec bags = BAG("", "/*", "/*/*", "/*/*/*", "/*/*/*/*");

	(void)opaque;
	for (size_t round = 0; round < ROUNDS; round++) {
		const struct shape shape = {.has_bags = round % 4 == 0};
		const struct compare_spec *spec =
			shape.has_bags ? &bags : &specs[round % COUNT(specs)];
		struct compare_result result, again;
		struct twins one, other;

		if (!is_stable(spec))
			continue;
		twins_make(&one, &shape);
		twins_make(&other, &shape);
		compare_two(spec, one.text[0], one.text[1], &result);
		if (result.verdict == COMPARE_MISMATCH)
			fail_msg("kind %d: %s differs from its twin %s", spec->kind, one.text[0],
				one.text[1]);
		compare_two(spec, one.text[0], other.text[0], &result);
		compare_two(spec, one.text[1], other.text[0], &again);
		if (result.verdict != again.verdict || result.reason != again.reason ||
			result.has_difference != again.has_difference ||
			!is_same_prediction(&result.production, &again.production))
			fail_msg("kind %d: %s and its twin %s beside %s", spec->kind, one.text[0],
				one.text[1], other.text[0]);
		twins_free(&one);
		twins_free(&other);
	}
}

static void a_wider_tolerance_never_parts_what_agreed(void **opaque)
{
	size_t agreed = 0;

	(void)opaque;
	for (size_t round = 0; round < ROUNDS; round++) {
		const struct compare_spec *narrow = &specs[round % COUNT(specs)];
		struct compare_spec wide = *narrow;
		const struct shape shape = {.is_csv = narrow->kind == COMPARE_CSV};
		struct compare_result result;
		struct twins one, other;

		wide.absolute = 2 * narrow->absolute + 0.05;
		wide.relative = narrow->relative + 0.1;
		twins_make(&one, &shape);
		twins_make(&other, &shape);
		compare_two(narrow, one.text[0], other.text[0], &result);
		if (result.verdict == COMPARE_MATCH) {
			agreed++;
			compare_two(&wide, one.text[0], other.text[0], &result);
			if (result.verdict != COMPARE_MATCH)
				fail_msg("kind %d: %s and %s", wide.kind, one.text[0],
					other.text[0]);
		}
		twins_free(&one);
		twins_free(&other);
	}
	assert_true(agreed > ROUNDS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparison_is_symmetric_and_reflexive),
		cmocka_unit_test(the_order_of_members_and_in_bags_of_elements_changes_nothing),
		cmocka_unit_test(a_wider_tolerance_never_parts_what_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
