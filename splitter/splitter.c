#include "splitter/splitter.h"
#include "common/clock.h"
#include "common/log.h"
#include "splitter/counters.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include <stdio.h>
#include <string.h>

static int open_splitter(void *self, char *errstr, size_t errstr_size)
{
	struct splitter *splitter = self;
	const struct common_settings *settings = splitter->service.settings;
	struct loop *loop = splitter->service.loop;
	metric_get0(&counter_events_given_up);
	splitter->answers =
		publisher_new(settings, loop, "answers", PUBLISH_ANSWERS, errstr, errstr_size);
	if (!splitter->answers)
		return -1;
	splitter->events = event_lane_new(settings, loop, splitter_program.name,
		splitter->service.instance, errstr, errstr_size);
	if (!splitter->events)
		return -1;
	splitter->copies =
		publisher_new(settings, loop, "copies", PUBLISH_COPIES, errstr, errstr_size);
	return splitter->copies ? 0 : -1;
}

static void close_splitter(void *self)
{
	struct splitter *splitter = self;
	for (struct route *route = splitter->routes; route; route = route->next)
		route_close(route);
	/* Their last deliveries end the exchanges that were abandoned. */
	publisher_free(splitter->answers);
	publisher_free(splitter->copies);
	event_lane_free(splitter->events);
	while (splitter->routes) {
		struct route *route = splitter->routes;
		splitter->routes = route->next;
		route_free(route);
	}
	stuck_fini(&splitter->stuck);
}

static rd_kafka_t *any_handle(void *self)
{
	struct splitter *splitter = self;
	return event_lane_handle(splitter->events);
}

/* Control. */

static bool is_served(const struct splitter *splitter, const char *endpoint)
{
	const struct string_list *only = &splitter_settings(splitter)->endpoints;
	for (size_t i = 0; i < only->n; i++)
		if (!strcmp(only->items[i], endpoint))
			return true;
	return !only->n;
}

static struct route *find_route(struct splitter *splitter, const char *endpoint)
{
	for (struct route *route = splitter->routes; route; route = route->next)
		if (!strcmp(route->lineup->endpoint->name, endpoint) &&
			!intake_is_late(route->intake))
			return route;
	return NULL;
}

/* Tried again until it can be done: a file may be put in its place later. */
static void note_problem(struct splitter *splitter, const char *object, const char *why)
{
	log_error(object, "%s", why);
	splitter->is_reconciled = false;
	if (!splitter->problem[0])
		snprintf(splitter->problem, sizeof splitter->problem, "%s: %s", object, why);
}

static void open_route(
	struct splitter *splitter, const struct control_state *state, struct endpoint *endpoint)
{
	char errstr[300], object[120];
	struct route *route = route_new(splitter, state, endpoint, errstr, sizeof errstr);
	if (!route) {
		snprintf(object, sizeof object, "endpoint %s", endpoint->name);
		note_problem(splitter, object, errstr);
		return;
	}
	route->next = splitter->routes;
	splitter->routes = route;
}

static void update_route(
	struct splitter *splitter, const struct control_state *state, struct route *route)
{
	char errstr[300];
	struct endpoint *endpoint = control_endpoint(state, route->lineup->endpoint->name);
	if (route->is_retiring || route_is_outdated(route, endpoint))
		route_retire(route);
	else if (route->lineup->generation != state->generation &&
		route_update(route, state, endpoint, errstr, sizeof errstr))
		note_problem(splitter, route->object, errstr);
}

/* Makes the routes what the control state says. An outdated one drains first; its successor opens
 * when it is gone. */
static void reconcile(struct splitter *splitter)
{
	const struct control_state *state = control_log_state(splitter->service.control);
	splitter->is_reconciled = true;
	splitter->problem[0] = 0;
	for (struct route *route = splitter->routes; route; route = route->next)
		update_route(splitter, state, route);
	for (size_t i = 0; i < state->n_endpoints; i++) {
		struct endpoint *endpoint = state->endpoints[i];
		if (is_served(splitter, endpoint->name) && !find_route(splitter, endpoint->name))
			open_route(splitter, state, endpoint);
	}
}

/* Closes the routes that have drained, or that took too long. */
static void sweep(struct splitter *splitter)
{
	struct route **at = &splitter->routes;
	while (*at) {
		struct route *route = *at;
		bool late = splitter->service.now_us >= route->retire_deadline_us;
		if (route->is_retiring && (intake_is_drained(route->intake) || late))
			route_close(route);
		if (!route_is_gone(route)) {
			splitter->is_reconciled &= !intake_is_late(route->intake);
			at = &route->next;
			continue;
		}
		*at = route->next;
		route_free(route);
		splitter->is_reconciled = false; /* its successor may open */
	}
}

static const char *why_not_ready(void *self, char *text, size_t size)
{
	const struct splitter *splitter = self;
	if (splitter->problem[0])
		return splitter->problem;
	for (struct route *route = splitter->routes; route; route = route->next) {
		struct intake_status status;
		if (route->is_closed)
			continue;
		intake_read_status(route->intake, &status);
		if (status.assigned && !status.stopped)
			continue;
		snprintf(text, size, "%s %s", route->object,
			status.stopped ? "has partitions that are not read: their position is gone"
				       : "waits for its partitions");
		return text;
	}
	return NULL;
}

/* Work. */

static void follow_control(struct splitter *splitter)
{
	const struct service *service = &splitter->service;
	sweep(splitter);
	if (!service->is_started || service->is_stopping)
		return;
	if (service->has_changed || (!splitter->is_reconciled && service->is_slow_tick))
		reconcile(splitter);
}

static bool has_new_room(const struct splitter *splitter)
{
	for (const struct route *route = splitter->routes; route; route = route->next)
		if (!route->is_closed && intake_has_new_room(route->intake))
			return true;
	return false;
}

static int64_t tick(void *self)
{
	struct splitter *splitter = self;
	const struct service *service = &splitter->service;
	follow_control(splitter);
	publisher_poll(splitter->answers);
	publisher_poll(splitter->copies);
	event_lane_tick(splitter->events, control_log_state(service->control)->event_partitions);
	retry_tick(&splitter->waiting, service->now_us);
	int64_t wait = -1;
	for (struct route *route = splitter->routes; route; route = route->next) {
		if (route->is_closed)
			continue;
		wait = loop_earlier(wait, intake_tick(route->intake, service->now_us));
		if (service->is_slow_tick)
			counters_route(route);
	}
	/* Last, and once a turn, since it looks at every call: what the intakes started goes out now.
	 * Later than the turn began, so that no duration is negative. */
	wait = loop_earlier(wait, model_caller_tick(service->caller, clock_monotonic_us()));
	if (has_new_room(splitter))
		return 0;
	return loop_earlier(wait, retry_wait(&splitter->waiting, service->now_us));
}

static int64_t stop(void *self)
{
	struct splitter *splitter = self;
	for (struct route *route = splitter->routes; route; route = route->next)
		route_retire(route);
	return splitter_settings(splitter)->drain_us;
}

static bool is_drained(void *self)
{
	const struct splitter *splitter = self;
	for (const struct route *route = splitter->routes; route; route = route->next)
		if (!route->is_closed)
			return false;
	return true;
}

const struct service_kind splitter_kind = {
	.program = &splitter_program,
	.size = sizeof(struct splitter),
	.open = open_splitter,
	.tick = tick,
	.handle = any_handle,
	.why_not_ready = why_not_ready,
	.stop = stop,
	.is_drained = is_drained,
	.close = close_splitter,
};
