/* What must not be: the identity broken, decisions against their hash, a gap in the books. */
#include "common/memory.h"
#include "common/report.h"
#include "common/sample_ratio.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

/* Counts down to the alarm that is asked for. */
struct search {
	size_t wanted;
	char *found;
};

__attribute__((format(printf, 2, 3))) static void alarm_at(
	struct search *search, const char *format, ...)
{
	va_list arguments;
	if (search->found || search->wanted-- > 0)
		return;
	va_start(arguments, format);
	memory_need(vasprintf(&search->found, format, arguments) >= 0);
	va_end(arguments);
}

static void look_at_ratio(struct search *search, const struct aggregate *arm)
{
	struct sample_ratio ratio = sample_ratio_of(&arm->decided, &arm->taken);
	if (sample_ratio_is_mismatch(&ratio))
		alarm_at(search,
			"%" PRId64 " of %" PRId64 " requests were sampled for %s, %.1f per 1,000, "
			"where %.1f were to be expected (p = %.1g)",
			ratio.sampled, ratio.requests, arm->variant,
			1e3 * (double)ratio.sampled / (double)ratio.requests,
			1e3 * ratio.expected / (double)ratio.requests, ratio.p);
}

static void look_at_copies(struct search *search, const struct aggregate *arm)
{
	int64_t told = arm->paired + counts_sum(&arm->losses) + arm->pending;
	if (arm->sampled != told)
		alarm_at(search,
			"the books of %s do not close: %" PRId64 " copies were sampled, %" PRId64
			" are accounted for",
			arm->variant, arm->sampled, told);
	if (arm->unsolicited)
		alarm_at(search, "%" PRId64 " events of %s answer no request that was sampled",
			arm->unsolicited, arm->variant);
	int64_t untold = counts_of(&arm->losses, "unanswered");
	if (untold)
		alarm_at(search,
			"of %" PRId64 " copies of %s nobody told within the horizon what became of "
			"them: they were lost silently, or umbra-shadow does not keep up",
			untold, arm->variant);
	int64_t bound = counts_of(&arm->losses, "state_bound");
	if (bound)
		alarm_at(search,
			"%" PRId64
			" copies of %s were given up because too many waited to be joined",
			bound, arm->variant);
}

static void look_at(struct search *search, const struct aggregate *arm)
{
	if (arm->test && arm->role != ROLE_PRODUCTION) {
		look_at_copies(search, arm);
		look_at_ratio(search, arm);
	}
	if (arm->wrong_decisions)
		alarm_at(search, "%" PRId64 " sampling decisions are not what their hash says (%s)",
			arm->wrong_decisions, arm->variant);
	if (arm->given_up_events)
		alarm_at(search,
			"%" PRId64 " events were given up because Kafka did not take them: the "
			"numbers have a gap",
			arm->given_up_events);
	if (arm->unwritten_windows)
		alarm_at(search,
			"at least %" PRId64 " window%s missing: their events were deleted before "
			"the aggregator read them",
			arm->unwritten_windows, arm->unwritten_windows == 1 ? " is" : "s are");
}

/* A silent partition has a tick every 20 s. */
enum { BEHIND_US = 60000000 };

static void look_at_progress(struct search *search, const struct report *report)
{
	struct report_progress progress;
	char until[TEXT_MAX];
	report_progress(report, &progress);
	int64_t wanted_us = progress.newest_us;
	if (report->query.to_us < wanted_us)
		wanted_us = report->query.to_us;
	if (progress.newest_us != REPORT_UNTOLD && progress.behind_us < wanted_us - BEHIND_US)
		alarm_at(search,
			"partition %d of umbra.events is counted up to %s only: what came there "
			"later is missing",
			progress.behind, text_format_time(progress.behind_us, until));
}

char *report_alarm(const struct report *report, size_t i)
{
	struct search search = {.wanted = i};
	for (size_t row = 0; row < report_rows(report->fold); row++)
		look_at(&search, report_row(report->fold, row));
	look_at_progress(&search, report);
	return search.found;
}

static int64_t compared_of(const struct report_fold *fold, const char *variant)
{
	int64_t sum = 0;
	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *row = report_row(fold, i);
		if (row->role == ROLE_SHADOW && text_equal(row->variant, variant))
			sum += row->compared;
	}
	return sum;
}

bool report_is_enough(const struct report *report)
{
	const struct test *test = report->test;
	for (size_t i = 0; i < test->n_variants; i++)
		if (compared_of(report->fold, test->variants[i].name) < report->least)
			return false;
	return true;
}
