/* The file: every setting in it must be in the table and have its type. libconfig's own conversions
 * are not used; a value goes the same way as one of the command line, as text. */
#include "common/config_file.h"
#include "common/settings_private.h"
#include "common/text.h"
#include <assert.h>
#include <string.h>

enum { MAX_PATH = 256 };

struct reading {
	const struct settings_input *input;
	void *values;
	bool *given;
	char *errstr;
	size_t errstr_size;
};

/* Puts "file:line: path: " before what `problem` says. */
static int refuse(struct reading *reading, const config_setting_t *item, const char *path,
	const char *problem)
{
	char place[1024];
	config_file_place(item, reading->input->config_path, place, sizeof(place));
	snprintf(reading->errstr, reading->errstr_size, "%s: %s: %s", place, path, problem);
	return -1;
}

static int refuse_type(
	struct reading *reading, const config_setting_t *item, const struct setting *setting)
{
	char wanted[320], problem[340];
	setting_describe(setting, wanted, sizeof(wanted));
	snprintf(problem, sizeof(problem), "write %s", wanted);
	return refuse(reading, item, setting->path, problem);
}

static const char *last_word(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

/* The known path nearest to `path`, else the one whose last word is nearest to `path`'s. */
static const char *nearest_path(const struct settings_input *input, const char *path)
{
	const char *paths[256], *words[256];
	size_t n = 0;
	for (size_t i = 0; i < input->n && n < 256; i++) {
		if (!input->table[i].path)
			continue;
		paths[n] = input->table[i].path;
		words[n] = last_word(paths[n]);
		n++;
	}
	const char *nearest = text_nearest(path, paths, n);
	const char *word = nearest ? NULL : text_nearest(last_word(path), words, n);
	for (size_t i = 0; word && i < n; i++) {
		if (words[i] == word)
			nearest = paths[i];
	}
	return nearest;
}

static int refuse_unknown(struct reading *reading, const config_setting_t *item, const char *path)
{
	char problem[MAX_PATH + 64];
	const char *nearest = nearest_path(reading->input, path);
	if (nearest)
		snprintf(
			problem, sizeof(problem), "unknown setting; did you mean \"%s\"?", nearest);
	else
		snprintf(problem, sizeof(problem), "unknown setting; --help lists all");
	return refuse(reading, item, path, problem);
}

static int set_text(struct reading *reading, const config_setting_t *item,
	const struct setting *setting, const char *text)
{
	char problem[512];
	if (setting_set(setting, reading->values, text, problem, sizeof(problem)) < 0)
		return refuse(reading, item, setting->path, problem);
	return 0;
}

static int set_list(
	struct reading *reading, const config_setting_t *list, const struct setting *setting)
{
	if (setting->type != SETTING_LIST)
		return refuse_type(reading, list, setting);
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *item = config_setting_get_elem(list, (unsigned)i);
		if (config_setting_type(item) != CONFIG_TYPE_STRING)
			return refuse_type(reading, item, setting);
		if (set_text(reading, item, setting, config_setting_get_string(item)) < 0)
			return -1;
	}
	return 0;
}

static bool takes(const struct setting *setting, const config_setting_t *item)
{
	enum setting_type type = setting->type;
	switch (config_setting_type(item)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return type == SETTING_INT || type == SETTING_DOUBLE || type == SETTING_SIZE ||
			(type == SETTING_DURATION && config_setting_get_int64(item) == 0);
	case CONFIG_TYPE_FLOAT:
		return type == SETTING_DOUBLE;
	case CONFIG_TYPE_BOOL:
		return type == SETTING_BOOL;
	case CONFIG_TYPE_STRING:
		return type == SETTING_STRING || type == SETTING_CHOICE ||
			type == SETTING_DURATION || type == SETTING_SIZE ||
			(type != SETTING_LIST && strstr(config_setting_get_string(item), "${"));
	default:
		return false;
	}
}

static int set_scalar(
	struct reading *reading, const config_setting_t *item, const struct setting *setting)
{
	char text[64];
	if (!takes(setting, item))
		return refuse_type(reading, item, setting);
	switch (config_setting_type(item)) {
	case CONFIG_TYPE_STRING:
		return set_text(reading, item, setting, config_setting_get_string(item));
	case CONFIG_TYPE_BOOL:
		return set_text(
			reading, item, setting, config_setting_get_bool(item) ? "true" : "false");
	case CONFIG_TYPE_FLOAT:
		snprintf(text, sizeof(text), "%.15g", config_setting_get_float(item));
		return set_text(reading, item, setting, text);
	case CONFIG_TYPE_INT64:
		snprintf(text, sizeof(text), "%lld", config_setting_get_int64(item));
		return set_text(reading, item, setting, text);
	default:
		snprintf(text, sizeof(text), "%d", config_setting_get_int(item));
		return set_text(reading, item, setting, text);
	}
}

/* Does a known path begin with `path` and a dot? */
static bool is_group(const struct settings_input *input, const char *path)
{
	size_t length = strlen(path);
	for (size_t i = 0; i < input->n; i++) {
		const char *known = input->table[i].path;
		if (known && strncmp(known, path, length) == 0 && known[length] == '.')
			return true;
	}
	return false;
}

static size_t find(const struct settings_input *input, const char *path)
{
	size_t i = 0;
	while (i < input->n && (!input->table[i].path || strcmp(input->table[i].path, path) != 0))
		i++;
	return i;
}

static int read_item(struct reading *reading, const config_setting_t *item, const char *path)
{
	size_t i = find(reading->input, path);
	if (i == reading->input->n)
		return refuse_unknown(reading, item, path);
	const struct setting *setting = &reading->input->table[i];
	reading->given[i] = true;
	if (config_setting_is_list(item) || config_setting_is_array(item))
		return set_list(reading, item, setting);
	return set_scalar(reading, item, setting);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the longest path of the table
static int read_group(struct reading *reading, const config_setting_t *group, const char *prefix)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		char path[MAX_PATH];
		const config_setting_t *item = config_setting_get_elem(group, (unsigned)i);
		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
			config_setting_name(item));
		int result;
		if (!is_group(reading->input, path))
			result = read_item(reading, item, path);
		else if (config_setting_is_group(item))
			result = read_group(reading, item, path);
		else
			result = refuse(reading, item, path, "write a group in braces: { ... };");
		if (result < 0)
			return -1;
	}
	return 0;
}

int settings_read_file(const struct settings_input *input, void *values, bool *given, char *errstr,
	size_t errstr_size)
{
	config_t config;
	struct reading reading = {.input = input,
		.values = values,
		.given = given,
		.errstr = errstr,
		.errstr_size = errstr_size};
	config_init(&config);
	int result = config_file_read(&config, input->config_path, errstr, errstr_size);
	if (result == 0)
		result = read_group(&reading, config_root_setting(&config), "");
	config_destroy(&config);
	return result;
}
