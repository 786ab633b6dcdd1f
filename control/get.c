/* umbractl get: endpoints or tests, one per line. */
#include "common/clock.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

static const char *const outputs[] = {"table", "json", "name", NULL};
static const struct setting options[] = {
	{.option = "output",
		.letter = 'o',
		.type = SETTING_CHOICE,
		.offset = CTL_AT(output),
		.fallback = "table",
		.choices = outputs,
		.argument = "table|json|name",
		.help = "How the answer looks; name: nothing but the names, one a line."},
	OPTION_TIMEOUT};

static void print_variants(const struct variant *variants, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i > 0 ? "," : "", variants[i].name);
}

static size_t count_open_tests(const struct ctl *ctl, const struct endpoint *endpoint)
{
	size_t n = 0;

	for (size_t i = 0; i < ctl->state->n_tests; i++)
		n += strcmp(ctl->state->tests[i]->endpoint, endpoint->name) == 0 &&
			test_state_at(ctl->state->tests[i], clock_wall_us()) <= TEST_RUNNING;
	return n;
}

static void print_endpoints(const struct ctl *ctl)
{
	printf("%-24s %-6s %-24s %5s %5s %10s  %s\n", "NAME", "FORMAT", "REQUESTS", "TESTS",
		"EPOCH", "GENERATION", "VARIANTS");
	for (size_t i = 0; i < ctl->state->n_endpoints; i++) {
		const struct endpoint *endpoint = ctl->state->endpoints[i];

		printf("%-24s %-6s %-24s %5zu %5lld %10lld  ", endpoint->name,
			endpoint->format == FORMAT_AVRO ? "avro" : "raw", endpoint->requests_topic,
			count_open_tests(ctl, endpoint), (long long)endpoint->epoch,
			(long long)endpoint->generation);
		print_variants(endpoint->variants, endpoint->n_variants);
		printf("\n");
	}
}

static void print_tests(const struct ctl *ctl)
{
	char start[TEXT_MAX], end[TEXT_MAX];

	printf("%-24s %-24s %-10s %9s %-28s %-28s  %s\n", "NAME", "ENDPOINT", "STATE", "SAMPLING",
		"START", "END", "VARIANTS");
	for (size_t i = 0; i < ctl->state->n_tests; i++) {
		const struct test *test = ctl->state->tests[i];

		printf("%-24s %-24s %-10s %8g%% %-28s %-28s  ", test->name, test->endpoint,
			test_state_name(test_state_at(test, clock_wall_us())), test->sampling / 1e4,
			text_format_time(test->start_us, start),
			text_format_time(
				test->ended == TEST_CREATED ? test->end_us : test->ended_us, end));
		print_variants(test->variants, test->n_variants);
		printf("\n");
	}
}

static void print_names(const struct ctl *ctl, bool tests)
{
	for (size_t i = 0; tests && i < ctl->state->n_tests; i++)
		printf("%s\n", ctl->state->tests[i]->name);
	for (size_t i = 0; !tests && i < ctl->state->n_endpoints; i++)
		printf("%s\n", ctl->state->endpoints[i]->name);
}

/* The definition, and what follows from the log. */
json_t *endpoint_to_json(const struct endpoint *endpoint)
{
	json_t *json = json_copy(endpoint->definition);

	json_object_set_new(json, "generation", json_integer(endpoint->generation));
	json_object_set_new(json, "created_generation", json_integer(endpoint->created_generation));
	return json;
}

json_t *test_to_json(const struct test *test)
{
	json_t *json = json_copy(test->definition);

	json_object_set_new(json, "generation", json_integer(test->generation));
	json_object_set_new(json, "created_generation", json_integer(test->created_generation));
	json_object_set_new(
		json, "state", json_string(test_state_name(test_state_at(test, clock_wall_us()))));
	return json;
}

static void print_json(const struct ctl *ctl, bool tests)
{
	json_t *list = json_array();

	for (size_t i = 0; tests && i < ctl->state->n_tests; i++)
		json_array_append_new(list, test_to_json(ctl->state->tests[i]));
	for (size_t i = 0; !tests && i < ctl->state->n_endpoints; i++)
		json_array_append_new(list, endpoint_to_json(ctl->state->endpoints[i]));
	json_dumpf(list, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(list);
}

static int run(struct ctl *ctl)
{
	const char *what = ctl->n_operands == 1 ? ctl->operands[0] : "";
	bool tests = strcmp(what, "tests") == 0 || strcmp(what, "test") == 0;
	int status;

	if (!tests && strcmp(what, "endpoints") != 0 && strcmp(what, "endpoint") != 0)
		return ctl_usage("get what? umbractl get endpoints, or umbractl get tests");
	status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	if (ctl->settings.output == OUTPUT_JSON)
		print_json(ctl, tests);
	else if (ctl->settings.output == OUTPUT_NAME)
		print_names(ctl, tests);
	else if (tests)
		print_tests(ctl);
	else
		print_endpoints(ctl);
	return EXIT_DONE;
}

const struct verb verb_get = {"get",
	CTL_PROGRAM(
		"get endpoints|tests [OPTION]...", "List endpoints or tests.", NULL, options, 1),
	run};
