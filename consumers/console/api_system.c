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

/* What is known of who runs: this console, and whoever wrote the newest window. */
static json_t *programs(const struct view *view)
{
	json_t *list = json_array();
	int64_t heard_us = view->feed ? feed_last_record_us(view->feed) : 0;
	json_array_append_new(list,
		json_pack("{s:s s:s s:o}", "program", "umbra-console", "instance", view->instance,
			"last_seen", api_time(view->now_us)));
	if (heard_us)
		json_array_append_new(list,
			json_pack("{s:s s:s s:o}", "program", "umbra-aggregator", "instance", "",
				"last_seen", api_time(heard_us)));
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
	json_t *alarms = json_array();
	const char *trouble = view->feed ? feed_trouble(view->feed) : "";
	if (view->trouble)
		json_array_append_new(alarms, json_string(view->trouble));
	if (*trouble)
		json_array_append_new(alarms, json_string(trouble));
	bool is_stale = view->trouble || *trouble || (view->feed && !feed_is_current(view->feed));
	reply_json(reply,
		json_pack("{s:s s:I s:o s:o s:b s:o s:o s:o}", "version", UMBRA_VERSION,
			"generation", (json_int_t)view->state->generation, "partitions",
			partitions(view), "updated", api_time(api_updated(view, NULL)), "stale",
			is_stale, "alarms", alarms, "programs", programs(view), "stale_tests",
			stale_tests(view)));
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
