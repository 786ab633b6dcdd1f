/* umbractl acls: what each program needs to be allowed on a Kafka with an authorizer, and no more. The
 * needs are one table; the installation and its endpoints fill in the names. Writing to a topic
 * allows a producer its idempotence, reading and writing allow asking about the topic. */
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

enum subject { /* a topic or a group, once for the installation or once for each endpoint */
	CONTROL_TOPIC,
	EVENTS_TOPIC,
	AGGREGATES_TOPIC,
	AGGREGATOR_GROUP,
	READER_GROUP, /* never joined, but asked about by whoever reads a small topic */
	REQUESTS_TOPIC,
	RESPONSES_TOPIC,
	DEAD_LETTER_TOPIC,
	REPLY_TOPICS,
	SHADOW_TOPICS, /* prefixed */
	SPLITTER_GROUP,
	SHADOW_GROUPS, /* prefixed */
	CAPTURED_TOPICS /* as --from-topic names them */
};

struct need {
	const char *program;
	enum subject subject;
	const char *operations[5]; /* as kafka-acls.sh names them */
};

static const struct need needs[] = {
	{"umbra-splitter", CONTROL_TOPIC, {"Read", "DescribeConfigs"}},
	{"umbra-splitter", READER_GROUP, {"Describe"}},
	{"umbra-splitter", EVENTS_TOPIC, {"Write", "DescribeConfigs"}},
	{"umbra-splitter", REQUESTS_TOPIC, {"Read"}},
	{"umbra-splitter", RESPONSES_TOPIC, {"Write"}},
	{"umbra-splitter", REPLY_TOPICS, {"Write"}},
	{"umbra-splitter", DEAD_LETTER_TOPIC, {"Write"}},
	{"umbra-splitter", SHADOW_TOPICS, {"Write"}},
	{"umbra-splitter", SPLITTER_GROUP, {"Read"}},
	{"umbra-shadow", CONTROL_TOPIC, {"Read", "DescribeConfigs"}},
	{"umbra-shadow", READER_GROUP, {"Describe"}},
	{"umbra-shadow", EVENTS_TOPIC, {"Write", "DescribeConfigs"}},
	{"umbra-shadow", SHADOW_TOPICS, {"Read"}},
	{"umbra-shadow", SHADOW_GROUPS, {"Read"}},
	{"umbra-aggregator", CONTROL_TOPIC, {"Read", "DescribeConfigs"}},
	{"umbra-aggregator", READER_GROUP, {"Describe"}},
	{"umbra-aggregator", EVENTS_TOPIC, {"Read", "Write", "DescribeConfigs"}},
	{"umbra-aggregator", AGGREGATES_TOPIC, {"Write"}},
	{"umbra-aggregator", AGGREGATOR_GROUP, {"Read"}},
	{"umbra-console", CONTROL_TOPIC, {"Read", "DescribeConfigs"}},
	{"umbra-console", READER_GROUP, {"Describe"}},
	{"umbra-console", EVENTS_TOPIC, {"Describe", "DescribeConfigs"}},
	{"umbra-console", AGGREGATES_TOPIC, {"Read"}},
	/* The page's System view; it works without, and says what it may not see. */
	{"umbra-console", AGGREGATOR_GROUP, {"Describe"}},
	{"umbra-console", REQUESTS_TOPIC, {"Describe"}},
	{"umbra-console", SHADOW_TOPICS, {"Describe"}},
	{"umbra-console", SPLITTER_GROUP, {"Describe"}},
	{"umbra-console", SHADOW_GROUPS, {"Describe"}},
	{"umbra-producer", CONTROL_TOPIC, {"Read"}},
	{"umbra-producer", READER_GROUP, {"Describe"}},
	{"umbra-producer", EVENTS_TOPIC, {"Write"}}, /* the truth, --label */
	{"umbra-producer", REQUESTS_TOPIC, {"Read", "Write"}}, /* --from-topic */
	{"umbra-producer", CAPTURED_TOPICS, {"Read"}},
	{"umbra-producer", RESPONSES_TOPIC, {"Read"}},
	{"umbractl", CONTROL_TOPIC, {"Read", "Write", "Create", "DescribeConfigs"}},
	{"umbractl", READER_GROUP, {"Describe"}},
	{"umbractl", EVENTS_TOPIC, {"Read", "Create", "DescribeConfigs"}},
	{"umbractl", AGGREGATES_TOPIC, {"Read", "Create"}},
	{"umbractl", REQUESTS_TOPIC, {"Describe", "Create"}},
	{"umbractl", RESPONSES_TOPIC, {"Describe", "Create"}},
	{"umbractl", DEAD_LETTER_TOPIC, {"Read", "Create"}},
	{"umbractl", SHADOW_TOPICS, {"Describe", "Create"}},
};
enum { N_NEEDS = sizeof(needs) / sizeof(needs[0]) };

static const struct setting options[] = {
	{.option = "principal",
		.type = SETTING_LIST,
		.offset = CTL_AT(principals),
		.argument = "PROGRAM=PRINCIPAL",
		.help = "Who a program is for Kafka; default: User:PROGRAM. May be repeated."},
	{.option = "from-topic",
		.type = SETTING_LIST,
		.offset = CTL_AT(captured),
		.argument = "TOPIC",
		.help = "A topic of no endpoint that umbra-producer --from-topic is to read. May "
			"be "
			"repeated."},
	OPTION_OUTPUT, OPTION_TIMEOUT};

struct acl {
	const struct need *need;
	char name[300];
	bool is_prefix;
};

typedef void use_acl(const struct ctl *ctl, const struct acl *acl, void *opaque);

static const char *principal_of(const struct ctl *ctl, const char *program, char text[300])
{
	const struct string_list *list = &ctl->settings.principals;
	size_t length = strlen(program);

	for (size_t i = 0; i < list->n; i++)
		if (strncmp(list->items[i], program, length) == 0 && list->items[i][length] == '=')
			return list->items[i] + length + 1;
	snprintf(text, 300, "User:%s", program);
	return text;
}

static bool is_group(enum subject subject)
{
	return subject == READER_GROUP || subject == AGGREGATOR_GROUP ||
		subject == SPLITTER_GROUP || subject == SHADOW_GROUPS;
}

static void use_named(const struct ctl *ctl, const struct need *need, const char *name,
	use_acl *use, void *opaque)
{
	struct acl acl = {.need = need};

	snprintf(acl.name, sizeof(acl.name), "%s", name);
	use(ctl, &acl, opaque);
}

static void use_own(const struct ctl *ctl, const struct need *need, const char *suffix,
	use_acl *use, void *opaque)
{
	char name[300];

	snprintf(name, sizeof(name), "%s%s", ctl->settings.common.prefix, suffix);
	use_named(ctl, need, name, use, opaque);
}

static void use_endpoint(const struct ctl *ctl, const struct need *need,
	const struct endpoint *endpoint, use_acl *use, void *opaque)
{
	const char *prefix = ctl->settings.common.prefix;
	struct acl acl = {.need = need};

	switch ((int)need->subject) {
	case REQUESTS_TOPIC:
		use_named(ctl, need, endpoint->requests_topic, use, opaque);
		return;
	case RESPONSES_TOPIC:
		use_named(ctl, need, endpoint->responses_topic, use, opaque);
		return;
	case DEAD_LETTER_TOPIC:
		use_named(ctl, need, endpoint->dead_letter_topic, use, opaque);
		return;
	case REPLY_TOPICS:
		for (size_t i = 0; i < endpoint->reply_topics.n; i++)
			use_named(ctl, need, endpoint->reply_topics.items[i], use, opaque);
		return;
	case SPLITTER_GROUP:
		snprintf(acl.name, sizeof(acl.name), "%ssplitter.%s", prefix, endpoint->name);
		break;
	case SHADOW_GROUPS:
		snprintf(acl.name, sizeof(acl.name), "%sshadow.%s.", prefix, endpoint->name);
		acl.is_prefix = true;
		break;
	default:
		snprintf(acl.name, sizeof(acl.name), "%s.shadow.", endpoint->name);
		acl.is_prefix = true;
	}
	use(ctl, &acl, opaque);
}

static void use_need(const struct ctl *ctl, const struct need *need, use_acl *use, void *opaque)
{
	static const char *const own[] = {[CONTROL_TOPIC] = "control",
		[READER_GROUP] = "reader",
		[EVENTS_TOPIC] = "events",
		[AGGREGATES_TOPIC] = "aggregates",
		[AGGREGATOR_GROUP] = "aggregator"};

	if (need->subject <= READER_GROUP)
		use_own(ctl, need, own[need->subject], use, opaque);
	if (need->subject == CAPTURED_TOPICS) {
		for (size_t i = 0; i < ctl->settings.captured.n; i++)
			use_named(ctl, need, ctl->settings.captured.items[i], use, opaque);
		return;
	}
	for (size_t i = 0; need->subject > READER_GROUP && i < ctl->state->n_endpoints; i++)
		use_endpoint(ctl, need, ctl->state->endpoints[i], use, opaque);
}

static void print_command(const struct ctl *ctl, const struct acl *acl, void *opaque)
{
	char principal[300];

	(void)opaque;
	printf("kafka-acls.sh --bootstrap-server %s --add --allow-principal %s",
		ctl->settings.common.brokers, principal_of(ctl, acl->need->program, principal));
	for (size_t i = 0; acl->need->operations[i]; i++)
		printf(" --operation %s", acl->need->operations[i]);
	printf(" --%s %s%s\n", is_group(acl->need->subject) ? "group" : "topic", acl->name,
		acl->is_prefix ? " --resource-pattern-type prefixed" : "");
}

static void add_json(const struct ctl *ctl, const struct acl *acl, void *opaque)
{
	char principal[300];
	json_t *operations = json_array();

	for (size_t i = 0; acl->need->operations[i]; i++)
		json_array_append_new(operations, json_string(acl->need->operations[i]));
	json_array_append_new(opaque,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "program", acl->need->program,
			"principal", principal_of(ctl, acl->need->program, principal), "resource",
			is_group(acl->need->subject) ? "group" : "topic", "name", acl->name,
			"pattern", acl->is_prefix ? "prefixed" : "literal", "operations",
			operations));
}

static bool is_wanted(const struct ctl *ctl, const char *program)
{
	for (int i = 0; i < ctl->n_operands; i++)
		if (strcmp(ctl->operands[i], program) == 0)
			return true;
	return ctl->n_operands == 0;
}

static const char *first_unknown(const struct ctl *ctl)
{
	for (int i = 0; i < ctl->n_operands; i++) {
		size_t n = 0;

		while (n < N_NEEDS && strcmp(needs[n].program, ctl->operands[i]) != 0)
			n++;
		if (n == N_NEEDS)
			return ctl->operands[i];
	}
	return NULL;
}

static int run(struct ctl *ctl)
{
	json_t *list = NULL;
	int status;

	if (first_unknown(ctl))
		return ctl_usage("there is no program %s: umbra-splitter, umbra-shadow, "
				 "umbra-aggregator, umbra-console, umbra-producer or umbractl",
			first_unknown(ctl));
	status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	if (ctl->settings.output == OUTPUT_JSON)
		list = json_array();
	for (size_t i = 0; i < N_NEEDS; i++)
		if (is_wanted(ctl, needs[i].program))
			use_need(ctl, &needs[i], list ? add_json : print_command, list);
	if (list) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		printf("\n");
	}
	json_decref(list);
	return EXIT_DONE;
}

const struct verb verb_acls = {"acls",
	CTL_PROGRAM("acls [PROGRAM]... [OPTION]...",
		"Print the commands that allow each program what it needs.",
		"For a Kafka with an authorizer. The commands are for the installation and its "
		"endpoints as they are now: run it again when an endpoint was added.",
		options, 8),
	run};
