#include "consumers/aggregator/history.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

static void versions_fini(struct versions *versions)
{
	for (size_t i = 0; i < versions->n; i++) {
		struct version *version = &versions->items[i];
		free(version->name);
		if (version->test)
			test_release(version->test);
		if (version->endpoint)
			endpoint_release(version->endpoint);
	}
	free(versions->items);
	*versions = (struct versions){0};
}

void history_fini(struct history *history)
{
	versions_fini(&history->tests);
	versions_fini(&history->endpoints);
	history->generation = 0;
}

static struct version *add(struct versions *versions, const char *name, int64_t generation)
{
	if (versions->n == versions->capacity) {
		versions->capacity = versions->capacity ? 2 * versions->capacity : 8;
		versions->items =
			reallocarray(versions->items, versions->capacity, sizeof *versions->items);
		memory_need(versions->items);
	}
	struct version *version = &versions->items[versions->n++];
	*version = (struct version){.name = strdup(name), .generation = generation};
	memory_need(version->name);
	return version;
}

void history_note(struct history *history, const struct control_state *state,
	const struct control_record *record)
{
	history->generation = record->generation;
	for (size_t i = 0; i < record->n_changes; i++) {
		const char *name = record->changes[i].name;
		if (record->changes[i].kind == OBJECT_TEST) {
			struct test *test = control_test(state, name);
			add(&history->tests, name, record->generation)->test =
				test ? test_hold(test) : NULL;
		} else if (record->changes[i].kind == OBJECT_ENDPOINT) {
			struct endpoint *endpoint = control_endpoint(state, name);
			add(&history->endpoints, name, record->generation)->endpoint =
				endpoint ? endpoint_hold(endpoint) : NULL;
		}
	}
}

static const struct version *find(
	const struct versions *versions, const char *name, int64_t generation)
{
	for (size_t i = versions->n; i-- > 0;)
		if (versions->items[i].generation <= generation &&
			!strcmp(versions->items[i].name, name))
			return &versions->items[i];
	return NULL;
}

const struct test *history_test(const struct history *history, const char *name, int64_t generation)
{
	const struct version *version = find(&history->tests, name, generation);
	return version ? version->test : NULL;
}

const struct endpoint *history_endpoint(
	const struct history *history, const char *name, int64_t generation)
{
	const struct version *version = find(&history->endpoints, name, generation);
	return version ? version->endpoint : NULL;
}
