/* The rules between objects: what holds for the endpoints and the open tests together. */
#include "common/control_fold_private.h"
#include "common/event.h"
#include <stdio.h>
#include <string.h>

/* Which of two tests in each other's way is told so: the one changed last. */
static bool is_later(const struct test *a, const struct test *b)
{
	if (a->generation != b->generation)
		return a->generation > b->generation;
	return strcmp(a->name, b->name) > 0;
}

/* A shadow topic serves one test, and a name in an event is one variant. */
static void check_shadow_name(
	struct draft *draft, const struct test *test, size_t index, const struct endpoint *endpoint)
{
	const char *name = test->variants[index].name;
	char path[64];

	snprintf(path, sizeof(path), "variants.[%zu].name", index);
	for (size_t i = 0; i < endpoint->n_variants; i++)
		if (strcmp(endpoint->variants[i].name, name) == 0)
			draft_refuse(draft, OBJECT_TEST, test->name, path,
				"%s is a production variant of endpoint %s: a shadow needs a name "
				"of its own",
				name, endpoint->name);
	for (size_t i = 0; i < draft->state.n_tests; i++) {
		const struct test *other = draft->state.tests[i];

		if (other == test || !draft_is_open(draft, other) ||
			strcmp(other->endpoint, test->endpoint) != 0 || is_later(other, test))
			continue;
		for (size_t j = 0; j < other->n_variants; j++)
			if (strcmp(other->variants[j].name, name) == 0)
				draft_refuse(draft, OBJECT_TEST, test->name, path,
					"test %s has a shadow variant %s already", other->name,
					name);
	}
}

/* The topic of production's second calls serves one test, as every shadow topic does. */
static void check_baseline(struct draft *draft, const struct test *test)
{
	for (size_t i = 0; test->baseline && i < draft->state.n_tests; i++) {
		const struct test *other = draft->state.tests[i];

		if (other == test || !other->baseline || !draft_is_open(draft, other) ||
			strcmp(other->endpoint, test->endpoint) != 0 || is_later(other, test))
			continue;
		draft_refuse(draft, OBJECT_TEST, test->name, "baseline",
			"test %s has a baseline on endpoint %s already: one at a time", other->name,
			test->endpoint);
	}
}

static void check_open_test(struct draft *draft, const struct test *test)
{
	const struct endpoint *endpoint = control_endpoint(&draft->state, test->endpoint);

	if (!endpoint) {
		draft_refuse(draft, OBJECT_TEST, test->name, "endpoint",
			"test %s is on endpoint %s, which does not exist", test->name,
			test->endpoint);
		return;
	}
	for (size_t i = 0; i < test->n_variants; i++)
		check_shadow_name(draft, test, i, endpoint);
	check_baseline(draft, test);
}

/* What an event can hold bounds how many copies a request can have. */
static void check_copies(struct draft *draft, const struct endpoint *endpoint)
{
	size_t tests = 0, copies = 0;

	for (size_t i = 0; i < draft->state.n_tests; i++) {
		const struct test *test = draft->state.tests[i];

		if (strcmp(test->endpoint, endpoint->name) != 0 || !draft_is_open(draft, test))
			continue;
		tests++;
		copies += test->n_variants + (test->baseline > 0);
	}
	if (tests > EVENT_MAX_TESTS || copies > EVENT_MAX_SAMPLED)
		draft_refuse(draft, OBJECT_ENDPOINT, endpoint->name, "",
			"endpoint %s would have %zu open tests with %zu shadow variants and "
			"baselines; at most "
			"%d and %d",
			endpoint->name, tests, copies, (int)EVENT_MAX_TESTS,
			(int)EVENT_MAX_SAMPLED);
}

/* An answer there would be read as a request. */
static void check_reply_topics(struct draft *draft, const struct endpoint *endpoint)
{
	const struct string_list *list = &endpoint->reply_topics;

	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < draft->state.n_endpoints; j++)
			if (strcmp(draft->state.endpoints[j]->requests_topic, list->items[i]) == 0)
				draft_refuse(draft, OBJECT_ENDPOINT, endpoint->name, "reply_topics",
					"reply_topics holds %s, from which endpoint %s reads its "
					"requests",
					list->items[i], draft->state.endpoints[j]->name);
}

void control_check_rules(struct draft *draft)
{
	for (size_t i = 0; i < draft->state.n_tests; i++)
		if (draft_is_open(draft, draft->state.tests[i]))
			check_open_test(draft, draft->state.tests[i]);
	for (size_t i = 0; i < draft->state.n_endpoints; i++) {
		check_copies(draft, draft->state.endpoints[i]);
		check_reply_topics(draft, draft->state.endpoints[i]);
	}
}
