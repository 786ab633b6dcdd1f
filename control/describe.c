/* umbractl describe: all fields of one endpoint or test. Secrets stand in the log as references, so
 * that is how they appear. */
#include "common/clock.h"
#include "common/definition_text.h"
#include "control/umbractl.h"
#include <string.h>

static const struct setting options[] = {OPTION_OUTPUT, OPTION_TIMEOUT};

static void print_fields(enum object_kind kind, const json_t *definition)
{
	struct definition_text *text = definition_text_new(kind, definition);

	for (size_t i = 0; i < text->n; i++)
		printf("%-36s %s\n", text->lines[i].path, text->lines[i].value);
	definition_text_free(text);
}

static void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(json);
}

static int describe_endpoint(struct ctl *ctl, const char *name)
{
	const struct endpoint *endpoint = ctl_find_endpoint(ctl, name);

	if (!endpoint)
		return EXIT_FAILED;
	if (ctl->settings.output == OUTPUT_JSON) {
		print_json(endpoint_to_json(endpoint));
		return EXIT_DONE;
	}
	print_fields(OBJECT_ENDPOINT, endpoint->definition);
	printf("%-36s %lld\n%-36s %lld\n", "created in generation",
		(long long)endpoint->created_generation, "last changed in generation",
		(long long)endpoint->generation);
	for (size_t i = 0; i < ctl->state->n_tests; i++)
		if (strcmp(ctl->state->tests[i]->endpoint, name) == 0)
			printf("%-36s %s (%s)\n", "test", ctl->state->tests[i]->name,
				test_state_name(
					test_state_at(ctl->state->tests[i], clock_wall_us())));
	return EXIT_DONE;
}

static void print_baseline_topics(const struct endpoint *endpoint, const struct test *test)
{
	for (size_t i = 0; test->baseline && endpoint && i < endpoint->n_variants; i++)
		printf("%-36s %s.shadow.%s\n", "baseline topic", endpoint->name,
			endpoint->variants[i].name);
}

static int describe_test(struct ctl *ctl, const char *name)
{
	const struct test *test = ctl_find_test(ctl, name);

	if (!test)
		return EXIT_FAILED;
	if (ctl->settings.output == OUTPUT_JSON) {
		print_json(test_to_json(test));
		return EXIT_DONE;
	}
	printf("%-36s %s\n", "state", test_state_name(test_state_at(test, clock_wall_us())));
	print_fields(OBJECT_TEST, test->definition);
	for (size_t i = 0; i < test->n_variants; i++)
		printf("%-36s %s\n", "shadow topic", test->shadow_topics[i]);
	print_baseline_topics(control_endpoint(ctl->state, test->endpoint), test);
	printf("%-36s %lld\n%-36s %lld\n%-36s %016llx\n", "created in generation",
		(long long)test->created_generation, "last changed in generation",
		(long long)test->generation, "sampling seed", (unsigned long long)test->seed);
	return EXIT_DONE;
}

static int run(struct ctl *ctl)
{
	bool test = ctl->n_operands == 2 && strcmp(ctl->operands[0], "test") == 0;
	int status;

	if (!test && (ctl->n_operands != 2 || strcmp(ctl->operands[0], "endpoint") != 0))
		return ctl_usage("describe what? umbractl describe endpoint NAME, or test NAME");
	status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	return test ? describe_test(ctl, ctl->operands[1])
		    : describe_endpoint(ctl, ctl->operands[1]);
}

const struct verb verb_describe = {"describe",
	CTL_PROGRAM("describe endpoint|test NAME [OPTION]...", "Show all of one endpoint or test.",
		NULL, options, 2),
	run};
