/* The settings that every program has, before its own. */
#include "common/kafka.h"
#include "common/memory.h"
#include "common/settings_private.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const levels[] = {"off", "error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "logfmt", "json", NULL};

#define AT(field) offsetof(struct common_settings, field)

/* Does it end in a colon and digits? */
static bool has_port(const char *address, size_t size, int64_t *port)
{
	size_t digits = 0;
	*port = 0;
	while (digits < size && isdigit((unsigned char)address[size - digits - 1]))
		digits++;
	if (!digits || digits > 5 || digits + 1 > size || address[size - digits - 1] != ':')
		return false;
	for (size_t i = size - digits; i < size; i++)
		*port = *port * 10 + (address[i] - '0');
	return true;
}

static int refuse_address(const char *address, size_t size, char *errstr, size_t errstr_size)
{
	snprintf(errstr, errstr_size, "\"%.*s\" is no HOST:PORT with a port up to 65535", (int)size,
		address);
	return -1;
}

/* HOST[:PORT], with commas between; a host without port gets Kafka's, 9092. */
static int check_brokers(const char *value, char *errstr, size_t errstr_size)
{
	if (!*value) {
		snprintf(errstr, errstr_size, "it is empty; write HOST:PORT, several with commas");
		return -1;
	}
	for (const char *at = value; *at; at += *at == ',') {
		size_t size = strcspn(at, ",");
		int64_t port;
		bool found = has_port(at, size, &port);
		if (!size || *at == ':' || (!found && at[size - 1] == ':') || port > 65535)
			return refuse_address(at, size, errstr, errstr_size);
		at += size;
	}
	return 0;
}

static int check_admin(const char *value, char *errstr, size_t errstr_size)
{
	int64_t port;
	if (!*value || (has_port(value, strlen(value), &port) && port <= 65535))
		return 0;
	return refuse_address(value, strlen(value), errstr, errstr_size);
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
		.check = check_brokers},
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
			"any.",
		.check = check_admin},
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
	memory_need(input->table);
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
		if (setting.offset == AT(log_level) && program->log_default)
			setting.fallback = program->log_default;
		input->table[input->n++] = setting;
	}
}
