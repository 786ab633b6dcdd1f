/* GET tests/NAME/mismatches. The windows bear no examples of answers so far: the list is empty. */
#include "consumers/console/api.h"

void api_mismatches(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {"kind", "limit", NULL};
	int64_t limit = 50;
	if (!api_find_test(view, request, reply) || !query_check(&request->query, names, reply) ||
		!query_int(&request->query, "limit", 1, 1000, &limit, reply))
		return;
	reply_json(reply, json_pack("{s:[] s:{}}", "examples", "kinds"));
}
