/* GET endpoints, GET history, GET system, GET openapi.yaml. */
#include "consumers/console/api.h"
#include "consumers/console/files.h"
#include <assert.h>
#include <string.h>

static json_t *tests_of(const struct control_state *state, const char *endpoint)
{
	json_t *list = json_array();
	for (size_t i = 0; i < state->n_tests; i++)
		if (!strcmp(state->tests[i]->endpoint, endpoint))
			json_array_append_new(list, json_string(state->tests[i]->name));
	return list;
}

static json_t *endpoint_to_json(const struct control_state *state, const struct endpoint *endpoint)
{
	json_t *variants = json_array();
	for (size_t i = 0; i < endpoint->n_variants; i++) {
		const struct variant *variant = &endpoint->variants[i];
		json_array_append_new(variants,
			json_pack("{s:s s:I s:s}", "name", variant->name, "weight",
				(json_int_t)variant->weight, "url", variant->url));
	}
	json_t *json = json_pack("{s:s s:I s:s s:s s:{s:s s:s s:s} s:o s:o}", "name",
		endpoint->name, "generation", (json_int_t)endpoint->generation, "format",
		endpoint->format == FORMAT_AVRO ? "avro" : "raw", "content_type",
		endpoint->content_type, "topics", "requests", endpoint->requests_topic, "responses",
		endpoint->responses_topic, "dead_letter", endpoint->dead_letter_topic, "variants",
		variants, "tests", tests_of(state, endpoint->name));
	assert(json);
	return json;
}

void api_endpoints(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {NULL};
	if (!query_check(&request->query, names, reply))
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < view->state->n_endpoints; i++)
		json_array_append_new(
			list, endpoint_to_json(view->state, view->state->endpoints[i]));
	reply_json(reply, json_pack("{s:o}", "endpoints", list));
}

void api_history(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {"object", "limit", NULL};
	int64_t limit = 100;
	if (!query_check(&request->query, names, reply) ||
		!query_int(&request->query, "limit", 1, 1000, &limit, reply))
		return;
	reply_json(reply,
		json_pack("{s:o}", "records",
			timeline_to_json(view->timeline, query_text(&request->query, "object"),
				(size_t)limit)));
}

/* The system. */

static json_t *end_or_null(int64_t end)
{
	return end < 0 ? json_null() : json_integer(end);
}

/* Of umbra.aggregates; the clock is that of the partition of umbra.events with this number. */
static json_t *partition_to_json(const struct view *view, int32_t i)
{
	bool is_read = view->feed && i < feed_partitions(view->feed);
	int64_t position = store_position(view->store, i);
	int64_t end = is_read ? feed_end(view->feed, i) : -1;
	json_t *json = json_pack("{s:i s:o s:o s:I s:o}", "partition", (int)i, "clock",
		api_time(store_clock(view->store, i)), "end_offset", end_or_null(end), "position",
		(json_int_t)position, "lag",
		end < 0 ? json_null() : json_integer(end > position ? end - position : 0));
	assert(json);
	return json;
}

static json_t *partitions(const struct view *view)
{
	json_t *list = json_array();
	int32_t n = store_clocks(view->store);
	if (view->feed && feed_partitions(view->feed) > n)
		n = feed_partitions(view->feed);
	for (int32_t i = 0; i < n; i++)
		json_array_append_new(list, partition_to_json(view, i));
	return list;
}

static json_t *program(
	const char *name, const char *role, const char *instance, const char *host, int64_t seen_us)
{
	json_t *json = json_pack("{s:s s:s s:s s:s s:o}", "program", name, "role", role, "instance",
		instance, "host", host, "last_seen", api_time(seen_us));
	assert(json);
	return json;
}

/* This console, and the members of the others' groups. */
static json_t *programs(const struct view *view)
{
	size_t n;
	const struct peer *seen = groups_seen(view->groups, &n);
	json_t *list = json_array();
	json_array_append_new(
		list, program("umbra-console", "this page", view->instance, "", view->now_us));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
			program(seen[i].program, seen[i].role, seen[i].instance, seen[i].host,
				seen[i].seen_us));
	return list;
}

/* What is still to be read, of each group and its topic. */

static json_t *lag_to_json(
	const char *program, const char *role, const char *topic, int64_t lag, const char *why)
{
	json_t *json = json_pack("{s:s s:s s:s s:o s:o}", "program", program, "role", role, "topic",
		topic, "lag", lag < 0 ? json_null() : json_integer(lag), "why",
		*why ? json_string(why) : json_null());
	assert(json);
	return json;
}

static int64_t own_lag(const struct view *view)
{
	int64_t lag = 0;
	for (int32_t i = 0; i < feed_partitions(view->feed); i++) {
		int64_t end = feed_end(view->feed, i), next = store_position(view->store, i);
		if (end < 0)
			return -1;
		lag += end > next ? end - next : 0;
	}
	return feed_partitions(view->feed) ? lag : -1;
}

static json_t *lags(const struct view *view)
{
	size_t n;
	const struct peer_group *groups = groups_told(view->groups, &n);
	json_t *list = json_array();
	json_array_append_new(list,
		lag_to_json("umbra-console", "this page", feed_topic(view->feed), own_lag(view),
			feed_trouble(view->feed)));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
			lag_to_json(groups[i].program, groups[i].role, groups[i].topic,
				groups[i].lag, groups[i].why));
	return list;
}

/* This console's own, then the running tests'. */
static json_t *alarms(const struct view *view)
{
	json_t *list = json_array();
	const char *trouble = feed_trouble(view->feed);
	if (view->trouble)
		json_array_append_new(list, json_string(view->trouble));
	if (*trouble && (!view->trouble || strcmp(trouble, view->trouble) != 0))
		json_array_append_new(list, json_string(trouble));
	json_array_extend(list, (json_t *)(uintptr_t)test_alarms_list(view->alarms, view));
	return list;
}

/* The running tests whose numbers are old. */
static json_t *stale_tests(const struct view *view)
{
	json_t *list = json_array();
	for (size_t i = 0; i < view->state->n_tests; i++) {
		const struct test *test = view->state->tests[i];
		json_t *reasons = api_staleness(view, test);
		if (json_array_size(reasons) && test_state_at(test, view->now_us) == TEST_RUNNING)
			json_array_append_new(list,
				json_pack("{s:s s:O}", "name", test->name, "reasons", reasons));
		json_decref(reasons);
	}
	return list;
}

void api_system(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {NULL};
	if (!query_check(&request->query, names, reply))
		return;
	bool is_stale = view->trouble || *feed_trouble(view->feed) || !feed_is_current(view->feed);
	reply_json(reply,
		json_pack("{s:s s:I s:o s:o s:b s:o s:o s:o s:o}", "version", UMBRA_VERSION,
			"generation", (json_int_t)view->state->generation, "partitions",
			partitions(view), "updated", api_time(api_updated(view, NULL)), "stale",
			is_stale, "alarms", alarms(view), "programs", programs(view), "lags",
			lags(view), "stale_tests", stale_tests(view)));
}

void api_description(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {NULL};
	const struct file *file = files_find("openapi.yaml");
	(void)view;
	if (!query_check(&request->query, names, reply))
		return;
	if (file)
		reply_fixed(reply, file->type, file->data, file->size);
	else
		reply_problem(reply, 404, "this build has no description");
}
