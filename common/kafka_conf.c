/* The road from settings to rd_kafka_conf_t. librdkafka's own messages quote the value that they
 * refuse, which may be a password, so every message is made here and names the property only. */
#include "common/kafka.h"
#include "common/log.h"
#include "common/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* librdkafka's levels are syslog's. Its own retries make noise that is no news: what the program
 * does about a broken connection it says itself. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	char object[160];
	enum log_level ours = LOG_DEBUG;
	if (level <= 3)
		ours = LOG_ERROR;
	else if (level <= 4)
		ours = LOG_WARN;
	else if (level <= 5)
		ours = LOG_INFO;
	snprintf(object, sizeof(object), "kafka %s %s", rk ? rd_kafka_name(rk) : "", facility);
	log_write(ours, object, "%s", text);
}

enum { MAX_PROPERTIES = 512 };

/* The names of all properties, cut out of the table that librdkafka prints of them.
 * rd_kafka_conf_get is no help: it does not tell a property without value from an unknown one. */
struct names {
	char *table;
	const char *items[MAX_PROPERTIES];
	size_t n;
};

static void names_init(struct names *names)
{
	size_t size;
	*names = (struct names){.table = NULL};
	FILE *out = open_memstream(&names->table, &size);
	if (!out)
		return;
	rd_kafka_conf_properties_show(out);
	fclose(out);
	char *rest, *line = strtok_r(names->table, "\n", &rest);
	for (; line && names->n < MAX_PROPERTIES; line = strtok_r(NULL, "\n", &rest)) {
		size_t length = strcspn(line, " |");
		if (!strchr(line, '|'))
			continue;
		line[length] = '\0';
		names->items[names->n++] = line;
	}
}

static bool is_known(const char *name)
{
	struct names names;
	bool known = false;
	names_init(&names);
	for (size_t i = 0; i < names.n && !known; i++)
		known = strcmp(names.items[i], name) == 0;
	free(names.table);
	return known;
}

static void describe_unknown(const char *name, char *errstr, size_t errstr_size)
{
	struct names names;
	names_init(&names);
	const char *nearest = text_nearest(name, names.items, names.n);
	if (nearest)
		snprintf(errstr, errstr_size,
			"librdkafka has no property \"%s\"; did you mean \"%s\"?", name, nearest);
	else
		snprintf(errstr, errstr_size,
			"librdkafka has no property \"%s\"; see its CONFIGURATION.md", name);
	free(names.table);
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, char *errstr,
	size_t errstr_size)
{
	char quoting[512];
	switch (rd_kafka_conf_set(conf, name, value, quoting, sizeof(quoting))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		describe_unknown(name, errstr, errstr_size);
		return -1;
	default:
		snprintf(errstr, errstr_size,
			"librdkafka does not take the value of property \"%s\"; see its "
			"CONFIGURATION.md",
			name);
		return -1;
	}
}

static int set_from_file(
	rd_kafka_conf_t *conf, const char *name, const char *path, char *errstr, size_t errstr_size)
{
	char problem[300];
	char *secret = text_read_secret(path, problem, sizeof(problem));
	if (!secret) {
		snprintf(errstr, errstr_size, "property \"%s_file\": %s", name, problem);
		return -1;
	}
	int result = set(conf, name, secret, errstr, errstr_size);
	explicit_bzero(secret, strlen(secret));
	free(secret);
	return result;
}

/* Takes the suffix off a name that stands for a file. */
static bool names_file(char *name)
{
	static const char suffix[] = "_file";
	size_t length = strlen(name), stem = length - strlen(suffix);
	if (length <= strlen(suffix) || strcmp(name + stem, suffix) != 0 || is_known(name))
		return false;
	name[stem] = '\0';
	if (is_known(name))
		return true;
	name[stem] = suffix[0];
	return false;
}

static int set_property(
	rd_kafka_conf_t *conf, const char *property, char *errstr, size_t errstr_size)
{
	char name[128];
	const char *equals = strchr(property, '=');
	size_t length = equals ? (size_t)(equals - property) : 0;
	if (length == 0 || length >= sizeof(name)) {
		snprintf(errstr, errstr_size, "a property is written NAME=VALUE");
		return -1;
	}
	memcpy(name, property, length);
	name[length] = '\0';
	if (names_file(name))
		return set_from_file(conf, name, equals + 1, errstr, errstr_size);
	return set(conf, name, equals + 1, errstr, errstr_size);
}

int kafka_property_check(const char *property, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int result = set_property(conf, property, errstr, errstr_size);
	rd_kafka_conf_destroy(conf);
	return result;
}

static int set_base(rd_kafka_conf_t *conf, const struct common_settings *settings, char *errstr,
	size_t errstr_size)
{
	char client_id[256];
	snprintf(client_id, sizeof(client_id), "%s%s%s", program_invocation_short_name,
		settings->instance ? "/" : "", settings->instance ? settings->instance : "");
	const struct kafka_property base[] = {
		{"bootstrap.servers", settings->brokers},
		{"client.id", client_id},
		{"client.software.name", "umbra"},
		{"client.software.version", UMBRA_VERSION},
		{"socket.nagle.disable", "true"},
		/* No program makes a topic by mentioning it. */
		{"allow.auto.create.topics", "false"},
		{NULL, NULL},
	};
	for (const struct kafka_property *p = base; p->name; p++) {
		if (set(conf, p->name, p->value, errstr, errstr_size) < 0)
			return -1;
	}
	return 0;
}

static int set_all(rd_kafka_conf_t *conf, const struct common_settings *settings,
	const struct kafka_property *defaults, char *errstr, size_t errstr_size)
{
	if (set_base(conf, settings, errstr, errstr_size) < 0)
		return -1;
	for (; defaults && defaults->name; defaults++) {
		if (set(conf, defaults->name, defaults->value, errstr, errstr_size) < 0)
			return -1;
	}
	for (size_t i = 0; i < settings->properties.n; i++) {
		if (set_property(conf, settings->properties.items[i], errstr, errstr_size) < 0)
			return -1;
	}
	return 0;
}

rd_kafka_conf_t *kafka_conf_new(const struct common_settings *settings,
	const struct kafka_property *defaults, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (set_all(conf, settings, defaults, errstr, errstr_size) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return conf;
}
