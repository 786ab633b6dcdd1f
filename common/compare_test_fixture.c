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

struct compare_answer answer(const char *body)
{
	return (struct compare_answer){.outcome = OUTCOME_OK,
		.status_code = 200,
		.content_type = "",
		.body = body,
		.body_size = strlen(body),
		.size = (int64_t)strlen(body)};
}

const char *verdict_of(const struct compare_result *result)
{
	if (result->verdict == COMPARE_NOT_COMPARABLE)
		return compare_reason_name(result->reason);
	return result->verdict == COMPARE_MATCH ? "match" : "mismatch";
}

void check(const struct compare_spec *spec, const struct compare_answer *one,
	const struct compare_answer *other, const char *wanted)
{
	struct compare_result result;

	compare_answers(spec, one, other, &result);
	if (strcmp(wanted, verdict_of(&result)) != 0)
		fail_msg("%.60s and %.60s: %s, not %s", (const char *)one->body,
			(const char *)other->body, verdict_of(&result), wanted);
}

void check_pairs(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct compare_answer one = answer(pairs[i].one), other = answer(pairs[i].other);

		check(&pairs[i].spec, &one, &other, pairs[i].wanted);
		check(&pairs[i].spec, &other, &one, pairs[i].wanted);
	}
}

void compare_two(const struct compare_spec *spec, const char *one, const char *other,
	struct compare_result *result)
{
	struct compare_answer production = answer(one), candidate = answer(other);

	compare_answers(spec, &production, &candidate, result);
}

static uint64_t random_state = 88172645463325252;

unsigned next_random(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % n);
}
