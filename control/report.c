/* umbractl report: reads umbra.aggregates to its end, folds the windows of one test, and prints what
 * they say. It works while the test runs: open windows count as far as they are known. */
#include "control/report.h"
#include "control/windows.h"
#include <unistd.h>

enum { WATCH_SECONDS = 2 };

enum { REPORT_TABLE, REPORT_JSON, REPORT_CSV };
static const char *const outputs[] = {"table", "json", "csv", NULL};

static const struct setting options[] = {
	OPTION_WINDOWS,
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
	struct report report = {0};
	int status = windows_read(ctl, name, ctl->settings.output == REPORT_CSV, &report);
	if (status == EXIT_DONE)
		status = print(ctl, &report);
	windows_release(&report);
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
