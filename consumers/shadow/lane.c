#include "consumers/shadow/lane.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/variant.h"
#include "consumers/shadow/replay.h"
#include "consumers/shadow/shadow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REBALANCE_DRAIN_US = 2000000 };

bool lane_is_needed(const struct test *test, int64_t now_us)
{
	int64_t end_us = test->ended != TEST_CREATED ? test->ended_us : test->end_us;
	return end_us > INT64_MAX - LANE_AFTER_END_US || now_us < end_us + LANE_AFTER_END_US;
}

static int64_t from_the_beginning(void *opaque, int32_t partition)
{
	(void)opaque, (void)partition;
	return RD_KAFKA_OFFSET_BEGINNING;
}

static const struct variant *variants_of(
	const struct test *test, const struct endpoint *endpoint, enum role role, size_t *n)
{
	*n = role == ROLE_BASELINE ? endpoint->n_variants : test->n_variants;
	return role == ROLE_BASELINE ? endpoint->variants : test->variants;
}

const struct variant *lane_variant(const struct lane *lane)
{
	size_t n;
	return &variants_of(lane->test, lane->endpoint, lane->role, &n)[lane->variant];
}

void lane_topic(const struct lane_arm *arm, char topic[250])
{
	size_t n;
	snprintf(topic, 250, "%s.shadow.%s", arm->endpoint->name,
		variants_of(arm->test, arm->endpoint, arm->role, &n)[arm->variant].name);
}

/* Copies of a cancelled test need no model. */
static uint32_t room_of(void *opaque)
{
	const struct lane *lane = opaque;
	return lane->is_cancelled ? UINT32_MAX : model_room(lane->model);
}

static int open_intake(struct lane *lane, char *errstr, size_t errstr_size)
{
	const struct common_settings *settings = lane->shadow->service.settings;
	char group[400];
	snprintf(group, sizeof group, "%sshadow.%s.%s", settings->prefix, lane->endpoint->name,
		lane_variant(lane)->name);
	struct intake_config config = {
		.topic = lane->topic,
		.group = group,
		.object = lane->object,
		.span_limit = (uint32_t)lane->endpoint->max_uncommitted,
		.record_size = sizeof(struct replay),
		.zeroed_size = sizeof(struct replay),
		.drain_us = REBALANCE_DRAIN_US,
		.reset_to_earliest = true,
		.start = from_the_beginning,
		.on_record = replay_on_record,
		.on_abandon = replay_on_abandon,
		.room = room_of,
		.opaque = lane,
	};
	lane->intake =
		intake_open(settings, lane->shadow->service.loop, &config, errstr, errstr_size);
	return lane->intake ? 0 : -1;
}

struct lane *lane_new(
	struct shadow *shadow, const struct lane_arm *arm, char *errstr, size_t errstr_size)
{
	struct lane *lane = calloc(1, sizeof *lane);
	memory_need(lane);
	lane->shadow = shadow;
	lane->test = test_hold(arm->test);
	lane->endpoint = endpoint_hold(arm->endpoint);
	lane->role = arm->role;
	lane->variant = arm->variant;
	lane->is_cancelled = arm->test->ended == TEST_CANCELLED;
	lane_topic(arm, lane->topic);
	snprintf(lane->object, sizeof lane->object, "%s %s/%s", role_name(lane->role),
		lane->endpoint->name, lane_variant(lane)->name);
	lane->model = variant_open_model(lane_variant(lane), lane->endpoint->name,
		shadow->service.caller, errstr, errstr_size);
	if (!lane->model || open_intake(lane, errstr, errstr_size)) {
		lane_free(lane);
		return NULL;
	}
	log_info(lane->object, "serving %s for test %s", lane->topic, lane->test->name);
	return lane;
}

void lane_close(struct lane *lane)
{
	intake_close(lane->intake);
	lane->is_closed = true;
}

bool lane_is_gone(struct lane *lane)
{
	return lane->is_closed && intake_is_closed(lane->intake) && intake_is_drained(lane->intake);
}

void lane_free(struct lane *lane)
{
	if (!lane)
		return;
	intake_free(lane->intake);
	if (lane->model)
		model_release(lane->model);
	test_release(lane->test);
	endpoint_release(lane->endpoint);
	free(lane);
}

static int swap_model(
	struct lane *lane, const struct variant *variant, char *errstr, size_t errstr_size)
{
	struct model *model = variant_open_model(
		variant, lane->endpoint->name, lane->shadow->service.caller, errstr, errstr_size);
	if (!model)
		return -1;
	model_release(lane->model);
	lane->model = model;
	return 0;
}

/* Copies stay in the topic until the model that they are for can be called; "": it can. */
static void let_wait(struct lane *lane, const char *why)
{
	if (why[0])
		log_error(lane->object, "its copies wait: %s", why);
	snprintf(lane->problem, sizeof lane->problem, "%s", why);
	intake_hold(lane->intake, why[0] != 0);
}

void lane_cancel(struct lane *lane)
{
	lane->is_cancelled = true;
	let_wait(lane, "");
}

static void take_over(
	struct lane *lane, struct test *test, struct endpoint *endpoint, size_t variant)
{
	struct test *old_test = lane->test;
	struct endpoint *old_endpoint = lane->endpoint;
	lane->test = test_hold(test);
	lane->endpoint = endpoint_hold(endpoint);
	lane->variant = variant;
	lane->is_cancelled = test->ended == TEST_CANCELLED;
	test_release(old_test);
	endpoint_release(old_endpoint);
	let_wait(lane, "");
}

int lane_update(struct lane *lane, struct test *test, struct endpoint *endpoint)
{
	char errstr[sizeof lane->problem];
	size_t at = 0, n;
	const struct variant *variants = variants_of(test, endpoint, lane->role, &n);
	while (at < n && strcmp(variants[at].name, lane_variant(lane)->name))
		at++;
	if (at == n) {
		lane_cancel(lane);
		return 0;
	}
	if (test->ended != TEST_CANCELLED &&
		!variant_same_model(lane_variant(lane), &variants[at]) &&
		swap_model(lane, &variants[at], errstr, sizeof errstr)) {
		let_wait(lane, errstr);
		return -1;
	}
	take_over(lane, test, endpoint, at);
	return 0;
}

void lane_retire(struct lane *lane)
{
	if (lane->is_retiring)
		return;
	log_info(lane->object, "draining, then closing");
	lane->is_retiring = true;
	lane->retire_deadline_us = clock_monotonic_us() + shadow_settings(lane->shadow)->drain_us;
	intake_stop(lane->intake);
}

const char *lane_refusal(const struct lane *lane, const struct copy *copy)
{
	if (lane->is_cancelled)
		return "test_cancelled";
	if (strcmp(copy->test, lane->test->name) ||
		copy->generation < lane->test->created_generation)
		return "test_over";
	return NULL;
}
