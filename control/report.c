/* umbractl report: reads umbra.aggregates to its end, folds the windows of one test, and prints what
 * they say. It works while the test runs: open windows count as far as they are known. */
#include "control/report.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include "control/reading.h"
#include <stdlib.h>
#include <unistd.h>

enum { WATCH_SECONDS = 2 };

enum { REPORT_TABLE, REPORT_JSON, REPORT_CSV };
static const char *const outputs[] = {"table", "json", "csv", NULL};

static const struct setting options[] = {
	{.option = "from",
		.type = SETTING_STRING,
		.offset = CTL_AT(from),
		.argument = "TIME",
		.help = "Windows from then on; default: the test's start."},
	{.option = "to",
		.type = SETTING_STRING,
		.offset = CTL_AT(to),
		.argument = "TIME",
		.help = "Windows before; default: the test's end, or now."},
	{.option = "last",
		.type = SETTING_DURATION,
		.offset = CTL_AT(last_us),
		.fallback = "0",
		.max = INT64_C(365) * 86400 * 1000000,
		.argument = "DURATION",
		.help = "Only the last so long before --to, as 15m or 24h; 0: all."},
	{.option = "least",
		.type = SETTING_INT,
		.offset = CTL_AT(least),
		.fallback = "100",
		.max = INT64_MAX,
		.argument = "N",
		.help = "Exit with 4 when a variant has fewer compared requests."},
	{.option = "watch",
		.letter = 'w',
		.type = SETTING_BOOL,
		.offset = CTL_AT(watch),
		.fallback = "false",
		.help = "Print again every 2 s, until interrupted."},
	{.option = "output",
		.letter = 'o',
		.type = SETTING_CHOICE,
		.offset = CTL_AT(output),
		.fallback = "table",
		.choices = outputs,
		.argument = "table|json|csv",
		.help = "How the answer looks; csv: a line for each window and arm."},
	OPTION_TIMEOUT,
};

/* False after a message. */
static bool parse_time(const char *text, const char *option, int64_t *us)
{
	if (!text || text_parse_time(text, us) == 0)
		return true;
	ctl_usage("%s must be a time, as 2026-01-31T12:00:00Z", option);
	return false;
}

/* A request that came when the test began lies in a window that began before; the last one's event
 * may come a little after the end. */
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
		.by_window = settings->output == REPORT_CSV};
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

static int print(struct ctl *ctl, const struct report *report)
{
	if (ctl->settings.output == REPORT_CSV) {
		report_print_csv(report->fold, stdout);
	} else if (ctl->settings.output == REPORT_JSON) {
		json_t *json = report_to_json(report);
		json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
		printf("\n");
		json_decref(json);
	} else {
		report_print(report, stdout);
	}
	return report_is_enough(report) ? EXIT_DONE : EXIT_TOO_LITTLE;
}

static int report_once(struct ctl *ctl, const char *name)
{
	int64_t now_us = clock_wall_us();
	const struct test *test = ctl_find_test(ctl, name);
	if (!test)
		return EXIT_FAILED;
	struct report report = {.test = test,
		.endpoint = control_endpoint(ctl->state, test->endpoint),
		.state = test_state_name(test_state_at(test, now_us)),
		.least = ctl->settings.least};
	if (!report.endpoint)
		return ctl_fail("endpoint %s of the test does not exist any more", test->endpoint);
	if (!make_query(ctl, test, now_us, &report.query))
		return EXIT_USAGE;
	struct report_fold *fold = report_fold_new(&report.query);
	report.fold = fold;
	int status = read_windows(ctl, fold);
	if (status == EXIT_DONE)
		status = print(ctl, &report);
	report_fold_free(fold);
	return status;
}

static int run(struct ctl *ctl)
{
	if (ctl->n_operands != 1)
		return ctl_usage("which test? umbractl report TEST");
	int status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	status = report_once(ctl, ctl->operands[0]);
	while (ctl->settings.watch && (status == EXIT_DONE || status == EXIT_TOO_LITTLE)) {
		fflush(stdout);
		sleep(WATCH_SECONDS);
		status = ctl_catch_up(ctl);
		if (status != EXIT_DONE)
			break;
		printf(isatty(STDOUT_FILENO) ? "\033[H\033[J" : "\n");
		status = report_once(ctl, ctl->operands[0]);
	}
	return status;
}

const struct verb verb_report = {"report",
	CTL_PROGRAM("report TEST [OPTION]...", "Say how the candidate of a test does.",
		"Production's numbers stand beside the candidate's for the same requests: those "
		"to which both gave an answer. Exits with 4 when there is too little to decide "
		"on.",
		options, 1),
	run};
