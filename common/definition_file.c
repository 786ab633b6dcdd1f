/* A definition file becomes JSON in two steps. Here each value is taken out of libconfig's tree and
 * brought to the log's unit; then definition.c reads the result as it would read the log, and its
 * complaints find their line through the path that they carry. A setting of which something was said
 * is marked, so that it is said once. */
#include "common/definition_file.h"
#include "common/config_file.h"
#include "common/definition_fields.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *list; /* in the file */
	enum object_kind kind;
	const struct field_table *table;
} sections[] = {
	{"endpoints", OBJECT_ENDPOINT, &definition_endpoint_table},
	{"tests", OBJECT_TEST, &definition_test_table},
};
enum { N_SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static char was_reported; /* its address marks a setting */

__attribute__((format(printf, 3, 4))) static void problem_at(
	struct definition_file *file, config_setting_t *setting, const char *format, ...)
{
	struct definition_line *line;
	char place[4200];
	va_list arguments;

	file->problems = realloc(file->problems, (file->n_problems + 1) * sizeof(*file->problems));
	memory_need(file->problems);
	line = &file->problems[file->n_problems++];
	if (config_setting_is_root(setting)) /* stands in no line */
		snprintf(place, sizeof(place), "%s:1", file->path);
	else
		config_file_place(setting, file->path, place, sizeof(place));
	line->place = strdup(place);
	memory_need(line->place);
	va_start(arguments, format);
	if (vasprintf(&line->message, format, arguments) < 0)
		memory_end();
	va_end(arguments);
	config_setting_set_hook(setting, &was_reported);
}

static config_setting_t *object_setting(
	struct definition_file *file, const struct definition_problem *problem)
{
	for (size_t i = 0; i < file->n_objects; i++) {
		struct definition_object *object = &file->objects[i];

		if (object->kind == problem->kind && object->name &&
			strcmp(object->name, problem->object) == 0)
			return object->setting;
	}
	return config_root_setting(&file->config);
}

/* Reports at the setting that the path names, or at the nearest one around it. */
static void report_below(struct definition_file *file, config_setting_t *object,
	const struct definition_problem *problem)
{
	char path[512];
	config_setting_t *setting;
	bool exact = true;

	snprintf(path, sizeof(path), "%s", problem->path);
	while (path[0] != '\0') {
		setting = config_setting_lookup(object, path);
		if (setting && exact && config_setting_get_hook(setting) == &was_reported)
			return;
		if (setting) {
			void *hook = config_setting_get_hook(setting);

			problem_at(file, setting, "%s", problem->message);
			if (!exact) /* what is missing says nothing of what is around it */
				config_setting_set_hook(setting, hook);
			return;
		}
		exact = false;
		*(strrchr(path, '.') ? strrchr(path, '.') : path) = '\0';
	}
	problem_at(file, object, "%s", problem->message);
}

void definition_file_report(void *opaque, const struct definition_problem *problem)
{
	struct definition_file *file = opaque;

	report_below(file, object_setting(file, problem), problem);
}

/* The problems of the object that is being read, which may have no name yet. */
struct object_report {
	struct definition_file *file;
	config_setting_t *setting;
};

static void report_object(void *opaque, const struct definition_problem *problem)
{
	struct object_report *report = opaque;

	report_below(report->file, report->setting, problem);
}

/* "NAME must be WANTED, not VALUE". */
static void refuse_value(struct definition_file *file, config_setting_t *setting,
	const struct field *field, const char *wanted)
{
	char value[100] = "";
	const char *text = config_setting_get_string(setting);

	if (text)
		snprintf(value, sizeof(value), ", not \"%.80s\"", text);
	else if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
		snprintf(value, sizeof(value), ", not %.10g", config_setting_get_float(setting));
	else if (config_setting_is_number(setting))
		snprintf(value, sizeof(value), ", not %lld", config_setting_get_int64(setting));
	problem_at(file, setting, "%s must be %s%s", field->name, wanted, value);
}

static json_t *convert_percent(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	double percent = config_setting_type(setting) == CONFIG_TYPE_FLOAT
		? config_setting_get_float(setting)
		: (double)config_setting_get_int64(setting);
	double k = percent * 1e4;

	if (!config_setting_is_number(setting) || !(percent >= 0 && percent <= 100))
		refuse_value(file, setting, field, "a percentage from 0 to 100, as 12.5");
	else if (fabs(k - round(k)) > 1e-5)
		refuse_value(file, setting, field, "a percentage with at most four decimals");
	else
		return json_integer(llround(k));
	return NULL;
}

static json_t *convert_real(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	json_t *json = NULL;

	if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
		json = json_real(config_setting_get_float(setting));
	else if (config_setting_is_number(setting))
		json = json_integer(config_setting_get_int64(setting));
	if (!json) /* nor is what lies beyond a double's range */
		problem_at(file, setting, "%s must be a number, as 0.01", field->name);
	return json;
}

static json_t *convert_number(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	int type = config_setting_type(setting);
	bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
	const char *text = config_setting_get_string(setting);
	int64_t number = config_setting_get_int64(setting);
	bool is = false;

	if (field->type == FIELD_INT)
		is = whole;
	else if (field->type == FIELD_SIZE)
		is = whole || (text && text_parse_size(text, &number) == 0);
	else if (field->type == FIELD_DURATION)
		is = (whole && number == 0) || (text && text_parse_duration(text, &number) == 0);
	else
		is = text && text_parse_time(text, &number) == 0;
	if (is)
		return json_integer(number);
	refuse_value(file, setting, field,
		field->type == FIELD_INT                ? "a whole number"
			: field->type == FIELD_SIZE     ? "a size, as \"64KiB\""
			: field->type == FIELD_DURATION ? "a duration, as \"2s\" or \"500ms\""
							: "a time, as \"2026-01-31T12:00:00Z\"");
	return NULL;
}

/* One of the field's words stays text, a time becomes a number. */
static json_t *convert_when(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	const char *text = config_setting_get_string(setting);
	char words[100] = "", wanted[160];
	int64_t us;

	for (size_t i = 0; field->choices[i]; i++) {
		size_t length = strlen(words);

		if (text && strcmp(text, field->choices[i]) == 0)
			return json_string(text);
		snprintf(words + length, sizeof(words) - length, "\"%s\", ", field->choices[i]);
	}
	if (text && text_parse_time(text, &us) == 0)
		return json_integer(us);
	words[strlen(words) - 2] = '\0';
	snprintf(wanted, sizeof(wanted), "%s or a time, as \"2026-01-31T12:00:00Z\"", words);
	refuse_value(file, setting, field, wanted);
	return NULL;
}

static json_t *convert_text(
	struct definition_file *file, config_setting_t *setting, const char *name)
{
	const char *text = config_setting_get_string(setting);
	json_t *json = text ? json_string(text) : NULL;

	if (!text)
		problem_at(file, setting, "%s must be text in quotes", name);
	else if (!json)
		problem_at(file, setting, "%s must be UTF-8", name);
	return json;
}

static bool is_sequence(const config_setting_t *setting)
{
	return config_setting_is_array(setting) || config_setting_is_list(setting);
}

static json_t *convert_texts(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	json_t *list = json_array();

	if (!is_sequence(setting))
		problem_at(file, setting, "%s must be an array, as [ \"a\", \"b\" ]", field->name);
	for (int i = 0; is_sequence(setting) && i < config_setting_length(setting); i++) {
		json_t *text = convert_text(
			file, config_setting_get_elem(setting, (unsigned)i), field->name);

		if (text)
			json_array_append_new(list, text);
	}
	return list;
}

static json_t *convert_group(struct definition_file *file, config_setting_t *group,
	const struct field_table *table, json_t *wish);

static json_t *convert_list(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	json_t *list = json_array();

	if (!is_sequence(setting)) {
		problem_at(file, setting, "%s must be a list of groups, as ( { ... }, { ... } )",
			field->name);
		json_decref(list);
		return NULL;
	}
	for (int i = 0; i < config_setting_length(setting); i++)
		json_array_append_new(list,
			convert_group(file, config_setting_get_elem(setting, (unsigned)i),
				&field->table, NULL));
	return list;
}

/* The value in the log's form; NULL: a problem was reported. */
static json_t *convert(
	struct definition_file *file, config_setting_t *setting, const struct field *field)
{
	switch (field->type) {
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
	case FIELD_TIME:
		return convert_number(file, setting, field);
	case FIELD_REAL:
		return convert_real(file, setting, field);
	case FIELD_PERCENT:
		return convert_percent(file, setting, field);
	case FIELD_WHEN:
		return convert_when(file, setting, field);
	case FIELD_TEXTS:
	case FIELD_POINTERS:
		return convert_texts(file, setting, field);
	case FIELD_GROUP:
		return convert_group(file, setting, &field->table, NULL);
	case FIELD_LIST:
		return convert_list(file, setting, field);
	default:
		return convert_text(file, setting, field->name);
	}
}

static void refuse_unknown(
	struct definition_file *file, config_setting_t *setting, const struct field_table *table)
{
	const char *names[64], *nearest;
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].name)
			names[n++] = table->fields[i].name;
	nearest = text_nearest(config_setting_name(setting), names, n);
	if (nearest)
		problem_at(file, setting, "unknown setting \"%s\"; did you mean \"%s\"?",
			config_setting_name(setting), nearest);
	else
		problem_at(file, setting, "unknown setting \"%s\"", config_setting_name(setting));
}

/* Fields that the log does not have go to `wish`. */
static json_t *convert_group(struct definition_file *file, config_setting_t *group,
	const struct field_table *table, json_t *wish)
{
	json_t *json = json_object();

	assert(json);
	if (!config_setting_is_group(group)) {
		problem_at(file, group, "%s must be a group, as { ... }",
			config_setting_name(group) ? config_setting_name(group) : "this");
		return json;
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const struct field *field = field_by_name(table, config_setting_name(setting));
		json_t *value = field ? convert(file, setting, field) : NULL;

		if (!field)
			refuse_unknown(file, setting, table);
		else if (value && !field->key)
			json_object_set_new(wish, field->name, value);
		else if (value)
			json_object_set_new(json, field->key, value);
	}
	return json;
}

/* The topics that an endpoint does not name. One whose name will be refused needs some, too: its
 * author has heard enough. */
static void name_topics(json_t *json)
{
	static const char *const keys[] = {"requests", "responses", "dead_letter"};
	static const char *const suffixes[] = {"requests", "responses", "dead-letter"};
	const char *name = json_string_value(json_object_get(json, "name"));
	json_t *topics = json_object_get(json, "topics");

	if (!topics) {
		topics = json_object();
		json_object_set_new(json, "topics", topics);
	}
	for (size_t i = 0; i < 3; i++)
		if (!json_object_get(topics, keys[i]))
			json_object_set_new(topics, keys[i],
				json_sprintf("%s.%s", name && text_is_name(name) ? name : "x",
					suffixes[i]));
}

void definition_schedule(json_t *json, json_t *wish, const struct test *old, int64_t now_us)
{
	const json_t *start = json_object_get(wish, "start");
	const json_t *duration = json_object_get(wish, "duration");
	const json_t *end = json_object_get(wish, "end");
	int64_t start_us = json_is_integer(start) ? json_integer_value(start) : now_us;
	int64_t length_us = INT64_C(7) * 86400 * 1000000;

	if (old && old->start_us <= now_us)
		start_us = old->start_us;
	if (duration)
		length_us = json_integer_value(duration);
	json_object_set_new(json, "start_us", json_integer(start_us));
	json_object_set_new(
		json, "end_us", json_integer(end ? json_integer_value(end) : start_us + length_us));
}

static void complete_endpoint(struct definition_object *object)
{
	name_topics(object->json);
	json_object_set_new(object->json, "start", json_array());
	json_object_set_new(object->json, "epoch", json_integer(1));
}

static void complete_test(
	struct definition_file *file, struct definition_object *object, int64_t now_us)
{
	json_t *end = json_object_get(object->json, "end_us");

	if (end && json_object_get(object->wish, "duration"))
		problem_at(file, config_setting_get_member(object->setting, "end"),
			"give either end or duration");
	if (end)
		json_object_set(object->wish, "end", end);
	/* A test whose end has passed may be there and have ended: not for the file to judge. */
	if (end && json_integer_value(end) <= now_us)
		now_us = json_integer_value(end) - 1;
	definition_schedule(object->json, object->wish, NULL, now_us);
}

/* Reads it as from the log, which fills in the defaults, and keeps the completed definition. */
static void check_object(struct definition_file *file, struct definition_object *object)
{
	struct object_report report = {file, object->setting};

	if (object->kind == OBJECT_ENDPOINT)
		endpoint_release(definition_read_endpoint(
			json_incref(object->json), report_object, &report));
	else
		test_release(
			definition_read_test(json_incref(object->json), report_object, &report));
}

static void check_repeated(struct definition_file *file, struct definition_object *object)
{
	for (struct definition_object *other = file->objects; other < object; other++)
		if (other->kind == object->kind && object->name && other->name &&
			strcmp(other->name, object->name) == 0)
			problem_at(file, object->setting, "%s %s is defined twice",
				object_kind_name(object->kind), object->name);
}

static void read_object(
	struct definition_file *file, config_setting_t *setting, size_t section, int64_t now_us)
{
	struct definition_object *object = &file->objects[file->n_objects++];
	const char *name;

	object->kind = sections[section].kind;
	object->setting = setting;
	object->wish = json_object();
	object->json = convert_group(file, setting, sections[section].table, object->wish);
	if (!config_setting_is_group(setting))
		return;
	name = json_string_value(json_object_get(object->json, "name"));
	object->name = name ? strdup(name) : NULL;
	if (object->kind == OBJECT_ENDPOINT)
		complete_endpoint(object);
	else
		complete_test(file, object, now_us);
	check_object(file, object);
	check_repeated(file, object);
}

static void read_section(struct definition_file *file, size_t section, int64_t now_us)
{
	config_setting_t *list = config_lookup(&file->config, sections[section].list);
	size_t n;

	if (!list)
		return;
	if (!is_sequence(list)) {
		problem_at(file, list, "%s must be a list of groups, as ( { ... }, { ... } )",
			sections[section].list);
		return;
	}
	n = (size_t)config_setting_length(list);
	file->objects = realloc(file->objects, (file->n_objects + n + 1) * sizeof(*file->objects));
	memory_need(file->objects);
	memset(file->objects + file->n_objects, 0, (n + 1) * sizeof(*file->objects));
	for (size_t i = 0; i < n; i++)
		read_object(file, config_setting_get_elem(list, (unsigned)i), section, now_us);
}

static void check_sections(struct definition_file *file)
{
	config_setting_t *root = config_root_setting(&file->config);
	const struct field known[] = {{.name = sections[0].list}, {.name = sections[1].list}};
	const struct field_table table = {known, N_SECTIONS, 0};

	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);

		if (!field_by_name(&table, config_setting_name(setting)))
			refuse_unknown(file, setting, &table);
	}
	if (config_setting_length(root) == 0)
		problem_at(file, root, "the file defines no endpoints and no tests");
}

static int compare_lines(const void *left, const void *right)
{
	const char *a = ((const struct definition_line *)left)->place;
	const char *b = ((const struct definition_line *)right)->place;
	size_t a_size = (size_t)(strrchr(a, ':') - a), b_size = (size_t)(strrchr(b, ':') - b);
	int order = strncmp(a, b, a_size > b_size ? a_size : b_size);

	if (a_size == b_size && strncmp(a, b, a_size) == 0)
		order = (int)(strtol(a + a_size + 1, NULL, 10) - strtol(b + b_size + 1, NULL, 10));
	return order;
}

int definition_file_read(struct definition_file *file, const char *path, int64_t now_us,
	char *errstr, size_t errstr_size)
{
	memset(file, 0, sizeof(*file));
	file->path = path;
	config_init(&file->config);
	if (config_file_read(&file->config, path, errstr, errstr_size) != 0) {
		config_destroy(&file->config);
		return -1;
	}
	check_sections(file);
	for (size_t i = 0; i < N_SECTIONS; i++)
		read_section(file, i, now_us);
	if (file->n_problems > 0)
		qsort(file->problems, file->n_problems, sizeof(*file->problems), compare_lines);
	return 0;
}

void definition_file_fini(struct definition_file *file)
{
	for (size_t i = 0; i < file->n_objects; i++) {
		free(file->objects[i].name);
		json_decref(file->objects[i].json);
		json_decref(file->objects[i].wish);
	}
	for (size_t i = 0; i < file->n_problems; i++) {
		free(file->problems[i].place);
		free(file->problems[i].message);
	}
	free(file->objects);
	free(file->problems);
	config_destroy(&file->config);
}
