/* umbractl apply: a file's endpoints and tests become one record of the control log. The whole file
 * is checked first; then what the file leaves open is filled in from what is there: start positions,
 * epochs, a running test's beginning. What is as the file says is left alone, so that a second apply
 * writes nothing. */
#include "common/clock.h"
#include "common/definition_file.h"
#include "common/definition_text.h"
#include "control/umbractl.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {
	{.option = "file",
		.letter = 'f',
		.type = SETTING_STRING,
		.offset = CTL_AT(file),
		.argument = "FILE",
		.help = "The definitions to apply."},
	{.option = "dry-run",
		.type = SETTING_BOOL,
		.offset = CTL_AT(dry_run),
		.fallback = "false",
		.help = "Say what would be done, and do nothing."},
	{.option = "no-create",
		.type = SETTING_BOOL,
		.offset = CTL_AT(no_create),
		.fallback = "false",
		.help = "Create no topic: print the commands for someone who may."},
	{.option = "reset-start",
		.type = SETTING_BOOL,
		.offset = CTL_AT(reset_start),
		.fallback = "false",
		.help = "Give the endpoints that are there the start position `from` anew: a new "
			"epoch."},
	OPTION_WRITE,
	OPTION_TIMEOUT,
};

struct apply {
	struct ctl *ctl;
	struct definition_file file;
	struct control_record record; /* of what differs */
};

static int print_problems(struct apply *apply)
{
	for (size_t i = 0; i < apply->file.n_problems; i++) {
		const struct definition_line *line = &apply->file.problems[i];

		fprintf(stderr, "%s: %s\n", line->place, line->message);
	}
	return EXIT_USAGE;
}

static const json_t *current_definition(
	const struct control_state *state, const struct definition_object *object)
{
	if (object->kind == OBJECT_ENDPOINT) {
		const struct endpoint *endpoint = control_endpoint(state, object->name);

		return endpoint ? endpoint->definition : NULL;
	}

	const struct test *test = control_test(state, object->name);

	return test ? test->definition : NULL;
}

static bool has_new_start(const struct apply *apply, const struct definition_object *object)
{
	return object->kind == OBJECT_ENDPOINT &&
		(apply->ctl->settings.reset_start ||
			!control_endpoint(apply->ctl->state, object->name));
}

static void complete_endpoint(struct apply *apply, struct definition_object *object)
{
	const struct control_state *state = apply->ctl->state;
	const struct endpoint *old = control_endpoint(state, object->name);

	if (!has_new_start(apply, object)) {
		json_object_set(object->json, "start", json_object_get(old->definition, "start"));
		json_object_set(object->json, "epoch", json_object_get(old->definition, "epoch"));
	} else {
		json_object_set_new(object->json, "epoch",
			json_integer(control_next_epoch(state, object->name)));
	}
}

/* An ended test keeps its end: the file does not know of it. */
static void complete_test(struct apply *apply, struct definition_object *object, int64_t now_us)
{
	const struct test *old = control_test(apply->ctl->state, object->name);

	definition_schedule(object->json, object->wish, old, now_us);
	if (!old || old->ended == TEST_CREATED)
		return;
	json_object_set(object->json, "ended", json_object_get(old->definition, "ended"));
	json_object_set(object->json, "ended_us", json_object_get(old->definition, "ended_us"));
}

/* Topics that begin with the prefix are Umbra's own, whatever the prefix is. */
static void check_prefix(struct apply *apply, const struct definition_object *object)
{
	const char *prefix = apply->ctl->settings.common.prefix;
	const char *key;
	json_t *topic;

	json_object_foreach(json_object_get(object->json, "topics"), key, topic)
	{
		char path[64];
		struct definition_problem problem = {OBJECT_ENDPOINT, object->name, path,
			"topics that begin with Umbra's prefix are its own", false};

		snprintf(path, sizeof(path), "topics.%s", key);
		if (prefix[0] != '\0' &&
			strncmp(json_string_value(topic), prefix, strlen(prefix)) == 0)
			definition_file_report(&apply->file, &problem);
	}
}

/* Puts into the record what differs from the state, and checks it against the state. */
static void plan(struct apply *apply)
{
	int64_t now_us = clock_wall_us();

	for (size_t i = 0; i < apply->file.n_objects; i++) {
		struct definition_object *object = &apply->file.objects[i];
		const json_t *current = current_definition(apply->ctl->state, object);

		if (object->kind == OBJECT_ENDPOINT) {
			check_prefix(apply, object);
			complete_endpoint(apply, object);
		} else {
			complete_test(apply, object, now_us);
		}
		if (!current || !json_equal(current, object->json) || has_new_start(apply, object))
			record_add(&apply->record, object->kind, object->name,
				json_incref(object->json));
	}
	if (apply->record.n_changes > 0)
		control_state_try(apply->ctl->state, &apply->record, now_us, definition_file_report,
			&apply->file);
}

static struct control_change *find_change(
	struct apply *apply, const struct definition_object *object)
{
	for (size_t i = 0; i < apply->record.n_changes; i++)
		if (apply->record.changes[i].kind == object->kind &&
			strcmp(apply->record.changes[i].name, object->name) == 0)
			return &apply->record.changes[i];
	return NULL;
}

static void want(
	struct topic_want *want, enum topic_kind kind, const char *name, const json_t *endpoint)
{
	snprintf(want->name, sizeof(want->name), "%s", name);
	want->kind = kind;
	want->partitions = (int)json_integer_value(json_object_get(endpoint, "partitions"));
	want->replication = (int)json_integer_value(json_object_get(endpoint, "replication"));
}

static size_t want_endpoint(struct topic_want *wants, const json_t *endpoint)
{
	const json_t *topics = json_object_get(endpoint, "topics");

	want(&wants[0], TOPIC_REQUESTS, json_string_value(json_object_get(topics, "requests")),
		endpoint);
	want(&wants[1], TOPIC_RESPONSES, json_string_value(json_object_get(topics, "responses")),
		endpoint);
	want(&wants[2], TOPIC_DEAD_LETTER,
		json_string_value(json_object_get(topics, "dead_letter")), endpoint);
	return 3;
}

/* The endpoint's definition in the file, else in the log. */
static const json_t *find_endpoint(const struct apply *apply, const char *name)
{
	for (size_t i = 0; i < apply->file.n_objects; i++)
		if (apply->file.objects[i].kind == OBJECT_ENDPOINT &&
			strcmp(apply->file.objects[i].name, name) == 0)
			return apply->file.objects[i].json;
	return control_endpoint(apply->ctl->state, name)->definition;
}

/* "As requests": a shadow topic has as many partitions as its source. */
static int count_requests(struct apply *apply, const json_t *endpoint)
{
	char errstr[512];
	const char *topic =
		json_string_value(json_object_get(json_object_get(endpoint, "topics"), "requests"));
	int count = kafka_partition_count(
		apply->ctl->rk, topic, ctl_timeout_ms(apply->ctl), errstr, sizeof(errstr));

	return count > 0 ? count : (int)json_integer_value(json_object_get(endpoint, "partitions"));
}

static size_t want_shadows(struct apply *apply, struct topic_want *wants, const json_t *endpoint,
	const json_t *variants)
{
	const char *name = json_string_value(json_object_get(endpoint, "name"));

	for (size_t i = 0; i < json_array_size(variants); i++) {
		char topic[250];

		snprintf(topic, sizeof(topic), "%.100s.shadow.%.100s", name,
			json_string_value(json_object_get(json_array_get(variants, i), "name")));
		want(&wants[i], TOPIC_SHADOW, topic, endpoint);
		wants[i].partitions = count_requests(apply, endpoint);
	}
	return json_array_size(variants);
}

/* A baseline needs a topic for each production variant. */
static size_t want_test(
	struct apply *apply, struct topic_want *wants, const struct definition_object *object)
{
	const json_t *endpoint =
		find_endpoint(apply, json_string_value(json_object_get(object->json, "endpoint")));
	size_t n = want_shadows(apply, wants, endpoint, json_object_get(object->json, "variants"));

	if (json_integer_value(json_object_get(object->json, "baseline")) > 0)
		n += want_shadows(
			apply, wants + n, endpoint, json_object_get(endpoint, "variants"));
	return n;
}

/* Does a test of the endpoint that is there already have a baseline? */
static bool has_baseline(const struct apply *apply, const char *endpoint)
{
	const struct control_state *state = apply->ctl->state;

	for (size_t i = 0; i < state->n_tests; i++)
		if (strcmp(state->tests[i]->endpoint, endpoint) == 0 && state->tests[i]->baseline &&
			test_state_at(state->tests[i], clock_wall_us()) <= TEST_RUNNING)
			return true;
	return false;
}

static int handle_missing(struct apply *apply, const struct topic_want *wanted)
{
	char errstr[512];
	char *command;

	if (apply->ctl->settings.no_create) {
		command = topics_command(wanted, apply->ctl->settings.common.brokers);
		printf("topic %s is missing; someone who may creates it with:\n    %s\n",
			wanted->name, command);
		free(command);
		return EXIT_DONE;
	}
	if (!apply->ctl->settings.dry_run &&
		topics_create(apply->ctl->rk, wanted, 1, ctl_timeout_ms(apply->ctl), errstr,
			sizeof(errstr)) != 0)
		return ctl_fail("%s", errstr);
	printf("topic %s created (%d partitions)%s\n", wanted->name, wanted->partitions,
		apply->ctl->settings.dry_run ? " (dry run)" : "");
	return EXIT_DONE;
}

static int create_topics(struct apply *apply, const struct definition_object *object)
{
	struct topic_want wants[128] = {}; /* shadows and production's variants */
	bool missing[128];
	char errstr[512];
	size_t n = object->kind == OBJECT_ENDPOINT ? want_endpoint(wants, object->json)
						   : want_test(apply, wants, object);
	int status = EXIT_DONE;

	if (object->kind == OBJECT_ENDPOINT && has_baseline(apply, object->name))
		n += want_shadows(
			apply, wants + n, object->json, json_object_get(object->json, "variants"));
	if (topics_find_missing(apply->ctl->rk, wants, n, missing, ctl_timeout_ms(apply->ctl),
		    errstr, sizeof(errstr)) != 0)
		return ctl_fail("%s", errstr);
	for (size_t i = 0; i < n && status == EXIT_DONE; i++)
		if (missing[i])
			status = handle_missing(apply, &wants[i]);
	return status;
}

/* Reading starts where `from` says, of the topic as it is now. */
static int set_start(struct apply *apply, struct definition_object *object)
{
	const char *topic = json_string_value(
		json_object_get(json_object_get(object->json, "topics"), "requests"));
	json_t *start = resolve_start(apply->ctl, topic, json_object_get(object->wish, "from"));
	struct control_change *change = find_change(apply, object);

	if (!start)
		return EXIT_FAILED;
	json_object_set_new(object->json, "start", start);
	free(change->definition);
	change->definition = json_dumps(object->json, JSON_COMPACT);
	assert(change->definition);
	return EXIT_DONE;
}

static bool is_ended(const struct apply *apply, const struct definition_object *object)
{
	const struct test *test =
		object->kind == OBJECT_TEST ? control_test(apply->ctl->state, object->name) : NULL;

	return test && test_state_at(test, clock_wall_us()) >= TEST_COMPLETED;
}

static int prepare(struct apply *apply)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < apply->file.n_objects && status == EXIT_DONE; i++) {
		struct definition_object *object = &apply->file.objects[i];

		if (!is_ended(apply, object))
			status = create_topics(apply, object);
		if (status == EXIT_DONE && has_new_start(apply, object))
			status = set_start(apply, object);
	}
	return status;
}

/* Keeps what each object was, to say afterwards what became of it. */
static char *describe_change(struct apply *apply, const struct definition_object *object)
{
	const json_t *current = current_definition(apply->ctl->state, object);
	char *line, *difference;
	int length;

	if (!find_change(apply, object)) {
		length = asprintf(&line, "%s %s unchanged%s", object_kind_name(object->kind),
			object->name, is_ended(apply, object) ? " (it has ended)" : "");
	} else if (!current) {
		length = asprintf(
			&line, "%s %s created", object_kind_name(object->kind), object->name);
	} else {
		difference = definition_text_diff(object->kind, current, object->json);
		length = asprintf(&line, "%s %s changed: %s", object_kind_name(object->kind),
			object->name, difference);
		free(difference);
	}
	assert(length > 0);
	return line;
}

/* Writes the record, then says for each object what became of it. */
static int commit(struct apply *apply)
{
	size_t n = apply->file.n_objects;
	char **lines = calloc(n + 1, sizeof(*lines));
	bool dry_run = apply->ctl->settings.dry_run;
	int status = EXIT_DONE;

	assert(lines);
	for (size_t i = 0; i < n; i++)
		lines[i] = describe_change(apply, &apply->file.objects[i]);
	if (apply->record.n_changes > 0 && !dry_run)
		status = ctl_commit(apply->ctl, &apply->record);
	for (size_t i = 0; i < n; i++) {
		if (status == EXIT_DONE)
			printf("%s%s\n", lines[i], dry_run ? " (dry run)" : "");
		free(lines[i]);
	}
	free(lines);
	return status;
}

static int apply_file(struct apply *apply)
{
	int status;

	if (apply->file.n_problems > 0)
		return print_problems(apply);
	status = ctl_open(apply->ctl);
	if (status != EXIT_DONE)
		return status;
	if (apply->ctl->state->event_partitions == 0)
		return ctl_fail("there is no installation yet: run umbractl init");
	plan(apply);
	if (apply->file.n_problems > 0)
		return print_problems(apply);
	status = prepare(apply);
	return status == EXIT_DONE ? commit(apply) : status;
}

static int run(struct ctl *ctl)
{
	struct apply apply = {.ctl = ctl};
	char errstr[700];
	int status;

	if (!ctl->settings.file)
		return ctl_usage("which file? umbractl apply -f FILE");
	if (definition_file_read(&apply.file, ctl->settings.file, clock_wall_us(), errstr,
		    sizeof(errstr)) != 0) {
		fprintf(stderr, "%s\n", errstr);
		return EXIT_USAGE;
	}
	status = apply_file(&apply);
	control_record_fini(&apply.record);
	definition_file_fini(&apply.file);
	return status;
}

const struct verb verb_apply = {"apply",
	CTL_PROGRAM("apply -f FILE [OPTION]...", "Create or change endpoints and tests.",
		"The whole file is checked before anything is written, and written as one change. "
		"Topics that are missing are created. What is not in the file stays as it is.",
		options, 0),
	run};
