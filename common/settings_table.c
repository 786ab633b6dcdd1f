/* The settings that every program has, before its own. */
#include "common/kafka.h"
#include "common/settings_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "logfmt", "json", NULL};

#define AT(field) offsetof(struct common_settings, field)

static int check_not_empty(const char *value, char *errstr, size_t errstr_size)
{
	if (*value)
		return 0;
	snprintf(errstr, errstr_size, "it is empty; write HOST:PORT, several with commas");
	return -1;
}

/* Both stand in names of topics, groups or members. */
static int check_topic_part(const char *value, char *errstr, size_t errstr_size)
{
	size_t n =
		strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	if (!value[n] && n <= 100)
		return 0;
	snprintf(errstr, errstr_size, "it may hold 100 of the characters A-Z a-z 0-9 . _ -");
	return -1;
}

static const struct setting common_table[] = {
	{.path = "brokers",
		.option = "brokers",
		.letter = 'b',
		.type = SETTING_STRING,
		.offset = AT(brokers),
		.fallback = "localhost:9092",
		.argument = "HOST:PORT[,...]",
		.help = "Kafka brokers to begin with.",
		.check = check_not_empty},
	{.path = "prefix",
		.option = "prefix",
		.type = SETTING_STRING,
		.offset = AT(prefix),
		.fallback = "umbra.",
		.argument = "TEXT",
		.help = "What the names of Umbra's own topics and groups begin with.",
		.check = check_topic_part},
	{.path = "kafka.properties",
		.option = "property",
		.letter = 'X',
		.type = SETTING_LIST,
		.offset = AT(properties),
		.argument = "NAME=VALUE",
		.help = "A property of librdkafka, passed on untouched; NAME_file=PATH takes the "
			"value from a "
			"file. May be repeated; the last one counts.",
		.check = kafka_property_check},
	{.path = "instance",
		.option = "instance",
		.type = SETTING_STRING,
		.offset = AT(instance),
		.argument = "NAME",
		.help = "A lasting name for this process among its kind: with it a restart moves "
			"no "
			"partition.",
		.check = check_topic_part},
	{.path = "admin",
		.option = "admin",
		.type = SETTING_STRING,
		.offset = AT(admin),
		.argument = "HOST:PORT",
		.help = "Where /livez, /readyz and /metrics are served; empty: nowhere; port 0: "
			"any."},
	{.path = "log.level",
		.option = "log-level",
		.type = SETTING_CHOICE,
		.offset = AT(log_level),
		.fallback = "info",
		.choices = levels,
		.reloadable = true,
		.argument = "LEVEL",
		.help = "The least weighty lines that are written."},
	{.path = "log.format",
		.option = "log-format",
		.type = SETTING_CHOICE,
		.offset = AT(log_format),
		.fallback = "text",
		.choices = formats,
		.argument = "FORMAT",
		.help = "How log lines on standard error look."},
	{.option = "config",
		.letter = 'c',
		.type = SETTING_STRING,
		.offset = AT(config_path),
		.argument = "FILE",
		.help = "Read settings from this file."},
	{.option = "check-config",
		.type = SETTING_BOOL,
		.offset = AT(check_config),
		.fallback = "false",
		.help = "Check all settings and end: status 0 when they are good, else 2."},
};

enum { N_COMMON = sizeof(common_table) / sizeof(common_table[0]) };

void settings_make_table(struct settings_input *input)
{
	const struct program *program = input->program;
	input->table = calloc(program->n_settings + N_COMMON, sizeof(*input->table));
	assert(input->table);
	if (program->n_settings)
		memcpy(input->table, program->settings,
			program->n_settings * sizeof(*input->table));
	input->n = program->n_settings;
	for (size_t i = 0; i < N_COMMON; i++) {
		struct setting setting = common_table[i];
		if (setting.offset == AT(admin) && !program->admin_default)
			continue;
		if (setting.offset == AT(admin))
			setting.fallback = program->admin_default;
		input->table[input->n++] = setting;
	}
}
