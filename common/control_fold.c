/* The fold of the control log. A record's changes are made in a draft, a copy of the state's arrays;
 * the draft is checked as a whole and takes the state's place, or is thrown away. What decides is
 * the log alone: its records and their append times, never a clock or a setting of the reader. */
#include "common/control_fold_private.h"
#include "common/memory.h"
#include "common/sampling.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* First index whose name is not below `name`. */
static size_t endpoint_index(const struct control_state *state, const char *name)
{
	size_t i = 0;

	while (i < state->n_endpoints && strcmp(state->endpoints[i]->name, name) < 0)
		i++;
	return i;
}

static size_t test_index(const struct control_state *state, const char *name)
{
	size_t i = 0;

	while (i < state->n_tests && strcmp(state->tests[i]->name, name) < 0)
		i++;
	return i;
}

static void *copy_of(const void *array, size_t n, size_t extra, size_t size)
{
	char *copy = calloc(n + extra, size);

	memory_need(copy || n + extra == 0);
	if (n > 0)
		memcpy(copy, array, n * size);
	return copy;
}

bool draft_is_open(const struct draft *draft, const struct test *test)
{
	enum test_state state = test_state_at(test, draft->append_time_us);

	return state == TEST_CREATED || state == TEST_RUNNING;
}

void draft_pass_on(void *opaque, const struct definition_problem *problem)
{
	struct draft *draft = opaque;

	draft->problems++;
	draft->report(draft->opaque, problem);
}

void draft_refuse(struct draft *draft, enum object_kind kind, const char *object, const char *path,
	const char *format, ...)
{
	char message[512];
	struct definition_problem problem = {kind, object, path, message, false};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	draft_pass_on(draft, &problem);
}

/* `extra` more endpoints, tests or graves have room. */
static void draft_init(struct draft *draft, const struct control_state *before, size_t extra)
{
	struct control_state *state = &draft->state;

	*state = *before;
	state->not_understood = NULL;
	state->endpoints = copy_of(before->endpoints, before->n_endpoints, extra, sizeof(void *));
	state->tests = copy_of(before->tests, before->n_tests, extra, sizeof(void *));
	state->graves =
		copy_of(before->graves, before->n_graves, extra, sizeof(struct control_grave));
	for (size_t i = 0; i < state->n_endpoints; i++)
		endpoint_hold(state->endpoints[i]);
	for (size_t i = 0; i < state->n_tests; i++)
		test_hold(state->tests[i]);
	for (size_t i = 0; i < state->n_graves; i++) {
		state->graves[i].name = strdup(before->graves[i].name);
		memory_need(state->graves[i].name);
	}
	draft->before = before;
}

static void remove_endpoint(struct control_state *state, size_t i)
{
	endpoint_release(state->endpoints[i]);
	memmove(&state->endpoints[i], &state->endpoints[i + 1],
		(--state->n_endpoints - i) * sizeof(state->endpoints[0]));
}

static void remove_test(struct control_state *state, size_t i)
{
	test_release(state->tests[i]);
	memmove(&state->tests[i], &state->tests[i + 1],
		(--state->n_tests - i) * sizeof(state->tests[0]));
}

static void put_endpoint(struct control_state *state, struct endpoint *endpoint)
{
	size_t i = endpoint_index(state, endpoint->name);

	if (control_endpoint(state, endpoint->name))
		remove_endpoint(state, i);
	memmove(&state->endpoints[i + 1], &state->endpoints[i],
		(state->n_endpoints++ - i) * sizeof(state->endpoints[0]));
	state->endpoints[i] = endpoint;
}

static void put_test(struct control_state *state, struct test *test)
{
	size_t i = test_index(state, test->name);

	if (control_test(state, test->name))
		remove_test(state, i);
	memmove(&state->tests[i + 1], &state->tests[i],
		(state->n_tests++ - i) * sizeof(state->tests[0]));
	state->tests[i] = test;
}

static void bury(struct control_state *state, const struct endpoint *endpoint)
{
	size_t i = 0;

	while (i < state->n_graves && strcmp(state->graves[i].name, endpoint->name) != 0)
		i++;
	if (i == state->n_graves) {
		state->graves[state->n_graves++].name = strdup(endpoint->name);
		memory_need(state->graves[i].name);
	}
	state->graves[i].epoch = endpoint->epoch;
}

static bool same_start(const struct endpoint *a, const struct endpoint *b)
{
	return a->n_start == b->n_start &&
		(a->n_start == 0 ||
			memcmp(a->start, b->start, a->n_start * sizeof(*a->start)) == 0);
}

/* A start position belongs to its epoch, and a position means nothing in another topic. */
static void check_epoch(struct draft *draft, const struct endpoint *old, const struct endpoint *new)
{
	int64_t next = control_next_epoch(draft->before, new->name);

	if (new->epoch == next)
		return;
	if (!old || new->epoch != old->epoch)
		draft_refuse(draft, OBJECT_ENDPOINT, new->name, "epoch",
			"the epoch must be %lld, not %lld", (long long)next, (long long)new->epoch);
	else if (strcmp(old->requests_topic, new->requests_topic) != 0)
		draft_refuse(draft, OBJECT_ENDPOINT, new->name, "topics.requests",
			"another topic for requests needs a new start position (--reset-start)");
	else if (!same_start(old, new))
		draft_refuse(draft, OBJECT_ENDPOINT, new->name, "start",
			"a new start position needs a new epoch");
}

static void change_endpoint(struct draft *draft, json_t *definition)
{
	struct endpoint *new = definition_read_endpoint(definition, draft_pass_on, draft);
	struct endpoint *old;

	if (!new)
		return;
	old = control_endpoint(draft->before, new->name);
	check_epoch(draft, old, new);
	new->generation = draft->generation;
	new->created_generation = old ? old->created_generation : draft->generation;
	put_endpoint(&draft->state, new);
}

/* What has ended does not begin again, and what has begun keeps its beginning. */
static void check_test_change(struct draft *draft, const struct test *old, const struct test *new)
{
	enum test_state state = test_state_at(old, draft->append_time_us);

	if (!draft_is_open(draft, old))
		draft_refuse(draft, OBJECT_TEST, new->name, "name",
			"test %s is %s: it cannot change or run again; delete it, or give the new "
			"one "
			"another name",
			new->name, test_state_name(state));
	else if (strcmp(old->endpoint, new->endpoint) != 0)
		draft_refuse(draft, OBJECT_TEST, new->name, "endpoint",
			"test %s belongs to endpoint %s: delete it first, or give the new one "
			"another name",
			new->name, old->endpoint);
	else if (state == TEST_RUNNING && old->start_us != new->start_us)
		draft_refuse(draft, OBJECT_TEST, new->name, "start",
			"test %s is running: its start cannot be moved", new->name);
}

static void change_test(struct draft *draft, json_t *definition)
{
	struct test *new = definition_read_test(definition, draft_pass_on, draft);
	struct test *old;

	if (!new)
		return;
	old = control_test(draft->before, new->name);
	if (old)
		check_test_change(draft, old, new);
	new->generation = draft->generation;
	new->created_generation = old ? old->created_generation : draft->generation;
	new->seed = sampling_seed(new->name, new->created_generation);
	put_test(&draft->state, new);
}

static void change_installation(struct draft *draft, json_t *definition)
{
	int64_t n = definition_read_installation(definition, draft_pass_on, draft);
	int64_t old = draft->before->event_partitions;

	if (n > 0 && old != 0 && n != old)
		draft_refuse(draft, OBJECT_INSTALLATION, "installation", "event_partitions",
			"the installation has %lld event partitions, for good", (long long)old);
	if (n > 0)
		draft->state.event_partitions = n;
}

static void delete_object(struct draft *draft, enum object_kind kind, const char *name)
{
	struct control_state *state = &draft->state;

	if (kind == OBJECT_ENDPOINT && control_endpoint(state, name)) {
		bury(state, control_endpoint(state, name));
		remove_endpoint(state, endpoint_index(state, name));
	} else if (kind == OBJECT_TEST && control_test(state, name)) {
		remove_test(state, test_index(state, name));
	} else if (kind == OBJECT_INSTALLATION) {
		draft_refuse(draft, kind, name, "", "the installation cannot be deleted");
	} else {
		draft_refuse(draft, kind, name, "", "there is no %s %s to delete",
			object_kind_name(kind), name);
	}
}

/* The definition as JSON that is named as the change says; NULL: refused. */
static json_t *parse_definition(struct draft *draft, const struct control_change *change)
{
	json_error_t error;
	json_t *json = change->definition
		? json_loads(change->definition, JSON_REJECT_DUPLICATES, &error)
		: NULL;
	const char *name = json_string_value(json_object_get(json, "name"));

	if (!json_is_object(json))
		draft_refuse(draft, change->kind, change->name, "",
			"the definition is not a JSON object");
	else if (change->kind != OBJECT_INSTALLATION && (!name || strcmp(name, change->name) != 0))
		draft_refuse(draft, change->kind, change->name, "name",
			"the definition is not that of %s", change->name);
	else
		return json;
	json_decref(json);
	return NULL;
}

static void make_change(struct draft *draft, const struct control_change *change)
{
	json_t *definition;

	if (change->action == CHANGE_DELETE) {
		delete_object(draft, change->kind, change->name);
		return;
	}
	definition = parse_definition(draft, change);
	if (!definition)
		return;
	if (change->kind == OBJECT_ENDPOINT)
		change_endpoint(draft, definition);
	else if (change->kind == OBJECT_TEST)
		change_test(draft, definition);
	else
		change_installation(draft, definition);
}

/* A kind or action that this version does not have. */
static bool is_newer(struct draft *draft, const struct control_change *change)
{
	struct definition_problem problem = {
		change->kind, change->name, "", "unknown kind of object or change", true};

	if ((unsigned)change->kind <= OBJECT_TEST && (unsigned)change->action <= CHANGE_DELETE)
		return false;
	draft_pass_on(draft, &problem);
	return true;
}

static bool is_repeated(struct draft *draft, const struct control_record *record, size_t i)
{
	const struct control_change *change = &record->changes[i];

	for (size_t j = 0; j < i; j++) {
		if (record->changes[j].kind != change->kind ||
			strcmp(record->changes[j].name, change->name) != 0)
			continue;
		draft_refuse(draft, change->kind, change->name, "", "%s %s is changed twice",
			object_kind_name(change->kind), change->name);
		return true;
	}
	return false;
}

static void draft_change(struct draft *draft, const struct control_record *record)
{
	if (record->n_changes == 0)
		draft_refuse(draft, OBJECT_INSTALLATION, "installation", "",
			"the record changes nothing");
	for (size_t i = 0; i < record->n_changes; i++)
		if (!is_newer(draft, &record->changes[i]) && !is_repeated(draft, record, i))
			make_change(draft, &record->changes[i]);
	control_check_rules(draft);
	draft->state.generation = draft->generation;
}

size_t control_state_try(const struct control_state *state, const struct control_record *record,
	int64_t append_time_us, definition_report *report, void *opaque)
{
	struct draft draft = {.generation = state->generation + 1,
		.append_time_us = append_time_us,
		.report = report,
		.opaque = opaque};

	draft_init(&draft, state, record->n_changes);
	draft_change(&draft, record);
	control_state_fini(&draft.state);
	return draft.problems;
}

/* The first problem, or the first that a newer version would not have. */
struct first_problem {
	char *errstr;
	size_t errstr_size;
	bool found;
	bool newer;
};

static void keep_first(void *opaque, const struct definition_problem *problem)
{
	struct first_problem *first = opaque;
	bool installation = problem->kind == OBJECT_INSTALLATION;

	if (first->found && !(problem->newer && !first->newer))
		return;
	first->found = true;
	first->newer = problem->newer;
	snprintf(first->errstr, first->errstr_size, "%s%s%s: %s%s%s%s",
		object_kind_name(problem->kind), installation ? "" : " ",
		installation ? "" : problem->object, problem->message,
		problem->path[0] == '[' || strchr(problem->path, '.') ? " (" : "",
		strchr(problem->path, '.') ? problem->path : "",
		strchr(problem->path, '.') ? ")" : "");
}

enum control_verdict control_state_stop(struct control_state *state, const char *why)
{
	if (!state->not_understood)
		state->not_understood = strdup(why);
	memory_need(state->not_understood);
	return CONTROL_NOT_UNDERSTOOD;
}

static enum control_verdict stop_at(
	struct control_state *state, const struct control_record *record, const char *why)
{
	char sentence[700];

	snprintf(sentence, sizeof(sentence),
		"generation %lld by %s cannot be understood by this version: %s",
		(long long)record->generation, record->author ? record->author : "", why);
	return control_state_stop(state, sentence);
}

enum control_verdict control_state_apply(struct control_state *state,
	const struct control_record *record, int64_t append_time_us, char *errstr,
	size_t errstr_size)
{
	struct first_problem first = {errstr, errstr_size, false, false};
	struct draft draft = {.generation = record->generation,
		.append_time_us = append_time_us,
		.report = keep_first,
		.opaque = &first};

	if (state->not_understood) {
		snprintf(errstr, errstr_size, "%s", state->not_understood);
		return CONTROL_NOT_UNDERSTOOD;
	}
	if (record->generation != state->generation + 1) {
		snprintf(errstr, errstr_size,
			"written for generation %lld, when the log was at %lld",
			(long long)record->generation, (long long)state->generation);
		return CONTROL_CONFLICT;
	}
	draft_init(&draft, state, record->n_changes);
	draft_change(&draft, record);
	if (draft.problems > 0) {
		control_state_fini(&draft.state);
		return first.newer ? stop_at(state, record, errstr) : CONTROL_INVALID;
	}
	control_state_fini(state);
	*state = draft.state;
	return CONTROL_ACCEPTED;
}
