/* The control state as it stands: its objects, and what they say at a moment. How records change it
 * is control_fold.c's. */
#include "common/control.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

void control_state_init(struct control_state *state)
{
	memset(state, 0, sizeof(*state));
}

void control_state_fini(struct control_state *state)
{
	for (size_t i = 0; i < state->n_endpoints; i++)
		endpoint_release(state->endpoints[i]);
	for (size_t i = 0; i < state->n_tests; i++)
		test_release(state->tests[i]);
	for (size_t i = 0; i < state->n_graves; i++)
		free(state->graves[i].name);
	free(state->endpoints);
	free(state->tests);
	free(state->graves);
	free(state->not_understood);
	control_state_init(state);
}

struct endpoint *control_endpoint(const struct control_state *state, const char *name)
{
	for (size_t i = 0; i < state->n_endpoints; i++)
		if (strcmp(state->endpoints[i]->name, name) == 0)
			return state->endpoints[i];
	return NULL;
}

struct test *control_test(const struct control_state *state, const char *name)
{
	for (size_t i = 0; i < state->n_tests; i++)
		if (strcmp(state->tests[i]->name, name) == 0)
			return state->tests[i];
	return NULL;
}

int64_t control_next_epoch(const struct control_state *state, const char *name)
{
	const struct endpoint *endpoint = control_endpoint(state, name);

	if (endpoint)
		return endpoint->epoch + 1;
	for (size_t i = 0; i < state->n_graves; i++)
		if (strcmp(state->graves[i].name, name) == 0)
			return state->graves[i].epoch + 1;
	return 1;
}

enum test_state test_state_at(const struct test *test, int64_t now_us)
{
	if (test->ended != TEST_CREATED)
		return test->ended;
	if (now_us < test->start_us)
		return TEST_CREATED;
	return now_us < test->end_us ? TEST_RUNNING : TEST_COMPLETED;
}

const char *test_state_name(enum test_state state)
{
	static const char *const names[] = {
		"created", "running", "completed", "cancelled", "failed"};

	assert((size_t)state < sizeof(names) / sizeof(names[0]));
	return names[state];
}
