/* An address as the console's server hands it on, of any bytes: path, then "?" and parameters. The
 * value of each is also read as a page token and as a header Accept-Encoding. */
#include "consumers/console/gzip.h"
#include "consumers/console/page_token.h"
#include "consumers/console/percent.h"
#include "consumers/console/query.h"
#include "consumers/console/route.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000000000)

static const struct test test = {
	.start_us = NOW - 1000000, .end_us = NOW + 1000000, .ended = TEST_CREATED};

/* A refusal has its status and is JSON, whatever it repeats. */
static bool check(bool is_taken, struct reply *reply)
{
	if (!is_taken) {
		json_t *json = json_loadb(reply->body, reply->size, 0, NULL);
		assert(json && (reply->status == 400 || reply->status == 422));
		json_decref(json);
	}
	reply_fini(reply);
	return is_taken;
}

static void read_path(char *path)
{
	char name[ROUTE_NAME_MAX];
	size_t size = strlen(path), decoded = percent_decode(path);

	assert(decoded <= size && decoded == strlen(path));
	if (route_matches("/tests/", "/series", path, name))
		assert(name[0] && !strchr(name, '/') && strstr(path, name));
	if (route_matches("/tests", NULL, path, name))
		assert(strcmp(path, "/tests") == 0 && !name[0]);
}

static void read_token(const char *text)
{
	struct page_token token, again;
	char written[PAGE_TOKEN_MAX];

	if (page_token_read(text, &token))
		return;
	assert(token.key >= 0 && token.name[0]);
	assert(!page_token_read(page_token_write(&token, written), &again));
	assert(again.sort_by == token.sort_by && again.order == token.order &&
		again.key == token.key && strcmp(again.name, token.name) == 0);
}

static void read_query(const struct query *query)
{
	static const char *const names[] = {"from", "to", "last", "step", "limit", "order", NULL};
	static const char *const words[] = {"asc", "desc", NULL};
	struct reply reply = {0};
	struct stretch stretch;
	int64_t step_us = 1, limit = 1;
	int word = 0;

	check(query_check(query, names, &reply), &reply);
	if (check(query_stretch(query, &test, NOW, &stretch, &reply), &reply))
		assert(0 <= stretch.from_us && stretch.from_us <= stretch.to_us);
	check(query_duration(query, "step", &step_us, &reply), &reply);
	check(query_int(query, "limit", 1, 1000, &limit, &reply), &reply);
	check(query_word(query, "order", words, &word, &reply), &reply);
	assert(step_us > 0 && limit >= 1 && limit <= 1000 && (word == 0 || word == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *path = strsep(&rest, "?"), *item;
	struct query query = {.n = 0};

	read_path(path);
	while (query.n < QUERY_MAX && (item = strsep(&rest, "&")) != NULL) {
		char *value = item, *name = strsep(&value, "=");

		percent_decode(name);
		if (value)
			percent_decode(value);
		query.items[query.n].name = name;
		query.items[query.n].value = value ? value : "";
		read_token(query.items[query.n].value);
		gzip_is_accepted(query.items[query.n++].value);
	}
	read_query(&query);
	free(text);
	return 0;
}
