/* GET tests, GET tests/NAME. */
#include "common/memory.h"
#include "common/text.h"
#include "consumers/console/api.h"
#include "consumers/console/page_token.h"
#include "consumers/console/summary.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *number_or_null(double number)
{
	return isnan(number) ? json_null() : json_real(number);
}

static json_t *production_names(const struct view *view, const struct test *test)
{
	const struct endpoint *endpoint = control_endpoint(view->state, test->endpoint);
	return endpoint ? api_variant_names(endpoint->variants, endpoint->n_variants)
			: json_array();
}

static json_t *facts(
	const struct view *view, const struct test *test, const struct summary *summary)
{
	int64_t end_us = test->ended != TEST_CREATED ? test->ended_us : test->end_us;
	json_t *json = json_pack("{s:s s:I s:s s:s s:o s:o s:o s:o s:f s:f s:o s:o}", "name",
		test->name, "generation", (json_int_t)test->generation, "endpoint", test->endpoint,
		"state", test_state_name(test_state_at(test, view->now_us)), "created",
		api_time(timeline_time(view->timeline, test->created_generation)), "modified",
		api_time(timeline_time(view->timeline, test->generation)), "start",
		api_time(test->start_us), "end", api_time(end_us), "progress", summary->progress,
		"sampling_percent", (double)test->sampling / 10000, "production",
		production_names(view, test), "candidates",
		api_variant_names(test->variants, test->n_variants));
	json_t *numbers = json_pack("{s:I s:I s:I s:I s:o s:s s:s s:o}", "invocations",
		(json_int_t)summary->invocations, "sampled", (json_int_t)summary->sampled,
		"compared", (json_int_t)summary->compared, "match", (json_int_t)summary->match,
		"agreement",
		summary->compared ? json_real((double)summary->match / (double)summary->compared)
				  : json_null(),
		"health", health_name(summary->health), "health_reason", summary->reason, "stale",
		api_staleness(view, test));
	assert(json && numbers);
	json_object_update(json, numbers);
	json_decref(numbers);
	return json;
}

/* The report over the whole test, and the fold that is the caller's to free. */
static struct report report_of(
	const struct view *view, const struct test *test, struct report_fold **fold)
{
	struct stretch stretch;
	struct query none = {.n = 0};
	struct reply unused = {0};
	(void)api_stretch(view, test, &none, &stretch, &unused);
	*fold = api_fold(view, test, &stretch, api_latency_bits("model_latency", true));
	return api_report_of(view, test, &stretch, *fold);
}

static json_t *test_to_json(const struct view *view, const struct test *test)
{
	struct report_fold *fold;
	struct summary summary;
	struct report report = report_of(view, test, &fold);
	summary_make(&report, view->now_us, &summary);
	json_t *json = facts(view, test, &summary);
	report_fold_free(fold);
	return json;
}

/* One test. */

static void add_variants(json_t *list, const struct variant *variants, size_t n, enum role role)
{
	for (size_t i = 0; i < n; i++) {
		json_t *json = json_pack("{s:s s:s s:s s:I}", "name", variants[i].name, "role",
			role_name(role), "url", variants[i].url, "instances",
			(json_int_t)variants[i].instances);
		assert(json);
		json_array_append_new(list, json);
	}
}

static json_t *difference_to_json(const struct report *report, const char *variant)
{
	struct difference difference;
	summary_difference(report, variant, &difference);
	json_t *json = json_pack("{s:s s:o s:o s:o}", "candidate", variant, "agreement",
		number_or_null(difference.agreement), "p99_change",
		number_or_null(difference.p99_change), "error_change",
		number_or_null(difference.error_change));
	assert(json);
	return json;
}

/* Days begin with the test. */
static json_t *headline(
	const struct view *view, const struct report *report, const struct summary *summary)
{
	const int64_t day_us = INT64_C(86400000000);
	const struct test *test = report->test;
	int64_t days = (test->end_us - test->start_us + day_us - 1) / day_us;
	int64_t day =
		view->now_us < test->start_us ? 0 : (view->now_us - test->start_us) / day_us + 1;
	json_t *json = difference_to_json(report, test->n_variants ? test->variants[0].name : "");
	json_t *where = json_pack("{s:s s:I s:I s:I}", "state", report->state, "day",
		(json_int_t)(day < days ? day : days), "days", (json_int_t)days, "pairs",
		(json_int_t)summary->paired);
	json_t *each = json_array();
	for (size_t i = 0; i < test->n_variants; i++)
		json_array_append_new(each, difference_to_json(report, test->variants[i].name));
	assert(where);
	json_object_update(json, where);
	json_object_set_new(json, "candidates", each);
	json_decref(where);
	return json;
}

static json_t *all_variants(const struct report *report)
{
	json_t *list = json_array();
	if (report->endpoint)
		add_variants(list, report->endpoint->variants, report->endpoint->n_variants,
			ROLE_PRODUCTION);
	add_variants(list, report->test->variants, report->test->n_variants, ROLE_SHADOW);
	return list;
}

void api_test(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {NULL};
	struct report_fold *fold;
	struct summary summary;
	const struct test *test = api_find_test(view, request, reply);
	if (!test || !query_check(&request->query, names, reply))
		return;
	struct report report = report_of(view, test, &fold);
	summary_make(&report, view->now_us, &summary);
	json_t *json = facts(view, test, &summary);
	json_object_set(json, "definition", test->definition);
	json_object_set_new(json, "variants", all_variants(&report));
	json_object_set_new(json, "headline", headline(view, &report, &summary));
	json_object_set_new(json, "alarms", report_alarms_to_json(&report));
	json_object_set_new(json, "updated", api_time(api_updated(view, test)));
	json_object_set_new(json, "complete_to", api_time(api_complete_to(view)));
	reply_json(reply, json);
	report_fold_free(fold);
}

/* The list. */

static const char *const sort_words[] = {"name", "created", "modified", "status", NULL};
enum { BY_NAME, BY_CREATED, BY_MODIFIED, BY_STATUS };
static const char *const order_words[] = {"asc", "desc", NULL};
static const char *const state_words[] = {
	"created", "running", "completed", "cancelled", "failed", NULL};

struct listing {
	const struct view *view;
	const char *name_contains, *endpoint;
	int state; /* -1: any */
	int64_t created_after, created_before, modified_after, modified_before;
	int sort_by, order;
	int64_t max_results;
};

struct entry {
	const struct test *test;
	int64_t key;
};

static bool read_listing(const struct query *query, struct listing *listing, struct reply *reply)
{
	static const char *const names[] = {"name_contains", "status", "endpoint", "created_after",
		"created_before", "modified_after", "modified_before", "sort_by", "order",
		"max_results", "page_token", NULL};
	listing->name_contains = query_text(query, "name_contains");
	listing->endpoint = query_text(query, "endpoint");
	return query_check(query, names, reply) &&
		query_word(query, "status", state_words, &listing->state, reply) &&
		query_time(query, "created_after", &listing->created_after, reply) &&
		query_time(query, "created_before", &listing->created_before, reply) &&
		query_time(query, "modified_after", &listing->modified_after, reply) &&
		query_time(query, "modified_before", &listing->modified_before, reply) &&
		query_word(query, "sort_by", sort_words, &listing->sort_by, reply) &&
		query_word(query, "order", order_words, &listing->order, reply) &&
		query_int(query, "max_results", 1, 1000, &listing->max_results, reply);
}

static bool is_listed(const struct listing *listing, const struct test *test)
{
	const struct timeline *timeline = listing->view->timeline;
	int64_t created_us = timeline_time(timeline, test->created_generation);
	int64_t modified_us = timeline_time(timeline, test->generation);
	return (!listing->name_contains || strstr(test->name, listing->name_contains)) &&
		(!listing->endpoint || !strcmp(test->endpoint, listing->endpoint)) &&
		(listing->state < 0 ||
			(int)test_state_at(test, listing->view->now_us) == listing->state) &&
		created_us >= listing->created_after && created_us < listing->created_before &&
		modified_us >= listing->modified_after && modified_us < listing->modified_before;
}

static int64_t key_of(const struct listing *listing, const struct test *test)
{
	switch (listing->sort_by) {
	case BY_CREATED:
		return timeline_time(listing->view->timeline, test->created_generation);
	case BY_MODIFIED:
		return timeline_time(listing->view->timeline, test->generation);
	case BY_STATUS:
		return (int64_t)test_state_at(test, listing->view->now_us);
	default:
		return 0;
	}
}

static int compare_entries(const void *a, const void *b, void *opaque)
{
	const struct listing *listing = opaque;
	const struct entry *one = a, *other = b;
	int order = one->key != other->key ? (one->key < other->key ? -1 : 1)
					   : strcmp(one->test->name, other->test->name);
	return listing->order ? -order : order;
}

static size_t collect(struct listing *listing, struct entry *entries)
{
	const struct control_state *state = listing->view->state;
	size_t n = 0;
	for (size_t i = 0; i < state->n_tests; i++)
		if (is_listed(listing, state->tests[i]))
			entries[n++] =
				(struct entry){state->tests[i], key_of(listing, state->tests[i])};
	qsort_r(entries, n, sizeof *entries, compare_entries, listing);
	return n;
}

/* Where the page begins: behind the last entry of the one before, should it be gone meanwhile. */
static size_t first_of_page(struct listing *listing, const struct page_token *token,
	const struct entry *entries, size_t n)
{
	struct test last = {.name = token->name};
	struct entry before = {&last, token->key};
	size_t i = 0;
	while (i < n && compare_entries(&entries[i], &before, listing) <= 0)
		i++;
	return i;
}

static void answer_page(struct listing *listing, const struct entry *entries, size_t n,
	const struct page_token *token, struct reply *reply)
{
	json_t *list = json_array(), *next = json_null();
	size_t i = token->name[0] ? first_of_page(listing, token, entries, n) : 0;
	size_t end = n - i > (size_t)listing->max_results ? i + (size_t)listing->max_results : n;
	for (; i < end; i++)
		json_array_append_new(list, test_to_json(listing->view, entries[i].test));
	if (end < n) {
		struct page_token last = {
			listing->sort_by, listing->order, entries[end - 1].key, ""};
		char text[PAGE_TOKEN_MAX];
		snprintf(last.name, sizeof last.name, "%s", entries[end - 1].test->name);
		next = json_string(page_token_write(&last, text));
	}
	reply_json(reply, json_pack("{s:o s:o}", "tests", list, "next_page_token", next));
}

static bool read_token(const struct query *query, const struct listing *listing,
	struct page_token *token, struct reply *reply)
{
	const char *text = query_text(query, "page_token");
	if (!text)
		return true;
	if (page_token_read(text, token))
		reply_problem(reply, 400, "page_token is not one that this list gave");
	else if (token->sort_by != listing->sort_by || token->order != listing->order)
		reply_problem(reply, 422, "page_token is of the list in another order");
	else
		return true;
	return false;
}

void api_tests(const struct view *view, const struct request *request, struct reply *reply)
{
	struct listing listing = {.view = view,
		.state = -1,
		.created_before = INT64_MAX,
		.modified_before = INT64_MAX,
		.max_results = 100};
	struct page_token token = {.name = ""};
	if (!read_listing(&request->query, &listing, reply))
		return;
	if (!read_token(&request->query, &listing, &token, reply))
		return;
	struct entry *entries = calloc(view->state->n_tests + 1, sizeof *entries);
	memory_need(entries);
	answer_page(&listing, entries, collect(&listing, entries), &token, reply);
	free(entries);
}
