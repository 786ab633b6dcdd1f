#include "consumers/console/query.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

const char *query_text(const struct query *query, const char *name)
{
	for (size_t i = 0; i < query->n; i++)
		if (!strcmp(query->items[i].name, name))
			return query->items[i].value;
	return NULL;
}

bool query_int(const struct query *query, const char *name, int64_t min, int64_t max,
	int64_t *value, struct reply *reply)
{
	const char *text = query_text(query, name);
	int64_t number;
	if (!text)
		return true;
	if (text_parse_int(text, &number) || number < min || number > max) {
		reply_problem(reply, 400, "%s must be a whole number from %lld to %lld", name,
			(long long)min, (long long)max);
		return false;
	}
	*value = number;
	return true;
}

bool query_time(const struct query *query, const char *name, int64_t *us, struct reply *reply)
{
	const char *text = query_text(query, name);
	int64_t time;
	if (!text)
		return true;
	if (text_parse_time(text, &time)) {
		reply_problem(reply, 400, "%s must be a time, as 2026-01-31T12:00:00Z", name);
		return false;
	}
	*us = time < 0 ? 0 : time; /* nothing is older */
	return true;
}

/* A whole number of at most six digits, and its unit. */
static bool is_plain_duration(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return n >= 1 && n <= 6 && text[0] != '0' && text[n] && strchr("smhd", text[n]) &&
		!text[n + 1];
}

bool query_duration(const struct query *query, const char *name, int64_t *us, struct reply *reply)
{
	const char *text = query_text(query, name);
	int64_t duration;
	if (!text)
		return true;
	if (!is_plain_duration(text) || text_parse_duration(text, &duration)) {
		reply_problem(reply, 400,
			"%s must be a whole number of s, m, h or d, as 15m or 24h", name);
		return false;
	}
	*us = duration;
	return true;
}

bool query_word(const struct query *query, const char *name, const char *const *words, int *index,
	struct reply *reply)
{
	const char *text = query_text(query, name);
	char list[400] = "";
	if (!text)
		return true;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*index = i;
			return true;
		}
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
			words[i]);
	}
	reply_problem(reply, 400, "%s must be one of %s", name, list);
	return false;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static bool is_given_before(const struct query *query, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(query->items[j].name, query->items[i].name))
			return true;
	return false;
}

bool query_check(const struct query *query, const char *const *names, struct reply *reply)
{
	if (query->wrong) {
		reply_problem(reply, 400, "%s", query->wrong);
		return false;
	}
	for (size_t i = 0; i < query->n; i++) {
		const char *name = query->items[i].name;
		bool is_known = is_among(name, names);
		if (!is_known)
			reply_problem(reply, 400, "there is no parameter \"%.50s\" here", name);
		else if (is_given_before(query, i))
			reply_problem(reply, 400, "%s is given twice", name);
		else
			continue;
		return false;
	}
	return true;
}

/* As umbractl report: a request that came when the test began lies in a window that began before;
 * the last one's event may come a little after the end. */
#define WINDOW_US INT64_C(10000000)

static void whole_test(const struct test *test, int64_t now_us, struct stretch *stretch)
{
	int64_t end_us = test->ended != TEST_CREATED ? test->ended_us : test->end_us;
	stretch->from_us = test->start_us - test->start_us % WINDOW_US;
	stretch->to_us = end_us + 2 * WINDOW_US < now_us ? end_us + 2 * WINDOW_US : now_us;
	if (stretch->from_us < 0)
		stretch->from_us = 0;
	if (stretch->to_us < stretch->from_us)
		stretch->to_us = stretch->from_us;
}

bool query_stretch(const struct query *query, const struct test *test, int64_t now_us,
	struct stretch *stretch, struct reply *reply)
{
	int64_t last_us = 0;
	whole_test(test, now_us, stretch);
	if (!query_time(query, "to", &stretch->to_us, reply) ||
		!query_time(query, "from", &stretch->from_us, reply) ||
		!query_duration(query, "last", &last_us, reply))
		return false;
	if (last_us && query_text(query, "from")) {
		reply_problem(reply, 422, "from and last both say where to begin: leave one out");
		return false;
	}
	if (last_us)
		stretch->from_us = last_us < stretch->to_us ? stretch->to_us - last_us : 0;
	if (stretch->from_us <= stretch->to_us)
		return true;
	if (!query_text(query, "from")) { /* `to` before the beginning */
		stretch->from_us = stretch->to_us;
		return true;
	}
	reply_problem(reply, 422, "nothing lies between from and to");
	return false;
}
