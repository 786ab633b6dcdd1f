/* umbractl set-start: an endpoint reads from another position, in a new epoch. */
#include "common/definition_text.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {
	{.option = "from",
		.type = SETTING_STRING,
		.offset = CTL_AT(from),
		.argument = "now|earliest|TIME",
		.help = "Where reading starts."},
	OPTION_WRITE,
	OPTION_TIMEOUT,
};

/* NULL: neither a word nor a time. */
static json_t *parse_from(const char *text)
{
	int64_t us;

	if (strcmp(text, "now") == 0 || strcmp(text, "earliest") == 0)
		return json_string(text);
	return text_parse_time(text, &us) == 0 ? json_integer(us) : NULL;
}

static int move(struct ctl *ctl, const struct endpoint *endpoint, const json_t *from)
{
	json_t *start = resolve_start(ctl, endpoint->requests_topic, from);
	const char *name = ctl->operands[ctl->n_operands - 1];
	json_t *definition;
	char *difference;
	int status;

	if (!start)
		return EXIT_FAILED;
	definition = json_deep_copy(endpoint->definition);
	json_object_set_new(definition, "start", start);
	json_object_set_new(definition, "epoch", json_integer(endpoint->epoch + 1));
	difference = definition_text_diff(OBJECT_ENDPOINT, endpoint->definition, definition);
	status = ctl_commit_one(ctl, OBJECT_ENDPOINT, name, definition);
	if (status == EXIT_DONE)
		printf("endpoint %s changed: %s\n", name, difference);
	free(difference);
	return status;
}

static int run(struct ctl *ctl)
{
	bool named = ctl->n_operands == 2 && strcmp(ctl->operands[0], "endpoint") == 0;
	const struct endpoint *endpoint;
	json_t *from;
	int status;

	if (!named && ctl->n_operands != 1)
		return ctl_usage("which endpoint? umbractl set-start endpoint NAME --from now");
	from = ctl->settings.from ? parse_from(ctl->settings.from) : NULL;
	if (!from)
		return ctl_usage("--from must be now, earliest or a time, as 2026-01-31T12:00:00Z");
	status = ctl_open(ctl);
	if (status == EXIT_DONE) {
		endpoint = ctl_find_endpoint(ctl, ctl->operands[ctl->n_operands - 1]);
		status = endpoint ? move(ctl, endpoint, from) : EXIT_FAILED;
	}
	json_decref(from);
	return status;
}

const struct verb verb_set_start = {"set-start",
	CTL_PROGRAM("set-start endpoint NAME --from now|earliest|TIME [OPTION]...",
		"Let an endpoint read its requests from another position.",
		"This begins a new epoch: what was read before may be read again, and its events "
		"are told apart.",
		options, 2),
	run};
