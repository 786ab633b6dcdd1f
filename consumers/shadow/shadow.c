#include "consumers/shadow/shadow.h"
#include "common/clock.h"
#include "common/log.h"
#include "consumers/shadow/counters.h"
#include "consumers/shadow/lane.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_INTERVAL_US = 500000 };

struct shadow *shadow_new(
	struct shadow_settings *settings, struct loop *loop, char *errstr, size_t errstr_size)
{
	struct shadow *shadow = calloc(1, sizeof *shadow);
	snprintf(errstr, errstr_size, "out of memory");
	if (!shadow)
		return NULL;
	shadow->settings = settings;
	shadow->loop = loop;
	startup_name_instance(&settings->common, shadow->instance);
	metric_get0(&counter_events_given_up);
	if (asprintf(&shadow->events_topic, "%sevents", settings->common.prefix) < 0) {
		shadow->events_topic = NULL;
		goto fail;
	}
	shadow->admin = admin_open(loop, settings->common.admin, errstr, errstr_size);
	if (!shadow->admin)
		goto fail;
	shadow->caller = model_caller_new(errstr, errstr_size);
	if (!shadow->caller)
		goto fail;
	shadow->events = publisher_new(
		&settings->common, loop, "events", PUBLISH_EVENTS, errstr, errstr_size);
	if (!shadow->events)
		goto fail;
	shadow->control = control_log_open(&settings->common, loop, errstr, errstr_size);
	if (!shadow->control)
		goto fail;
	return shadow;
fail:
	shadow_free(shadow);
	return NULL;
}

void shadow_free(struct shadow *shadow)
{
	if (!shadow)
		return;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		lane_close(lane);
	/* The last deliveries end the copies that were abandoned. */
	publisher_free(shadow->events);
	while (shadow->lanes) {
		struct lane *lane = shadow->lanes;
		shadow->lanes = lane->next;
		lane_free(lane);
	}
	control_log_close(shadow->control);
	model_caller_free(shadow->caller);
	admin_close(shadow->admin);
	free(shadow->events_topic);
	free(shadow);
}

/* Control. */

static struct lane *find_lane(struct shadow *shadow, const char *topic)
{
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!strcmp(lane->test->shadow_topics[lane->variant], topic))
			return lane;
	return NULL;
}

static void open_lane(struct shadow *shadow, struct test *test, size_t variant)
{
	char errstr[512];
	const struct control_state *state = control_log_state(shadow->control);
	struct endpoint *endpoint = control_endpoint(state, test->endpoint);
	if (!endpoint || find_lane(shadow, test->shadow_topics[variant]))
		return;
	struct lane *lane = lane_new(shadow, test, variant, endpoint, errstr, sizeof errstr);
	if (!lane) {
		log_error(test->name, "a shadow variant cannot be served: %s", errstr);
		return;
	}
	lane->next = shadow->lanes;
	shadow->lanes = lane;
}

/* The test of this lane as the log has it now; NULL: deleted, or another one of that name. */
static struct test *present_test(const struct control_state *state, const struct lane *lane)
{
	struct test *test = control_test(state, lane->test->name);
	bool same = test && test->created_generation == lane->test->created_generation;
	return same ? test : NULL;
}

static void refresh_lane(const struct control_state *state, struct lane *lane, int64_t now_us)
{
	struct test *test = present_test(state, lane);
	struct endpoint *endpoint = control_endpoint(state, lane->test->endpoint);
	if (lane->is_retiring)
		return;
	if (!test || !endpoint)
		lane->is_cancelled = true;
	else if (test->generation != lane->test->generation ||
		endpoint->generation != lane->endpoint->generation)
		lane_update(lane, test, endpoint);
	struct intake_status status;
	intake_read_status(lane->intake, &status);
	bool is_empty = status.assigned && !status.open && !status.lag;
	if ((!test && is_empty) || !lane_is_needed(lane->test, now_us))
		lane_retire(lane);
}

static void reconcile(struct shadow *shadow)
{
	const struct control_state *state = control_log_state(shadow->control);
	int64_t now_us = clock_wall_us();
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		refresh_lane(state, lane, now_us);
	for (size_t i = 0; i < state->n_tests; i++)
		for (size_t v = 0; v < state->tests[i]->n_variants; v++)
			if (lane_is_needed(state->tests[i], now_us))
				open_lane(shadow, state->tests[i], v);
}

/* Closes the lanes that have drained, or that took too long. */
static void sweep(struct shadow *shadow, int64_t now_us)
{
	struct lane **at = &shadow->lanes;
	while (*at) {
		struct lane *lane = *at;
		bool late = now_us >= lane->retire_deadline_us;
		if (lane->is_retiring && (intake_is_drained(lane->intake) || late))
			lane_close(lane);
		if (!lane->is_closed || !intake_is_drained(lane->intake)) {
			at = &lane->next;
			continue;
		}
		*at = lane->next;
		lane_free(lane);
	}
}

static void tell_readiness(struct shadow *shadow)
{
	const char *why_not = startup_why_not(&shadow->startup, shadow->control);
	char text[300];
	for (struct lane *lane = shadow->lanes; lane && !why_not; lane = lane->next) {
		struct intake_status status;
		if (lane->is_closed)
			continue;
		intake_read_status(lane->intake, &status);
		if (status.assigned)
			continue;
		snprintf(text, sizeof text, "%s waits for its partitions", lane->object);
		why_not = text;
	}
	admin_set_ready(shadow->admin, shadow->is_stopping ? "stopping" : why_not);
}

/* Work. */

static void follow_control(struct shadow *shadow, int64_t now_us)
{
	bool changed = control_log_tick(shadow->control, now_us);
	sweep(shadow, now_us);
	bool is_time = now_us >= shadow->next_look_us;
	if (is_time)
		shadow->next_look_us = now_us + LOOK_INTERVAL_US;
	if (!shadow->is_stopping && (changed || is_time) &&
		startup_check(&shadow->startup, shadow->control, publisher_handle(shadow->events),
			shadow->settings->common.prefix, now_us))
		reconcile(shadow);
	for (struct lane *lane = shadow->lanes; is_time && lane; lane = lane->next)
		if (!lane->is_closed)
			counters_lane(lane);
	if (is_time)
		tell_readiness(shadow);
}

int64_t shadow_tick(struct shadow *shadow)
{
	int64_t now_us = clock_monotonic_us();
	follow_control(shadow, now_us);
	(void)model_caller_tick(shadow->caller, now_us);
	publisher_poll(shadow->events);
	int64_t wait = retry_tick(&shadow->waiting, now_us);
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!lane->is_closed)
			wait = loop_earlier(wait, intake_tick(lane->intake, now_us));
	/* The intakes may have started calls: they go out now, not after the wait. */
	wait = loop_earlier(wait, model_caller_tick(shadow->caller, now_us));
	wait = loop_earlier(wait, shadow->next_look_us - now_us);
	wait = loop_earlier(wait, admin_tick(shadow->admin));
	return loop_earlier(wait, log_tick(now_us));
}

void shadow_stop(struct shadow *shadow)
{
	shadow->is_stopping = true;
	tell_readiness(shadow);
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		lane_retire(lane);
}

bool shadow_is_drained(const struct shadow *shadow)
{
	for (const struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!lane->is_closed)
			return false;
	return true;
}
