/* umbra-producer: rows of a file become requests on a topic; their answers are awaited if asked. */
#include "common/clock.h"
#include "common/log.h"
#include "common/schema.h"
#include "common/watchdog.h"
#include "producer/display.h"
#include "producer/report.h"
#include "producer/run.h"
#include <stdio.h>

enum { CLOSE_SECONDS = 5 };

static void complain(const char *message)
{
	fprintf(stderr, "umbra-producer: %s\n", message);
}

static void work(struct run *run)
{
	struct display display;
	display_init(&display, clock_monotonic_us());
	while (run->state != RUN_OVER) {
		int64_t now_us = clock_monotonic_us();
		int64_t wait_us = run_tick(run, now_us);
		wait_us = loop_earlier(wait_us, display_tick(&display, run, now_us));
		wait_us = loop_earlier(wait_us, log_tick(now_us));
		loop_wait(run->loop, NULL, wait_us);
		if (loop_take_reload(run->loop))
			settings_reload(run->options);
		if (loop_is_stopping(run->loop) && !run->is_interrupted)
			run_interrupt(run, clock_monotonic_us());
	}
	display_clear(&display);
}

static void write_report(struct run *run)
{
	struct report report = {
		.tally = &run->tally,
		.run = run->ledger.run,
		.topic = run->target.topic,
		.source = run_source(run),
		.awaits_answers = run->answers != NULL,
		.is_interrupted = run->is_interrupted,
	};
	if (run->options->output == OUTPUT_JSON)
		report_write_json(&report, stdout);
	else
		report_write_text(&report, stdout);
}

static int make_run(struct run *run)
{
	char errstr[512];
	int status = 1;
	if (run_open(run, errstr, sizeof errstr) == 0) {
		work(run);
		log_flush();
		write_report(run);
		status = run_is_good(run) ? 0 : 1;
	} else {
		complain(errstr);
	}
	fflush(stdout);
	watchdog_arm(
		CLOSE_SECONDS); /* librdkafka may hang here, as when the topic that it read is gone */
	run_close(run);
	watchdog_disarm();
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	char errstr[512], **operands;
	int status = settings_load(&options_program, argc, argv, &options);
	if (status >= 0)
		return status;

	struct run run = {.options = &options};
	if (settings_operands(&operands) > 0)
		run.path = operands[0];
	if (options_choose_input(
		    &options, &run.path, &run.input, &run.plan, errstr, sizeof errstr) < 0) {
		complain(errstr);
		settings_free(&options_program, &options);
		return 2;
	}

	run.loop = loop_new(errstr, sizeof errstr);
	if (run.loop)
		status = make_run(&run);
	else
		complain(errstr);
	loop_free(run.loop);

	schema_free_all();
	settings_free(&options_program, &options);
	return status < 0 ? 1 : status;
}
