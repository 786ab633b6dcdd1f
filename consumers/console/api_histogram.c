/* GET tests/NAME/histogram: how a latency is spread over a stretch of time, bucket by bucket. */
#include "consumers/console/api.h"
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const metric_words[] = {
	"model_latency", "overhead_latency", "queue", "latency_difference", NULL};
enum { MODEL_LATENCY, OVERHEAD_LATENCY, QUEUE, LATENCY_DIFFERENCE };

/* The bucket's edges, microseconds. */
static void add_bucket(json_t *list, double lower, double upper, int64_t count)
{
	json_t *bucket = count > 0 ? json_pack("[f, f, I]", lower, upper, (json_int_t)count) : NULL;
	if (bucket)
		json_array_append_new(list, bucket);
}

static double edge(int32_t bucket)
{
	return exp2((double)bucket / HISTOGRAM_BUCKETS_PER_OCTAVE);
}

/* Ascending. */
static json_t *buckets_to_json(const struct histogram *histogram)
{
	const struct histogram_side *below = &histogram->negative, *above = &histogram->positive;
	json_t *list = json_array();
	for (int32_t i = below->n; i-- > 0;)
		add_bucket(list, -edge(below->first + i + 1), -edge(below->first + i),
			below->counts[i]);
	add_bucket(list, 0, 0, histogram->zero_count);
	for (int32_t i = 0; i < above->n; i++)
		add_bucket(
			list, edge(above->first + i), edge(above->first + i + 1), above->counts[i]);
	return list;
}

static void add_column(json_t *columns, const char *name, enum role role, bool is_compared,
	const struct histogram *histogram)
{
	json_t *json = json_pack("{s:s s:s s:s s:I s:o}", "name", name, "role", role_name(role),
		"population", is_compared ? "compared" : "all", "count",
		(json_int_t)histogram->count, "buckets", buckets_to_json(histogram));
	assert(json);
	json_array_append_new(columns, json);
}

static void add_same_requests(json_t *columns, const struct view *view, const struct test *test,
	const struct aggregate *arm)
{
	char *name = api_same_requests_name(
		control_endpoint(view->state, test->endpoint), test, arm->variant);
	add_column(columns, name, ROLE_PRODUCTION, true, &arm->compared_production_latency);
	add_column(columns, arm->variant, arm->role, true, &arm->compared_latency);
	free(name);
}

struct question {
	int metric, population;
	struct stretch stretch;
};

static json_t *columns_of(const struct view *view, const struct test *test,
	const struct question *question, const struct report_fold *fold)
{
	json_t *columns = json_array();
	for (int is_candidate = 0; is_candidate < 2; is_candidate++) {
		for (size_t i = 0; i < report_rows(fold); i++) {
			const struct aggregate *arm = report_row(fold, i);
			if (!arm->variant[0] || (arm->role != ROLE_PRODUCTION) != is_candidate)
				continue;
			if (question->metric == LATENCY_DIFFERENCE) {
				if (is_candidate)
					add_column(columns, arm->variant, arm->role, true,
						&arm->latency_difference);
			} else if (question->metric == MODEL_LATENCY &&
				question->population == COMPARED) {
				if (is_candidate)
					add_same_requests(columns, view, test, arm);
			} else {
				add_column(columns, arm->variant, arm->role, false,
					aggregate_histogram_named(
						arm, metric_words[question->metric]));
			}
		}
	}
	return columns;
}

static bool read_question(const struct view *view, const struct request *request,
	const struct test *test, struct question *question, struct reply *reply)
{
	static const char *const names[] = {"metric", "from", "to", "last", "population", NULL};
	*question = (struct question){.metric = -1};
	if (!query_check(&request->query, names, reply) ||
		!query_word(&request->query, "metric", metric_words, &question->metric, reply) ||
		!query_word(&request->query, "population", api_populations, &question->population,
			reply) ||
		!api_stretch(view, test, &request->query, &question->stretch, reply))
		return false;
	if (question->metric >= 0)
		return true;
	reply_problem(reply, 400,
		"metric is missing: model_latency, overhead_latency, queue or latency_difference");
	return false;
}

void api_histogram(const struct view *view, const struct request *request, struct reply *reply)
{
	const struct test *test = api_find_test(view, request, reply);
	struct question question;
	if (!test || !read_question(view, request, test, &question, reply))
		return;
	struct report_fold *fold = api_fold(view, test, &question.stretch,
		api_latency_bits(metric_words[question.metric], question.population == COMPARED));
	json_t *json = json_pack("{s:s s:s s:o s:o s:o}", "metric", metric_words[question.metric],
		"unit", "us", "from", api_time(question.stretch.from_us), "to",
		api_time(question.stretch.to_us), "columns",
		columns_of(view, test, &question, fold));
	assert(json);
	reply_json(reply, json);
	report_fold_free(fold);
}
