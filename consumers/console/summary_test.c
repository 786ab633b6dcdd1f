/* Health is one word, and the reason is the gravest one. */
#include "consumers/console/summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LEAST = 100, REQUESTS = 1000 };

static struct variant variants[] = {{.name = "v2"}};
static const struct test test = {.name = "t",
	.endpoint = "e",
	.start_us = 1000,
	.end_us = 2000,
	.variants = variants,
	.n_variants = 1};

/* What a candidate did with the copies of REQUESTS requests. */
struct course {
	int64_t lost, failed, compared, match, production_us, own_us;
};

static struct aggregate arm(char *test_name, char *variant, enum role role)
{
	return (struct aggregate){.endpoint = strdup("e"),
		.test = test_name ? strdup(test_name) : NULL,
		.variant = strdup(variant),
		.role = role,
		.invocations = REQUESTS};
}

static void add_production(struct report_fold *fold)
{
	struct aggregate production = arm(NULL, (char *)"v1", ROLE_PRODUCTION);
	counts_add(&production.outcomes, "ok", REQUESTS - 10);
	counts_add(&production.outcomes, "timeout", 10);
	report_fold_add(fold, &production);
}

static void add_candidate(struct report_fold *fold, const struct course *course)
{
	struct aggregate candidate = arm((char *)"t", (char *)"v2", ROLE_SHADOW);
	candidate.sampled = REQUESTS;
	candidate.paired = candidate.invocations = REQUESTS - course->lost;
	candidate.compared = course->compared;
	candidate.match = course->match;
	candidate.mismatch = course->compared - course->match;
	counts_add(&candidate.outcomes, "ok", candidate.invocations - course->failed);
	if (course->lost)
		counts_add(&candidate.losses, "shed", course->lost);
	for (int64_t i = 0; i < course->compared; i++) {
		histogram_record(&candidate.compared_production_latency, course->production_us);
		histogram_record(&candidate.compared_latency, course->own_us);
	}
	report_fold_add(fold, &candidate);
}

static struct summary summary_of(const struct course *course, int64_t now_us)
{
	struct report report = {.test = &test,
		.query = {.endpoint = "e", .test = "t", .to_us = INT64_MAX},
		.least = LEAST};
	struct report_fold *fold = report_fold_new(&report.query);
	struct summary summary;
	add_production(fold);
	if (course)
		add_candidate(fold, course);
	report_fold_end(fold);
	report.fold = fold;
	summary_make(&report, now_us, &summary);
	report_fold_free(fold);
	return summary;
}

static void assert_health(const struct course *course, enum health health, const char *reason)
{
	struct summary summary = summary_of(course, 1500);
	assert_string_equal(health_name(health), health_name(summary.health));
	if (!strstr(summary.reason, reason))
		fail_msg("'%s' is not in '%s'", reason, summary.reason);
}

static void a_candidate_that_does_what_production_does_is_good(void **opaque)
{
	(void)opaque;
	assert_health(&(struct course){0, 10, 990, 985, 1000, 1000}, HEALTH_GOOD,
		"Nothing speaks against the candidate.");
}

static void too_few_comparisons_wait(void **opaque)
{
	(void)opaque;
	assert_health(NULL, HEALTH_WAITING, "0 requests were compared so far; 100");
	assert_health(&(struct course){0, 10, 99, 99, 1000, 1000}, HEALTH_WAITING, "99 requests");
	/* ... but what is seen already is said. */
	assert_health(&(struct course){0, 10, 99, 9, 1000, 1000}, HEALTH_WAITING, "9.1 %");
}

static void what_differs_much_wants_attention(void **opaque)
{
	(void)opaque;
	assert_health(&(struct course){51, 0, 900, 900, 1000, 1000}, HEALTH_ATTENTION,
		"5.1 % of the copies for v2 were lost.");
	assert_health(&(struct course){0, 21, 900, 900, 1000, 1000}, HEALTH_ATTENTION,
		"v2 fails 1.1 percentage points more often");
	assert_health(&(struct course){0, 10, 900, 809, 1000, 1000}, HEALTH_ATTENTION,
		"agrees with production on only 89.9 %");
	assert_health(&(struct course){0, 10, 900, 900, 1000, 1300}, HEALTH_ATTENTION,
		"The p99 of v2 is");
}

static void the_limits_themselves_are_still_good(void **opaque)
{
	(void)opaque;
	assert_health(&(struct course){50, 0, 900, 810, 1000, 1200}, HEALTH_GOOD, "Nothing");
}

static void books_that_do_not_close_are_broken_whatever_else_is(void **opaque)
{
	struct report report = {.test = &test,
		.query = {.endpoint = "e", .test = "t", .to_us = INT64_MAX},
		.least = LEAST};
	struct report_fold *fold = report_fold_new(&report.query);
	struct aggregate candidate = arm((char *)"t", (char *)"v2", ROLE_SHADOW);
	struct summary summary;
	(void)opaque;
	candidate.sampled = REQUESTS;
	candidate.paired = REQUESTS - 1;
	report_fold_add(fold, &candidate);
	report_fold_end(fold);
	report.fold = fold;
	summary_make(&report, 1500, &summary);
	assert_int_equal(HEALTH_BROKEN, summary.health);
	assert_non_null(strstr(summary.reason, "do not close"));
	report_fold_free(fold);
}

static void numbers_are_those_of_the_arms(void **opaque)
{
	struct summary summary = summary_of(&(struct course){40, 0, 900, 810, 1000, 1200}, 1500);
	(void)opaque;
	assert_int_equal(REQUESTS, summary.invocations);
	assert_int_equal(REQUESTS, summary.sampled);
	assert_int_equal(REQUESTS - 40, summary.paired);
	assert_int_equal(900, summary.compared);
	assert_int_equal(810, summary.match);
	assert_int_equal(40, summary.losses);
	assert_int_equal(0, summary.pending);
}

static void progress_is_the_part_of_the_schedule_that_is_over(void **opaque)
{
	(void)opaque;
	assert_true(summary_of(NULL, 500).progress == 0);
	assert_true(summary_of(NULL, 1000).progress == 0);
	assert_true(summary_of(NULL, 1250).progress == 0.25);
	assert_true(summary_of(NULL, 2000).progress == 1);
	assert_true(summary_of(NULL, 9000).progress == 1);
}

/* `reason` NULL: it is not stale. */
static void assert_stale(int64_t updated_us, int64_t now_us, const char *reason)
{
	const struct test running = {.name = "t", .start_us = 1000, .end_us = INT64_MAX};
	char text[SUMMARY_STALE_MAX];
	bool is_stale = summary_is_stale(&running, updated_us, now_us, text);
	assert_int_equal(is_stale, reason != NULL);
	if (reason)
		assert_non_null(strstr(text, reason));
}

static void a_running_test_is_stale_when_nothing_came_for_a_minute(void **opaque)
{
	const int64_t minute_us = 60000000;
	(void)opaque;
	assert_stale(0, 1000 + minute_us, NULL);
	assert_stale(0, 1001 + minute_us, "the test began at 1970-01-01T00:00:00");
	assert_stale(500, 1001 + minute_us, "the test began");
	assert_stale(3 * minute_us, 4 * minute_us, NULL);
	assert_stale(3 * minute_us, 2 * minute_us, NULL);
	assert_stale(3 * minute_us, 4 * minute_us + 1, "since 1970-01-01T00:03:00");
}

static void a_test_that_does_not_run_is_not_stale(void **opaque)
{
	const int64_t hour_us = 3600000000;
	const struct test later = {.start_us = 2 * hour_us, .end_us = 3 * hour_us};
	char text[SUMMARY_STALE_MAX];
	(void)opaque;
	assert_false(summary_is_stale(&later, hour_us / 2, hour_us, text));
	assert_true(summary_is_stale(&later, hour_us / 2, 2 * hour_us + hour_us / 2, text));
	assert_false(summary_is_stale(&later, hour_us / 2, 4 * hour_us, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_candidate_that_does_what_production_does_is_good),
		cmocka_unit_test(too_few_comparisons_wait),
		cmocka_unit_test(what_differs_much_wants_attention),
		cmocka_unit_test(the_limits_themselves_are_still_good),
		cmocka_unit_test(books_that_do_not_close_are_broken_whatever_else_is),
		cmocka_unit_test(numbers_are_those_of_the_arms),
		cmocka_unit_test(progress_is_the_part_of_the_schedule_that_is_over),
		cmocka_unit_test(a_running_test_is_stale_when_nothing_came_for_a_minute),
		cmocka_unit_test(a_test_that_does_not_run_is_not_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
