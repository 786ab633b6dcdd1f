/* GET tests/NAME/report, GET tests/NAME/accounting. */
#include "consumers/console/api.h"
#include <assert.h>

static const char *const stretch_names[] = {"from", "to", "last", NULL};

/* False: the reply is a problem. */
static bool find(const struct view *view, const struct request *request, const struct test **test,
	struct stretch *stretch, struct reply *reply)
{
	*test = api_find_test(view, request, reply);
	return *test && query_check(&request->query, stretch_names, reply) &&
		api_stretch(view, *test, &request->query, stretch, reply);
}

void api_report(const struct view *view, const struct request *request, struct reply *reply)
{
	const struct test *test;
	struct stretch stretch;
	if (!find(view, request, &test, &stretch, reply))
		return;
	struct report_fold *fold = api_fold(view, test, &stretch, ~0U);
	struct report report = api_report_of(view, test, &stretch, fold);
	if (report.endpoint)
		reply_json(reply, report_to_json(&report));
	else
		reply_problem(reply, 404, "the endpoint \"%s\" of the test does not exist any more",
			test->endpoint);
	report_fold_free(fold);
}

static json_t *accounting_of(const struct aggregate *arm)
{
	json_t *json = json_pack("{s:s s:s s:I s:I s:I s:o}", "variant", arm->variant, "role",
		role_name(arm->role), "sampled", (json_int_t)arm->sampled, "paired",
		(json_int_t)arm->paired, "pending", (json_int_t)arm->pending, "losses",
		counts_to_json(&arm->losses));
	assert(json);
	return json;
}

void api_accounting(const struct view *view, const struct request *request, struct reply *reply)
{
	const struct test *test;
	struct stretch stretch;
	if (!find(view, request, &test, &stretch, reply))
		return;
	struct report_fold *fold = api_fold(view, test, &stretch, 0);
	json_t *list = json_array();
	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *arm = report_row(fold, i);
		if (arm->test && arm->role != ROLE_PRODUCTION && arm->variant[0])
			json_array_append_new(list, accounting_of(arm));
	}
	reply_json(reply,
		json_pack("{s:o s:o s:o}", "from", api_time(stretch.from_us), "to",
			api_time(stretch.to_us), "variants", list));
	report_fold_free(fold);
}
