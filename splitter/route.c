#include "splitter/route.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "splitter/exchange.h"
#include "splitter/lineup.h"
#include "splitter/splitter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REBALANCE_DRAIN_US = 2000000 };

/* A partition that was there when the start was written begins there, a later one at its start. */
static int64_t start_of(void *opaque, int32_t partition)
{
	const struct route *route = opaque;
	const struct endpoint *endpoint = route->lineup->endpoint;
	return (size_t)partition < endpoint->n_start ? endpoint->start[partition] : 0;
}

/* While one arm can take more, records are taken: those of an arm that cannot wait for it, as far as
 * their partitions have room. */
static uint32_t room_of(void *opaque)
{
	const struct route *route = opaque;
	uint32_t room = 0;
	for (size_t i = 0; i < route->lineup->n_arms; i++) {
		uint32_t more = model_room(route->lineup->arms[i].model);
		room = more > room ? more : room;
	}
	return room;
}

static int open_intake(struct route *route, char *errstr, size_t errstr_size)
{
	struct intake_config config = {
		.topic = route->topic,
		.group = route->group,
		.object = route->object,
		.span_limit = (uint32_t)route->lineup->endpoint->max_uncommitted,
		.record_size = sizeof(struct exchange),
		.zeroed_size = offsetof(struct exchange, request),
		.drain_us = REBALANCE_DRAIN_US,
		.epoch = route->epoch,
		.start = start_of,
		.on_record = exchange_on_record,
		.on_abandon = exchange_on_abandon,
		.on_full = exchange_on_full,
		.room = room_of,
		.opaque = route,
	};
	const struct common_settings *settings = route->splitter->service.settings;
	route->intake =
		intake_open(settings, route->splitter->service.loop, &config, errstr, errstr_size);
	return route->intake ? 0 : -1;
}

static void name_route(struct route *route, const struct endpoint *endpoint)
{
	const char *prefix = route->splitter->service.settings->prefix;
	snprintf(route->object, sizeof route->object, "endpoint %s", endpoint->name);
	route->topic = strdup(endpoint->requests_topic);
	memory_need(route->topic &&
		asprintf(&route->group, "%ssplitter.%s", prefix, endpoint->name) >= 0);
}

struct route *route_new(struct splitter *splitter, const struct control_state *state,
	struct endpoint *endpoint, char *errstr, size_t errstr_size)
{
	struct route *route = calloc(1, sizeof *route);
	memory_need(route);
	route->splitter = splitter;
	route->epoch = endpoint->epoch;
	name_route(route, endpoint);
	route->lineup =
		lineup_new(state, endpoint, splitter->service.caller, NULL, errstr, errstr_size);
	if (!route->lineup || open_intake(route, errstr, errstr_size)) {
		route_free(route);
		return NULL;
	}
	log_info(route->object, "serving %s at generation %lld", route->topic,
		(long long)route->lineup->generation);
	return route;
}

void route_close(struct route *route)
{
	intake_close(route->intake);
	route->is_closed = true;
}

bool route_is_gone(struct route *route)
{
	return route->is_closed && intake_is_closed(route->intake) &&
		intake_is_drained(route->intake);
}

void route_free(struct route *route)
{
	if (!route)
		return;
	intake_free(route->intake);
	lineup_release(route->lineup);
	free(route->topic);
	free(route->group);
	free(route);
}

int route_update(struct route *route, const struct control_state *state, struct endpoint *endpoint,
	char *errstr, size_t errstr_size)
{
	char why[200];
	struct lineup *lineup = lineup_new(
		state, endpoint, route->splitter->service.caller, route->lineup, why, sizeof why);
	if (!lineup) {
		snprintf(errstr, errstr_size, "generation %lld is not taken over yet: %s",
			(long long)state->generation, why);
		return -1;
	}
	lineup_release(route->lineup);
	route->lineup = lineup;
	log_info(route->object, "now at generation %lld", (long long)lineup->generation);
	return 0;
}

bool route_is_outdated(const struct route *route, const struct endpoint *endpoint)
{
	return !endpoint || endpoint->epoch != route->epoch ||
		strcmp(endpoint->requests_topic, route->topic) ||
		endpoint->max_uncommitted != route->lineup->endpoint->max_uncommitted;
}

void route_retire(struct route *route)
{
	if (route->is_retiring)
		return;
	log_info(route->object, "draining, then closing");
	route->is_retiring = true;
	route->retire_deadline_us =
		clock_monotonic_us() + splitter_settings(route->splitter)->drain_us;
	intake_stop(route->intake);
}
