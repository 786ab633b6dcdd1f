#include "consumers/console/console.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "consumers/console/counters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGE_US = 1000000 };

static void on_control_record(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct console *console = opaque;
	(void)offset, (void)why;
	if (verdict == CONTROL_ACCEPTED)
		timeline_note(console->timeline, record, append_time_us);
}

static void look(struct console *console)
{
	struct service *service = &console->service;
	console->view = (struct view){.state = control_log_state(service->control),
		.timeline = console->timeline,
		.store = console->store,
		.hosts = console->host_store,
		.feed = console->feed,
		.groups = console->groups,
		.alarms = console->alarms,
		.instance = service->instance,
		.trouble = admin_why_not(service->admin),
		.now_us = clock_wall_us()};
}

static int open_stores(struct console *console, char *errstr, size_t errstr_size)
{
	const struct console_settings *settings = console_settings(console);
	char *hosts_path;
	memory_need(asprintf(&hosts_path, "%s-hosts", settings->store) >= 0);
	console->store = store_open(settings->store, settings->common.prefix, errstr, errstr_size);
	if (console->store)
		console->host_store = host_store_open(hosts_path, errstr, errstr_size);
	free(hosts_path);
	return console->host_store ? 0 : -1;
}

static int open_console(void *self, char *errstr, size_t errstr_size)
{
	struct console *console = self;
	struct service *service = &console->service;
	const struct console_settings *settings = console_settings(console);
	console->timeline = timeline_new();
	control_log_observe(service->control, on_control_record, console);
	if (open_stores(console, errstr, errstr_size))
		return -1;
	console->feed =
		feed_open(service->settings, service->loop, console->store, errstr, errstr_size);
	if (!console->feed)
		return -1;
	console->groups = groups_new(service->settings, errstr, errstr_size);
	if (!console->groups)
		return -1;
	console->alarms = test_alarms_new();
	console->hosts = hosts_new(console->host_store, service->caller);
	look(console);
	console->metrics = metrics_tests_new(&console->view);
	struct server_settings http = {.access = console_access(settings), .view = &console->view};
	console->server = server_open(service->loop, &http, errstr, errstr_size);
	return console->server ? 0 : -1;
}

static void close_console(void *self)
{
	struct console *console = self;
	server_close(console->server);
	metrics_tests_free(console->metrics);
	hosts_free(console->hosts);
	test_alarms_free(console->alarms);
	groups_free(console->groups);
	feed_close(console->feed);
	store_close(console->store);
	host_store_close(console->host_store);
	timeline_free(console->timeline);
}

static rd_kafka_t *any_handle(void *self)
{
	struct console *console = self;
	return feed_handle(console->feed);
}

static const char *why_not_ready(void *self, char *text, size_t size)
{
	const struct console *console = self;
	const char *trouble = feed_trouble(console->feed);
	if (feed_is_current(console->feed) && !*trouble)
		return NULL;
	snprintf(text, size, "%s", *trouble ? trouble : "umbra.aggregates is being read");
	return text;
}

/* The hours in which tests begin and end keep their narrow rows, so that a test's numbers are exact. */

static int compare_hours(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
	return (one > other) - (one < other);
}

static void keep_hours(struct console *console)
{
	const struct control_state *state = control_log_state(console->service.control);
	int64_t *hours = calloc(3 * state->n_tests + 1, sizeof *hours);
	size_t n = 0, kept = 0;
	memory_need(hours);
	for (size_t i = 0; i < state->n_tests; i++) {
		const struct test *test = state->tests[i];
		int64_t times[] = {test->start_us, test->end_us, test->ended_us};
		for (size_t k = 0; k < sizeof times / sizeof *times; k++)
			if (times[k] > 0)
				hours[n++] = plan_floor(times[k], HOUR_US);
	}
	qsort(hours, n, sizeof *hours, compare_hours);
	for (size_t i = 0; i < n; i++)
		if (!i || hours[i] != hours[kept - 1])
			hours[kept++] = hours[i];
	store_keep_hours(console->store, hours, kept);
	free(hours);
}

/* What is told of a change: the tests whose numbers are others now. */

static bool has_changed(const struct console *console, const struct test *test)
{
	for (size_t i = 0; i < store_arms(console->store); i++) {
		const struct store_arm *arm = store_arm(console->store, i);
		if (arm->has_news && api_is_arm_of(arm, test))
			return true;
	}
	return false;
}

static void tell_changes(struct console *console)
{
	const struct service *service = &console->service;
	const struct control_state *state = control_log_state(service->control);
	bool has_rows = feed_take_change(console->feed);
	if (!has_rows && !console->has_untold_control)
		return;
	json_t *names = json_array();
	for (size_t i = 0; i < state->n_tests; i++)
		if (console->has_untold_control || has_changed(console, state->tests[i]))
			json_array_append_new(names, json_string(state->tests[i]->name));
	store_clear_news(console->store);
	console->has_untold_control = false;
	console->change_due_us = service->now_us + CHANGE_US;
	server_tell(console->server,
		json_pack("{s:o s:I s:o}", "tests", names, "generation",
			(json_int_t)state->generation, "updated",
			api_time(api_updated(&console->view, NULL))));
}

static void count_lags(const struct console *console)
{
	for (int32_t i = 0; i < feed_partitions(console->feed); i++) {
		int64_t lag = feed_end(console->feed, i) - store_position(console->store, i);
		counters_lag(i, lag > 0 ? lag : 0);
	}
}

static void do_slow_work(struct console *console)
{
	count_lags(console);
	counters_store(store_size(console->store));
	store_look(console->store);
	if (!console->service.is_started)
		return;
	store_prune(console->store); /* before, nobody knew which hours are kept */
	if (!*feed_trouble(console->feed))
		groups_look(console->groups, control_log_state(console->service.control),
			console->service.now_us, clock_wall_us());
}

static int64_t read_on(struct console *console)
{
	const struct service *service = &console->service;
	if (service->has_changed)
		keep_hours(console);
	if (!console->is_reading)
		console->is_reading = feed_start(console->feed);
	int64_t wait = console->is_reading ? feed_tick(console->feed, service->now_us) : -1;
	wait = loop_earlier(wait,
		hosts_tick(console->hosts, control_log_state(service->control), service->now_us,
			clock_wall_us()));
	return loop_earlier(wait, model_caller_tick(service->caller, clock_monotonic_us()));
}

static int64_t tick(void *self)
{
	struct console *console = self;
	const struct service *service = &console->service;
	int64_t wait = -1;
	if (service->is_started && !service->is_stopping)
		wait = read_on(console);
	look(console);
	console->has_untold_control |= service->has_changed;
	if (service->is_started && service->now_us >= console->change_due_us)
		tell_changes(console);
	if (service->is_slow_tick)
		do_slow_work(console);
	return loop_earlier(wait, server_tick(console->server));
}

static int64_t stop(void *self)
{
	struct console *console = self;
	server_drain(console->server);
	return 0;
}

static bool is_drained(void *self)
{
	(void)self;
	return true;
}

const struct service_kind console_kind = {
	.program = &console_program,
	.size = sizeof(struct console),
	.open = open_console,
	.tick = tick,
	.handle = any_handle,
	.why_not_ready = why_not_ready,
	.stop = stop,
	.is_drained = is_drained,
	.close = close_console,
};
