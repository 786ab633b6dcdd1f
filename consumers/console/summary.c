#include "consumers/console/summary.h"
#include "common/text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From where on a candidate wants somebody's eyes. */
#define LOSSES_MUCH 0.05
#define AGREEMENT_LITTLE 0.9
#define P99_MUCH 0.25
#define ERRORS_MUCH 0.01

#define QUIET_US INT64_C(60000000) /* a window is told of every 2 s while requests come */

const char *health_name(enum health health)
{
	static const char *const names[] = {"good", "waiting", "attention", "broken"};
	return names[health];
}

static double failed_share(const struct aggregate *arm)
{
	return arm && arm->invocations
		? 1 - (double)counts_of(&arm->outcomes, "ok") / (double)arm->invocations
		: NAN;
}

/* Over all production variants. */
static double production_failed_share(const struct report_fold *fold)
{
	int64_t all = 0, ok = 0;
	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *arm = report_row(fold, i);
		if (arm->role != ROLE_PRODUCTION || arm->test)
			continue;
		all += arm->invocations;
		ok += counts_of(&arm->outcomes, "ok");
	}
	return all ? 1 - (double)ok / (double)all : NAN;
}

void summary_difference(
	const struct report *report, const char *variant, struct difference *difference)
{
	const struct aggregate *arm = report_arm(report->fold, ROLE_SHADOW, variant);
	*difference = (struct difference){NAN, NAN, NAN};
	if (!arm)
		return;
	if (arm->compared)
		difference->agreement = (double)arm->match / (double)arm->compared;
	const struct histogram *production = &arm->compared_production_latency;
	if (arm->compared_latency.count && production->count) {
		double before = histogram_quantile(production, 0.99);
		if (before > 0)
			difference->p99_change =
				histogram_quantile(&arm->compared_latency, 0.99) / before - 1;
	}
	difference->error_change = failed_share(arm) - production_failed_share(report->fold);
}

static void add_up(const struct report *report, struct summary *summary)
{
	for (size_t i = 0; i < report_rows(report->fold); i++) {
		const struct aggregate *arm = report_row(report->fold, i);
		if (!arm->test && arm->role == ROLE_PRODUCTION)
			summary->invocations += arm->invocations;
		if (!arm->test || arm->role != ROLE_SHADOW)
			continue;
		summary->sampled += arm->sampled;
		summary->paired += arm->paired;
		summary->compared += arm->compared;
		summary->match += arm->match;
		summary->losses += counts_sum(&arm->losses);
		summary->pending += arm->pending;
	}
}

/* In thousandths, so that it is mostly the same when it is asked for again. */
static double progress_of(const struct test *test, int64_t now_us)
{
	int64_t end_us = test->ended != TEST_CREATED ? test->ended_us : test->end_us;
	if (now_us <= test->start_us)
		return 0;
	if (now_us >= end_us || end_us <= test->start_us)
		return 1;
	return floor(1000 * (double)(now_us - test->start_us) / (double)(end_us - test->start_us)) /
		1000;
}

/* True when the reason is written. */
static bool look_at(const struct report *report, const char *variant, char *text, size_t size)
{
	const struct aggregate *arm = report_arm(report->fold, ROLE_SHADOW, variant);
	struct difference difference;
	summary_difference(report, variant, &difference);
	double losses =
		arm && arm->sampled ? (double)counts_sum(&arm->losses) / (double)arm->sampled : 0;
	if (losses > LOSSES_MUCH)
		snprintf(text, size, "%.1f %% of the copies for %s were lost.", losses * 100,
			variant);
	else if (difference.error_change > ERRORS_MUCH)
		snprintf(text, size, "%s fails %.1f percentage points more often than production.",
			variant, difference.error_change * 100);
	else if (difference.agreement < AGREEMENT_LITTLE)
		snprintf(text, size, "%s agrees with production on only %.1f %% of the requests.",
			variant, difference.agreement * 100);
	else if (difference.p99_change > P99_MUCH)
		snprintf(text, size, "The p99 of %s is %.0f %% above production's.", variant,
			difference.p99_change * 100);
	else
		return false;
	return true;
}

static void judge(const struct report *report, struct summary *summary)
{
	const struct test *test = report->test;
	char *alarm = report_alarm(report, 0);
	char *text = summary->reason;
	size_t size = sizeof summary->reason;
	summary->health = HEALTH_GOOD;
	if (alarm) {
		summary->health = HEALTH_BROKEN;
		snprintf(text, size, "%s", alarm);
		free(alarm);
		return;
	}
	if (!report_is_enough(report)) {
		summary->health = HEALTH_WAITING;
		snprintf(text, size,
			"%" PRId64 " requests were compared so far; %" PRId64
			" of each candidate are needed to say more.",
			summary->compared, report->least);
	}
	for (size_t i = 0; i < test->n_variants; i++)
		if (look_at(report, test->variants[i].name, text, size)) {
			bool is_early = summary->health == HEALTH_WAITING && !summary->losses;
			summary->health = is_early ? HEALTH_WAITING : HEALTH_ATTENTION;
			return;
		}
	if (summary->health == HEALTH_GOOD)
		snprintf(text, size, "Nothing speaks against the candidate%s.",
			test->n_variants > 1 ? "s" : "");
}

void summary_make(const struct report *report, int64_t now_us, struct summary *summary)
{
	*summary = (struct summary){.progress = progress_of(report->test, now_us)};
	add_up(report, summary);
	judge(report, summary);
}

bool summary_is_stale(
	const struct test *test, int64_t updated_us, int64_t now_us, char reason[SUMMARY_STALE_MAX])
{
	bool has_windows = updated_us > test->start_us;
	int64_t since_us = has_windows ? updated_us : test->start_us;
	char time[TEXT_MAX];
	if (test_state_at(test, now_us) != TEST_RUNNING || now_us - since_us <= QUIET_US)
		return false;
	snprintf(reason, SUMMARY_STALE_MAX,
		"Nothing has come since %s%s: there are no requests, or a splitter or the "
		"aggregator stands still.",
		has_windows ? "" : "the test began at ", text_format_time(since_us, time));
	return true;
}
