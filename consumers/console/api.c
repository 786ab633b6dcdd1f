/* What several handlers use. */
#include "consumers/console/api.h"
#include "common/memory.h"
#include "common/text.h"
#include "consumers/console/row.h"
#include "consumers/console/summary.h"
#include <stdlib.h>
#include <string.h>

#define WINDOW_US INT64_C(10000000)

const struct test *api_find_test(
	const struct view *view, const struct request *request, struct reply *reply)
{
	const struct test *test = control_test(view->state, request->name);
	if (!test)
		reply_problem(reply, 404, "there is no test \"%.100s\"", request->name);
	return test;
}

json_t *api_time(int64_t us)
{
	char text[TEXT_MAX];
	return us ? json_string(text_format_time(us, text)) : json_null();
}

json_t *api_variant_names(const struct variant *variants, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(variants[i].name));
	return list;
}

char *api_same_requests_name(
	const struct endpoint *endpoint, const struct test *test, const char *variant)
{
	const char *production = report_production_name(endpoint);
	char *name;
	memory_need((test->n_variants > 1 ? asprintf(&name, "%s for %s", production, variant)
					  : asprintf(&name, "%s", production)) >= 0);
	return name;
}

const char *const api_populations[] = {"all", "compared", NULL};

unsigned api_histogram_bit(const char *name)
{
	for (size_t i = 0; i < row_histograms(); i++)
		if (!strcmp(row_histogram_name(i), name))
			return 1U << i;
	return 0;
}

unsigned api_latency_bits(const char *metric, bool is_compared)
{
	if (is_compared && !strcmp(metric, "model_latency"))
		return api_histogram_bit("compared_model_latency") |
			api_histogram_bit("compared_production_model_latency");
	return api_histogram_bit(metric);
}

bool api_is_arm_of(const struct store_arm *arm, const struct test *test)
{
	if (strcmp(arm->endpoint, test->endpoint) != 0)
		return false;
	return arm->test ? !strcmp(arm->test, test->name) : arm->role == ROLE_PRODUCTION;
}

bool api_stretch(const struct view *view, const struct test *test, const struct query *query,
	struct stretch *stretch, struct reply *reply)
{
	int64_t now_us = plan_ceil(view->now_us, WINDOW_US), newest_us = api_updated(view, test);
	bool is_to_newest = newest_us && newest_us < now_us && !query_text(query, "last");
	return query_stretch(query, test, is_to_newest ? newest_us : now_us, stretch, reply);
}

/* Takes what it is shown, with names of its own. */
static void add_to_fold(void *opaque, struct aggregate *shown)
{
	struct aggregate row = *shown;
	*shown = (struct aggregate){0};
	row.endpoint = strdup(row.endpoint);
	row.test = row.test ? strdup(row.test) : NULL;
	row.variant = strdup(row.variant);
	memory_need(row.endpoint && row.variant);
	report_fold_add(opaque, &row);
}

struct report_fold *api_fold(const struct view *view, const struct test *test,
	const struct stretch *stretch, unsigned histograms)
{
	struct report_query everything = {
		.endpoint = test->endpoint, .test = test->name, .from_us = 0, .to_us = INT64_MAX};
	struct report_fold *fold = report_fold_new(&everything);
	for (size_t i = 0; i < store_arms(view->store); i++) {
		struct store_query query = {.arm = store_arm(view->store, i),
			.from_us = stretch->from_us,
			.to_us = stretch->to_us,
			.level = -1,
			.histograms = histograms};
		if (api_is_arm_of(query.arm, test))
			store_each(view->store, &query, add_to_fold, fold);
	}
	report_fold_end(fold);
	return fold;
}

struct report api_report_of(const struct view *view, const struct test *test,
	const struct stretch *stretch, const struct report_fold *fold)
{
	return (struct report){
		.test = test,
		.endpoint = control_endpoint(view->state, test->endpoint),
		.state = test_state_name(test_state_at(test, view->now_us)),
		.query = {.endpoint = test->endpoint,
			.test = test->name,
			.from_us = stretch->from_us,
			.to_us = stretch->to_us},
		.fold = fold,
		.least = 100,
	};
}

int64_t api_updated(const struct view *view, const struct test *test)
{
	int64_t newest_us = 0;
	for (size_t i = 0; i < store_arms(view->store); i++) {
		const struct store_arm *arm = store_arm(view->store, i);
		if ((!test || api_is_arm_of(arm, test)) && arm->newest_us > newest_us)
			newest_us = arm->newest_us;
	}
	return newest_us ? newest_us + WINDOW_US : 0;
}

json_t *api_staleness(const struct view *view, const struct test *test)
{
	json_t *list = json_array();
	char reason[SUMMARY_STALE_MAX];
	if (view->trouble)
		json_array_append_new(list, json_string(view->trouble));
	else if (summary_is_stale(test, api_updated(view, test), view->now_us, reason))
		json_array_append_new(list, json_string(reason));
	return list;
}

int64_t api_complete_to(const struct view *view)
{
	int64_t least_us = 0;
	for (int32_t i = 0; i < store_clocks(view->store); i++) {
		int64_t clock_us = store_clock(view->store, i);
		if (clock_us && (!least_us || clock_us < least_us))
			least_us = clock_us;
	}
	return least_us;
}
