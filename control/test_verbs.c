/* umbractl start, complete, cancel, set, delete: one test, changed. */
#include "common/clock.h"
#include "common/definition_text.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {OPTION_WRITE, OPTION_TIMEOUT};
static const struct setting delete_options[] = {OPTION_WRITE, OPTION_YES, OPTION_TIMEOUT};

/* The test that the first operand names; NULL: *status says how to end. */
static struct test *open_test(struct ctl *ctl, int *status)
{
	*status = EXIT_USAGE;
	if (ctl->n_operands < 1) {
		ctl_usage("which test? umbractl get tests lists them");
		return NULL;
	}
	*status = ctl_open(ctl);
	if (*status != EXIT_DONE)
		return NULL;
	*status = EXIT_FAILED;
	return ctl_find_test(ctl, ctl->operands[0]);
}

static int put_test(struct ctl *ctl, const char *name, json_t *definition, const char *done)
{
	int status = ctl_commit_one(ctl, OBJECT_TEST, name, definition);

	if (status == EXIT_DONE)
		printf("test %s %s\n", name, done);
	return status;
}

static int run_start(struct ctl *ctl)
{
	int status;
	int64_t now_us = clock_wall_us();
	const struct test *test = open_test(ctl, &status);
	json_t *definition;

	if (!test)
		return status;
	if (test_state_at(test, now_us) == TEST_RUNNING) {
		printf("test %s runs already\n", test->name);
		return EXIT_DONE;
	}
	if (test_state_at(test, now_us) != TEST_CREATED)
		return ctl_fail("test %s is %s: it cannot run again; give a new one another name",
			test->name, test_state_name(test_state_at(test, now_us)));
	definition = json_deep_copy(test->definition);
	json_object_set_new(definition, "start_us", json_integer(now_us));
	json_object_set_new(
		definition, "end_us", json_integer(now_us + test->end_us - test->start_us));
	return put_test(ctl, ctl->operands[0], definition, "started");
}

static int end_test(struct ctl *ctl, enum test_state as)
{
	int status;
	int64_t now_us = clock_wall_us();
	const struct test *test = open_test(ctl, &status);
	enum test_state state;
	json_t *definition;

	if (!test)
		return status;
	state = test_state_at(test, now_us);
	if (state == as) {
		printf("test %s is %s already\n", test->name, test_state_name(as));
		return EXIT_DONE;
	}
	if (state == TEST_CREATED && as == TEST_COMPLETED)
		return ctl_fail("test %s has not run: start it, or cancel it", test->name);
	if (state != TEST_CREATED && state != TEST_RUNNING)
		return ctl_fail("test %s is %s", test->name, test_state_name(state));
	definition = json_deep_copy(test->definition);
	json_object_set_new(definition, "ended", json_string(test_state_name(as)));
	json_object_set_new(definition, "ended_us", json_integer(now_us));
	return put_test(ctl, ctl->operands[0], definition, test_state_name(as));
}

static int run_complete(struct ctl *ctl)
{
	return end_test(ctl, TEST_COMPLETED);
}

static int run_cancel(struct ctl *ctl)
{
	return end_test(ctl, TEST_CANCELLED);
}

/* FIELD=VALUE into the definition; "duration" is the file's word for an end. */
static int set_field(json_t *definition, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char errstr[300], path[256];
	int64_t us;

	if (!equals || equals == assignment || equals - assignment >= (int)sizeof(path))
		return ctl_usage("\"%s\" is not FIELD=VALUE, as sampling=12.5", assignment);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - assignment), assignment);
	if (strcmp(path, "duration") == 0 && text_parse_duration(equals + 1, &us) == 0) {
		us += json_integer_value(json_object_get(definition, "start_us"));
		json_object_set_new(definition, "end_us", json_integer(us));
		return EXIT_DONE;
	}
	if (strcmp(path, "name") == 0 || strcmp(path, "endpoint") == 0)
		return ctl_usage("the %s of a test cannot change", path);
	if (definition_text_set(
		    OBJECT_TEST, definition, path, equals + 1, errstr, sizeof(errstr)) != 0)
		return ctl_usage("%s", errstr);
	return EXIT_DONE;
}

static void print_problem(void *opaque, const struct definition_problem *problem)
{
	(void)opaque;
	ctl_usage("%s", problem->message);
}

/* Before it is written: would it be accepted? Then its author hears of all that is wrong. */
static int check(struct ctl *ctl, const char *name, const json_t *definition)
{
	struct control_record record = {0};
	size_t problems;

	record_add(&record, OBJECT_TEST, name, json_deep_copy(definition));
	problems = control_state_try(ctl->state, &record, clock_wall_us(), print_problem, NULL);
	control_record_fini(&record);
	return problems > 0 ? EXIT_USAGE : EXIT_DONE;
}

static int run_set(struct ctl *ctl)
{
	int status;
	const struct test *test = open_test(ctl, &status);
	json_t *definition;
	char *done;

	if (!test)
		return status;
	if (ctl->n_operands < 2)
		return ctl_usage("set what? umbractl set %s sampling=12.5", test->name);
	definition = json_deep_copy(test->definition);
	for (int i = 1; i < ctl->n_operands && status != EXIT_USAGE; i++)
		status = set_field(definition, ctl->operands[i]) == EXIT_DONE ? EXIT_DONE
									      : EXIT_USAGE;
	if (status == EXIT_DONE && !test->baseline &&
		json_integer_value(json_object_get(definition, "baseline")) > 0)
		status =
			ctl_usage("a baseline begins with umbractl apply, which creates its topic");
	if (status == EXIT_DONE && json_equal(definition, test->definition)) {
		printf("test %s unchanged\n", test->name);
		json_decref(definition);
		return EXIT_DONE;
	}
	if (status == EXIT_DONE)
		status = check(ctl, test->name, definition);
	if (status != EXIT_DONE) {
		json_decref(definition);
		return status;
	}
	done = definition_text_diff(OBJECT_TEST, test->definition, definition);
	status = ctl_commit_one(ctl, OBJECT_TEST, ctl->operands[0], definition);
	if (status == EXIT_DONE)
		printf("test %s changed: %s\n", ctl->operands[0], done);
	free(done);
	return status;
}

static int delete_object(struct ctl *ctl, enum object_kind kind, const char *name)
{
	char question[300];
	int status;

	snprintf(question, sizeof(question), "Delete %s %.200s?", object_kind_name(kind), name);
	status = ctl_confirm(ctl, question);
	if (status == EXIT_DONE)
		status = ctl_commit_one(ctl, kind, name, NULL);
	if (status == EXIT_DONE)
		printf("%s %s deleted\n", object_kind_name(kind), name);
	return status;
}

static int delete_endpoint(struct ctl *ctl, const char *name)
{
	const struct endpoint *endpoint = ctl_find_endpoint(ctl, name);

	if (!endpoint)
		return EXIT_FAILED;
	for (size_t i = 0; i < ctl->state->n_tests; i++) {
		const struct test *test = ctl->state->tests[i];
		enum test_state state = test_state_at(test, clock_wall_us());

		if (strcmp(test->endpoint, name) == 0 && state <= TEST_RUNNING)
			return ctl_fail(
				"test %s on endpoint %s is %s: complete, cancel or delete it "
				"first",
				test->name, name, test_state_name(state));
	}
	return delete_object(ctl, OBJECT_ENDPOINT, name);
}

static int run_delete(struct ctl *ctl)
{
	bool endpoint = ctl->n_operands == 2 && strcmp(ctl->operands[0], "endpoint") == 0;
	const char *name = ctl->n_operands > 0 ? ctl->operands[ctl->n_operands - 1] : NULL;
	int status;

	if (!name || (ctl->n_operands == 2 && !endpoint && strcmp(ctl->operands[0], "test") != 0))
		return ctl_usage("delete what? umbractl delete TEST, or delete endpoint NAME");
	status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	if (endpoint)
		return delete_endpoint(ctl, name);
	if (!ctl_find_test(ctl, name))
		return EXIT_FAILED;
	return delete_object(ctl, OBJECT_TEST, name);
}

const struct verb verb_start = {"start",
	CTL_PROGRAM("start TEST [OPTION]...", "Begin a test now, before its time.",
		"It runs as long as it would have run.", options, 1),
	run_start};

const struct verb verb_complete = {"complete",
	CTL_PROGRAM("complete TEST [OPTION]...", "End a test that did what it was meant to.", NULL,
		options, 1),
	run_complete};

const struct verb verb_cancel = {"cancel",
	CTL_PROGRAM("cancel TEST [OPTION]...", "End a test that went wrong.",
		"Copies that wait are not sent to the shadow model any more.", options, 1),
	run_cancel};

const struct verb verb_set = {"set",
	CTL_PROGRAM("set TEST FIELD=VALUE... [OPTION]...", "Change fields of a test while it runs.",
		"Fields are named as in the file and in umbractl describe: sampling=12.5, "
		"duration=14d, variants.churn-v2.timeout=1s.",
		options, 32),
	run_set};

const struct verb verb_delete = {"delete",
	CTL_PROGRAM("delete TEST|endpoint [NAME] [OPTION]...",
		"Remove a test, or an endpoint on which no test runs.",
		"Topics and what is in them stay.", delete_options, 2),
	run_delete};
