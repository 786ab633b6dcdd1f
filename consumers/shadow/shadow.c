#include "consumers/shadow/shadow.h"
#include "common/clock.h"
#include "common/log.h"
#include "consumers/shadow/counters.h"
#include "consumers/shadow/lane.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_shadow(void *self, char *errstr, size_t errstr_size)
{
	struct shadow *shadow = self;
	const struct common_settings *settings = shadow->service.settings;
	metric_get0(&counter_events_given_up);
	shadow->events = event_lane_new(settings, shadow->service.loop, shadow_program.name,
		shadow->service.instance, errstr, errstr_size);
	return shadow->events ? 0 : -1;
}

static void close_shadow(void *self)
{
	struct shadow *shadow = self;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		lane_close(lane);
	/* The last deliveries end the copies that were abandoned. */
	event_lane_free(shadow->events);
	while (shadow->lanes) {
		struct lane *lane = shadow->lanes;
		shadow->lanes = lane->next;
		lane_free(lane);
	}
}

static rd_kafka_t *any_handle(void *self)
{
	struct shadow *shadow = self;
	return event_lane_handle(shadow->events);
}

/* Control. */

static struct lane *find_lane(struct shadow *shadow, const char *topic)
{
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!strcmp(lane->topic, topic) && !intake_is_late(lane->intake))
			return lane;
	return NULL;
}

/* A test that runs takes a topic over from one that has ended: what that left there is not asked. */
static void take_over(struct lane *lane, const struct lane_arm *arm)
{
	int64_t now_us = clock_wall_us();
	if (lane->is_retiring || lane->role != arm->role || lane->test == arm->test ||
		test_state_at(lane->test, now_us) <= TEST_RUNNING ||
		test_state_at(arm->test, now_us) != TEST_RUNNING)
		return;
	if (!lane_update(lane, arm->test, arm->endpoint))
		log_info(lane->object, "serving %s for test %s now", lane->topic, arm->test->name);
}

/* Tried again until it can be opened: a file may be put in its place later. */
static void note_problem(struct shadow *shadow, const struct lane_arm *arm, const char *why)
{
	log_error(arm->test->name, "a %s variant cannot be served: %s", role_name(arm->role), why);
	if (!shadow->problem[0])
		snprintf(shadow->problem, sizeof shadow->problem,
			"a %s variant of test %s cannot be served: %s", role_name(arm->role),
			arm->test->name, why);
}

static void open_lane(struct shadow *shadow, const struct lane_arm *arm)
{
	char errstr[300], topic[250];
	lane_topic(arm, topic);
	struct lane *lane = find_lane(shadow, topic);
	if (lane) {
		take_over(lane, arm);
		return;
	}
	lane = lane_new(shadow, arm, errstr, sizeof errstr);
	if (!lane) {
		note_problem(shadow, arm, errstr);
		return;
	}
	lane->next = shadow->lanes;
	shadow->lanes = lane;
}

static void open_lanes(struct shadow *shadow, const struct control_state *state, struct test *test)
{
	struct lane_arm arm = {test, control_endpoint(state, test->endpoint), ROLE_SHADOW, 0};
	if (!arm.endpoint)
		return;
	for (; arm.variant < test->n_variants; arm.variant++)
		open_lane(shadow, &arm);
	arm.role = ROLE_BASELINE;
	arm.variant = 0;
	for (; test->baseline && arm.variant < arm.endpoint->n_variants; arm.variant++)
		open_lane(shadow, &arm);
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
		lane_cancel(lane);
	else if (test->generation != lane->test->generation ||
		endpoint->generation != lane->endpoint->generation)
		(void)lane_update(lane, test, endpoint);
	struct intake_status status;
	intake_read_status(lane->intake, &status);
	bool is_empty = status.assigned && !status.open && !status.lag;
	if ((!test && is_empty) || !lane_is_needed(test ? test : lane->test, now_us))
		lane_retire(lane);
}

static void reconcile(struct shadow *shadow)
{
	const struct control_state *state = control_log_state(shadow->service.control);
	int64_t now_us = clock_wall_us();
	shadow->problem[0] = 0;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		refresh_lane(state, lane, now_us);
	for (size_t i = 0; i < state->n_tests; i++)
		if (lane_is_needed(state->tests[i], now_us))
			open_lanes(shadow, state, state->tests[i]);
}

/* Closes the lanes that have drained, or that took too long. */
static void sweep(struct shadow *shadow)
{
	struct lane **at = &shadow->lanes;
	while (*at) {
		struct lane *lane = *at;
		bool late = shadow->service.now_us >= lane->retire_deadline_us;
		if (lane->is_retiring && (intake_is_drained(lane->intake) || late))
			lane_close(lane);
		if (!lane_is_gone(lane)) {
			at = &lane->next;
			continue;
		}
		*at = lane->next;
		lane_free(lane);
	}
}

static const char *why_not_ready(void *self, char *text, size_t size)
{
	const struct shadow *shadow = self;
	if (shadow->problem[0])
		return shadow->problem;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next) {
		struct intake_status status;
		if (lane->is_closed)
			continue;
		intake_read_status(lane->intake, &status);
		if (status.assigned && !lane->problem[0])
			continue;
		snprintf(text, size, "%s %s%s", lane->object,
			lane->problem[0] ? "lets its copies wait: " : "waits for its partitions",
			lane->problem);
		return text;
	}
	return NULL;
}

/* Work. */

static bool has_new_room(const struct shadow *shadow)
{
	for (const struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!lane->is_closed && intake_has_new_room(lane->intake))
			return true;
	return false;
}

static int64_t tick(void *self)
{
	struct shadow *shadow = self;
	const struct service *service = &shadow->service;
	sweep(shadow);
	if (service->is_started && !service->is_stopping &&
		(service->has_changed || service->is_slow_tick))
		reconcile(shadow);
	event_lane_tick(
		shadow->events, control_log_state(shadow->service.control)->event_partitions);
	retry_tick(&shadow->waiting, service->now_us);
	int64_t wait = -1;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next) {
		if (lane->is_closed)
			continue;
		wait = loop_earlier(wait, intake_tick(lane->intake, service->now_us));
		if (service->is_slow_tick)
			counters_lane(lane);
	}
	/* Last, and once a turn, since it looks at every call: what the intakes started goes out now.
	 * Later than the turn began, so that no duration is negative. */
	wait = loop_earlier(wait, model_caller_tick(service->caller, clock_monotonic_us()));
	if (has_new_room(shadow))
		return 0;
	return loop_earlier(wait, retry_wait(&shadow->waiting, service->now_us));
}

static int64_t stop(void *self)
{
	struct shadow *shadow = self;
	for (struct lane *lane = shadow->lanes; lane; lane = lane->next)
		lane_retire(lane);
	return shadow_settings(shadow)->drain_us;
}

static bool is_drained(void *self)
{
	const struct shadow *shadow = self;
	for (const struct lane *lane = shadow->lanes; lane; lane = lane->next)
		if (!lane->is_closed)
			return false;
	return true;
}

const struct service_kind shadow_kind = {
	.program = &shadow_program,
	.size = sizeof(struct shadow),
	.open = open_shadow,
	.tick = tick,
	.handle = any_handle,
	.why_not_ready = why_not_ready,
	.stop = stop,
	.is_drained = is_drained,
	.close = close_shadow,
};
