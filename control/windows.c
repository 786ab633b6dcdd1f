/* The windows of a test: the span of time from the options, the records, the fold. */
#include "control/windows.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/text.h"
#include "control/reading.h"
#include <stdlib.h>

/* False after a message. */
static bool parse_time(const char *text, const char *option, int64_t *us)
{
	if (!text || text_parse_time(text, us) == 0)
		return true;
	ctl_usage("%s must be a time, as 2026-01-31T12:00:00Z", option);
	return false;
}

/* A request that came when the test began lies in a window that began before; the last one's event
 * may come a little after the end. However late it comes, its copies belong to the test. */
enum { WINDOW_US = 10000000 };

static int64_t first_window(int64_t start_us)
{
	return start_us - start_us % WINDOW_US;
}

static int64_t default_end(const struct test *test, int64_t now_us)
{
	int64_t end_us = test->ended != TEST_CREATED ? test->ended_us : test->end_us;
	return end_us + 2 * WINDOW_US < now_us ? end_us + 2 * WINDOW_US : now_us;
}

static bool make_query(
	const struct ctl *ctl, const struct test *test, int64_t now_us, struct report_query *query)
{
	const struct ctl_settings *settings = &ctl->settings;
	*query = (struct report_query){.endpoint = test->endpoint,
		.test = test->name,
		.from_us = first_window(test->start_us),
		.to_us = default_end(test, now_us),
		.copies_to_us = settings->to ? 0 : INT64_MAX};
	if (settings->from && settings->last_us) {
		ctl_usage("--from and --last both say where to begin: leave one out");
		return false;
	}
	if (!parse_time(settings->from, "--from", &query->from_us) ||
		!parse_time(settings->to, "--to", &query->to_us))
		return false;
	if (settings->last_us)
		query->from_us = query->to_us - settings->last_us;
	if (query->from_us <= query->to_us)
		return true;
	ctl_usage("nothing lies between --from and --to, or the test has not begun");
	return false;
}

struct intake_of_windows {
	struct report_fold *fold;
	int64_t malformed;
};

static bool take_record(void *opaque, const rd_kafka_message_t *rkm)
{
	struct intake_of_windows *intake = opaque;
	char why[300];
	if (report_fold_take(
		    intake->fold, rkm->key, rkm->key_len, rkm->payload, rkm->len, why, sizeof why))
		intake->malformed++;
	return true;
}

static int read_windows(struct ctl *ctl, struct report_fold *fold)
{
	struct intake_of_windows intake = {.fold = fold};
	char *topic;
	memory_need(asprintf(&topic, "%saggregates", ctl->settings.common.prefix) >= 0);
	struct reading reading = {
		.ctl = ctl, .topic = topic, .take = take_record, .opaque = &intake};
	int status = reading_run(&reading);
	report_fold_end(fold);
	if (intake.malformed)
		fprintf(stderr, "umbractl: %lld records of %s are no windows and were left out\n",
			(long long)intake.malformed, topic);
	free(topic);
	return status;
}

int windows_read(struct ctl *ctl, const char *name, bool by_window, struct report *report)
{
	int64_t now_us = clock_wall_us();
	const struct test *test = ctl_find_test(ctl, name);
	if (!test)
		return EXIT_FAILED;
	*report = (struct report){.test = test,
		.endpoint = control_endpoint(ctl->state, test->endpoint),
		.state = test_state_name(test_state_at(test, now_us)),
		.least = ctl->settings.least,
		.partitions = ctl->state->event_partitions};
	if (!report->endpoint)
		return ctl_fail("endpoint %s of the test does not exist any more", test->endpoint);
	if (!make_query(ctl, test, now_us, &report->query))
		return EXIT_USAGE;
	report->query.by_window = by_window;
	struct report_fold *fold = report_fold_new(&report->query);
	report->fold = fold;
	return read_windows(ctl, fold);
}

void windows_release(struct report *report)
{
	report_fold_free((struct report_fold *)(uintptr_t)report->fold);
	report->fold = NULL;
}
