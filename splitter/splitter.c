#include "splitter/splitter.h"
#include "common/clock.h"
#include "common/log.h"
#include "splitter/counters.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAUGES_INTERVAL_US = 500000 };

static int open_publishers(struct splitter *splitter, char *errstr, size_t errstr_size)
{
	const struct common_settings *settings = &splitter->settings->common;
	struct loop *loop = splitter->loop;
	splitter->answers =
		publisher_new(settings, loop, "answers", PUBLISH_ANSWERS, errstr, errstr_size);
	if (!splitter->answers)
		return -1;
	splitter->events =
		publisher_new(settings, loop, "events", PUBLISH_EVENTS, errstr, errstr_size);
	if (!splitter->events)
		return -1;
	splitter->copies =
		publisher_new(settings, loop, "copies", PUBLISH_COPIES, errstr, errstr_size);
	return splitter->copies ? 0 : -1;
}

struct splitter *splitter_new(
	struct splitter_settings *settings, struct loop *loop, char *errstr, size_t errstr_size)
{
	struct splitter *splitter = calloc(1, sizeof *splitter);
	if (!splitter) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	splitter->settings = settings;
	splitter->loop = loop;
	startup_name_instance(&settings->common, splitter->instance);
	metric_get0(&counter_events_given_up);
	splitter->admin = admin_open(loop, settings->common.admin, errstr, errstr_size);
	if (!splitter->admin)
		goto fail;
	splitter->caller = model_caller_new(errstr, errstr_size);
	if (!splitter->caller || open_publishers(splitter, errstr, errstr_size))
		goto fail;
	splitter->control = control_log_open(&settings->common, loop, errstr, errstr_size);
	if (!splitter->control)
		goto fail;
	return splitter;
fail:
	splitter_free(splitter);
	return NULL;
}

void splitter_free(struct splitter *splitter)
{
	if (!splitter)
		return;
	for (struct route *route = splitter->routes; route; route = route->next)
		route_close(route);
	/* Their last deliveries end the exchanges that were abandoned. */
	publisher_free(splitter->answers);
	publisher_free(splitter->copies);
	publisher_free(splitter->events);
	while (splitter->routes) {
		struct route *route = splitter->routes;
		splitter->routes = route->next;
		route_free(route);
	}
	control_log_close(splitter->control);
	model_caller_free(splitter->caller);
	admin_close(splitter->admin);
	free(splitter);
}

/* Control. */

static bool is_served(const struct splitter *splitter, const char *endpoint)
{
	const struct string_list *only = &splitter->settings->endpoints;
	for (size_t i = 0; i < only->n; i++)
		if (!strcmp(only->items[i], endpoint))
			return true;
	return !only->n;
}

static struct route *find_route(struct splitter *splitter, const char *endpoint)
{
	for (struct route *route = splitter->routes; route; route = route->next)
		if (!strcmp(route->lineup->endpoint->name, endpoint))
			return route;
	return NULL;
}

static void open_route(
	struct splitter *splitter, const struct control_state *state, struct endpoint *endpoint)
{
	char errstr[512];
	struct route *route = route_new(splitter, state, endpoint, errstr, sizeof errstr);
	if (!route) {
		log_error(endpoint->name, "endpoint cannot be served: %s", errstr);
		splitter->is_reconciled = false;
		return;
	}
	route->next = splitter->routes;
	splitter->routes = route;
}

/* Makes the routes what the control state says. An outdated one drains first; its successor opens
 * when it is gone. */
static void reconcile(struct splitter *splitter)
{
	const struct control_state *state = control_log_state(splitter->control);
	splitter->is_reconciled = true;
	for (struct route *route = splitter->routes; route; route = route->next) {
		struct endpoint *endpoint = control_endpoint(state, route->lineup->endpoint->name);
		if (route->is_retiring || route_is_outdated(route, endpoint))
			route_retire(route);
		else if (route->lineup->generation != state->generation)
			route_update(route, state, endpoint);
	}
	for (size_t i = 0; i < state->n_endpoints; i++) {
		struct endpoint *endpoint = state->endpoints[i];
		if (is_served(splitter, endpoint->name) && !find_route(splitter, endpoint->name))
			open_route(splitter, state, endpoint);
	}
}

/* Closes the routes that have drained, or that took too long. True when one is gone. */
static bool sweep(struct splitter *splitter, int64_t now_us)
{
	for (struct route **at = &splitter->routes; *at; at = &(*at)->next) {
		struct route *route = *at;
		bool late = now_us >= route->retire_deadline_us;
		if (!route->is_retiring || (!intake_is_drained(route->intake) && !late))
			continue;
		route_close(route);
		route->is_closed = true;
		if (!intake_is_drained(route->intake))
			continue; /* its deliveries are still to come */
		*at = route->next;
		route_free(route);
		return true;
	}
	return false;
}

static void tell_readiness(struct splitter *splitter)
{
	const char *why_not = startup_why_not(&splitter->startup, splitter->control);
	char text[200];
	for (struct route *route = splitter->routes; route && !why_not; route = route->next) {
		struct intake_status status;
		if (route->is_closed)
			continue;
		intake_read_status(route->intake, &status);
		if (status.assigned && !status.stopped)
			continue;
		snprintf(text, sizeof text, "%s %s", route->object,
			status.stopped ? "has partitions that are not read: their position is gone"
				       : "waits for its partitions");
		why_not = text;
	}
	admin_set_ready(splitter->admin, splitter->is_stopping ? "stopping" : why_not);
}

/* Work. */

static void follow_control(struct splitter *splitter, int64_t now_us)
{
	bool again = !splitter->is_reconciled && now_us >= splitter->next_gauges_us;
	bool changed = control_log_tick(splitter->control, now_us);
	bool swept = sweep(splitter, now_us);
	if (splitter->is_stopping ||
		!startup_check(&splitter->startup, splitter->control,
			publisher_handle(splitter->events), splitter->settings->common.prefix,
			now_us))
		return;
	if (changed || swept || again)
		reconcile(splitter);
}

static int64_t show_gauges(struct splitter *splitter, int64_t now_us)
{
	if (now_us >= splitter->next_gauges_us) {
		for (struct route *route = splitter->routes; route; route = route->next)
			if (!route->is_closed)
				counters_route(route);
		tell_readiness(splitter);
		splitter->next_gauges_us = now_us + GAUGES_INTERVAL_US;
	}
	return splitter->next_gauges_us - now_us;
}

int64_t splitter_tick(struct splitter *splitter)
{
	int64_t now_us = clock_monotonic_us();
	follow_control(splitter, now_us);
	(void)model_caller_tick(splitter->caller, now_us);
	publisher_poll(splitter->answers);
	publisher_poll(splitter->copies);
	publisher_poll(splitter->events);
	int64_t wait = retry_tick(&splitter->waiting, now_us);
	for (struct route *route = splitter->routes; route; route = route->next)
		wait = loop_earlier(
			wait, route->is_closed ? -1 : intake_tick(route->intake, now_us));
	/* The intake may have started calls: they go out now, not after the wait. */
	wait = loop_earlier(wait, model_caller_tick(splitter->caller, now_us));
	wait = loop_earlier(wait, show_gauges(splitter, now_us));
	wait = loop_earlier(wait, admin_tick(splitter->admin));
	return loop_earlier(wait, log_tick(now_us));
}

void splitter_stop(struct splitter *splitter)
{
	splitter->is_stopping = true;
	tell_readiness(splitter);
	for (struct route *route = splitter->routes; route; route = route->next)
		route_retire(route);
}

bool splitter_is_drained(const struct splitter *splitter)
{
	for (const struct route *route = splitter->routes; route; route = route->next)
		if (!route->is_closed)
			return false;
	return true;
}
