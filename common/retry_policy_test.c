#include "common/retry_policy.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000 };

static struct retry_policy usual(void)
{
	struct retry_policy policy = {.retries = 3, .backoff_us = 100 * MS};
	retry_policy_use_defaults(&policy);
	return policy;
}

static int64_t pause_after(const struct retry_policy *policy, enum outcome outcome, int status)
{
	struct attempt attempt = {
		.number = 1, .outcome = outcome, .status = status, .left_us = 60 * SECOND};
	return retry_policy_pause(policy, &attempt, 0);
}

static void only_what_the_model_has_not_worked_on_is_tried_again_by_default(void **state)
{
	(void)state;
	struct retry_policy policy = usual();
	assert_true(pause_after(&policy, OUTCOME_CONNECT_FAILED, 0) > 0);
	assert_true(pause_after(&policy, OUTCOME_CLIENT_ERROR, 429) > 0);
	assert_true(pause_after(&policy, OUTCOME_SERVER_ERROR, 503) > 0);
	assert_int_equal(pause_after(&policy, OUTCOME_OK, 200), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_CLIENT_ERROR, 400), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_SERVER_ERROR, 500), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_TIMEOUT, 0), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_PROTOCOL_ERROR, 0), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_TOO_LARGE, 200), -1);
}

static void the_user_may_allow_others(void **state)
{
	(void)state;
	struct retry_policy policy = {.retries = 1, .backoff_us = 100 * MS};
	assert_int_equal(retry_policy_add(&policy, "500"), 0);
	assert_int_equal(retry_policy_add(&policy, "599"), 0);
	assert_int_equal(retry_policy_add(&policy, "protocol_error"), 0);
	assert_true(pause_after(&policy, OUTCOME_SERVER_ERROR, 500) > 0);
	assert_true(pause_after(&policy, OUTCOME_SERVER_ERROR, 599) > 0);
	assert_true(pause_after(&policy, OUTCOME_PROTOCOL_ERROR, 0) > 0);
	assert_int_equal(pause_after(&policy, OUTCOME_SERVER_ERROR, 503), -1);
	assert_int_equal(pause_after(&policy, OUTCOME_CONNECT_FAILED, 0), -1);
}

static void words_that_are_no_reason_are_refused(void **state)
{
	(void)state;
	struct retry_policy policy = {0};
	static const char *const wrong[] = {
		"", "200", "399", "600", "5xx", "5000", "timeout", "429 ", "-429"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(retry_policy_add(&policy, wrong[i]), -1);
}

static void attempts_are_counted(void **state)
{
	(void)state;
	struct retry_policy policy = usual();
	struct attempt attempt = {
		.outcome = OUTCOME_CONNECT_FAILED, .left_us = 60 * SECOND, .number = 3};
	assert_true(retry_policy_pause(&policy, &attempt, 0) > 0);
	attempt.number = 4;
	assert_int_equal(retry_policy_pause(&policy, &attempt, 0), -1);
}

static void pauses_double_to_a_bound_and_vary_within_their_half(void **state)
{
	(void)state;
	struct retry_policy policy = usual();
	struct attempt attempt = {.outcome = OUTCOME_CONNECT_FAILED, .left_us = 60 * SECOND};
	policy.retries = 60;
	int64_t full = 100 * MS;
	for (attempt.number = 1; attempt.number <= 60; attempt.number++) {
		for (uint64_t random = 0; random < 1000; random++) {
			int64_t pause = retry_policy_pause(
				&policy, &attempt, random * UINT64_C(0x9E3779B97F4A7C15));
			assert_in_range(pause, full / 2, full);
		}
		full = full * 2 > 10 * SECOND ? 10 * SECOND : full * 2;
	}
}

static void the_model_s_wish_is_the_least_and_the_deadline_the_most(void **state)
{
	(void)state;
	struct retry_policy policy = usual();
	struct attempt attempt = {.number = 1,
		.outcome = OUTCOME_SERVER_ERROR,
		.status = 503,
		.retry_after_us = 2 * SECOND,
		.left_us = 3 * SECOND};
	assert_int_equal(retry_policy_pause(&policy, &attempt, 7), 2 * SECOND);
	attempt.left_us = 2 * SECOND;
	assert_int_equal(retry_policy_pause(&policy, &attempt, 7), -1);
	attempt.retry_after_us = 0;
	attempt.left_us = 49 * MS;
	assert_int_equal(retry_policy_pause(&policy, &attempt, 0), -1);
}

static void without_backoff_the_next_attempt_comes_at_once(void **state)
{
	(void)state;
	struct retry_policy policy = usual();
	policy.backoff_us = 0;
	assert_int_equal(pause_after(&policy, OUTCOME_CONNECT_FAILED, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_the_model_has_not_worked_on_is_tried_again_by_default),
		cmocka_unit_test(the_user_may_allow_others),
		cmocka_unit_test(words_that_are_no_reason_are_refused),
		cmocka_unit_test(attempts_are_counted),
		cmocka_unit_test(pauses_double_to_a_bound_and_vary_within_their_half),
		cmocka_unit_test(the_model_s_wish_is_the_least_and_the_deadline_the_most),
		cmocka_unit_test(without_backoff_the_next_attempt_comes_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
