/* The table of fields, read the third way: JSON to text. */
#include "common/definition_text.h"
#include "common/definition_fields.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 1, 2))) static char *format_text(const char *format, ...)
{
	char *text;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		memory_end();
	va_end(arguments);
	return text;
}

static void add(struct definition_text *text, const char *path, char *value)
{
	text->lines = realloc(text->lines, (text->n + 1) * sizeof(*text->lines));
	memory_need(text->lines);
	text->lines[text->n].path = format_text("%s", path);
	text->lines[text->n++].value = value;
}

/* 125000 is "12.5" */
static char *percent_text(int64_t k)
{
	char *text = format_text("%lld.%04lld", (long long)(k / 10000), (long long)(k % 10000));
	char *end = text + strlen(text);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	return text;
}

static char *array_text(const json_t *json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *item = json_array_get(json, i);

		if (i > 0)
			fputs(", ", out);
		if (json_is_string(item))
			fputs(json_string_value(item), out);
		else
			fprintf(out, "%lld", (long long)json_integer_value(item));
	}
	fclose(out);
	return text;
}

/* The shortest text that is read back as the same number. */
static char *real_text(double number)
{
	char text[40];

	for (int precision = 6; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return format_text("%s", text);
}

static char *scalar_text(const struct field *field, const json_t *json)
{
	char buffer[TEXT_MAX];
	int64_t number = json_integer_value(json);

	if (json_is_array(json))
		return array_text(json);
	if (json_is_string(json))
		return format_text("%s", json_string_value(json));
	if (json_is_real(json))
		return real_text(json_real_value(json));
	if (!field || !json_is_integer(json))
		return json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	if (field->type == FIELD_PERCENT)
		return percent_text(number);
	if (field->type == FIELD_DURATION)
		return format_text("%s", text_format_duration(number, buffer));
	if (field->type == FIELD_TIME)
		return format_text("%s", text_format_time(number, buffer));
	return format_text("%lld", (long long)number);
}

static void add_object(struct definition_text *text, const struct field_table *table,
	const json_t *json, const char *path);

static void add_list(struct definition_text *text, const struct field *field, const json_t *list,
	const char *path)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(element, "name"));
		char *below =
			name ? format_text("%s.%s", path, name) : format_text("%s.%zu", path, i);

		add_object(text, &field->table, element, below);
		free(below);
	}
}

static void add_value(struct definition_text *text, const struct field *field, const char *label,
	const json_t *json, const char *path)
{
	char *below = format_text("%s%s%s", path, path[0] != '\0' ? "." : "", label);

	if (field && field->type == FIELD_LIST)
		add_list(text, field, json, below);
	else if (field && field->type == FIELD_GROUP)
		add_object(text, &field->table, json, below);
	else
		add(text, below, scalar_text(field, json));
	free(below);
}

static void add_object(struct definition_text *text, const struct field_table *table,
	const json_t *json, const char *path)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];

		value = field->key ? json_object_get(json, field->key) : NULL;
		if (value && (path[0] == '\0' || strcmp(field->key, "name") != 0))
			add_value(text, field, field_label(field), value, path);
	}
	json_object_foreach((json_t *)json, key, value) if (!field_by_key(table, key))
		add_value(text, NULL, key, value, path);
}

struct definition_text *definition_text_new(enum object_kind kind, const json_t *json)
{
	struct definition_text *text = calloc(1, sizeof(*text));
	const struct field_table *table = &definition_installation_table;

	assert(text);
	if (kind == OBJECT_ENDPOINT)
		table = &definition_endpoint_table;
	else if (kind == OBJECT_TEST)
		table = &definition_test_table;
	add_object(text, table, json, "");
	return text;
}

void definition_text_free(struct definition_text *text)
{
	if (!text)
		return;
	for (size_t i = 0; i < text->n; i++) {
		free(text->lines[i].path);
		free(text->lines[i].value);
	}
	free(text->lines);
	free(text);
}

static const char *find(const struct definition_text *text, const char *path)
{
	for (size_t i = 0; i < text->n; i++)
		if (strcmp(text->lines[i].path, path) == 0)
			return text->lines[i].value;
	return NULL;
}

static void write_change(FILE *out, const char *path, const char *from, const char *to)
{
	if (from && to && strcmp(from, to) == 0)
		return;
	fprintf(out, "%s%s %s -> %s", ftell(out) > 0 ? ", " : "", path, from ? from : "(none)",
		to ? to : "(none)");
}

char *definition_text_diff(enum object_kind kind, const json_t *from, const json_t *to)
{
	struct definition_text *a = from ? definition_text_new(kind, from) : NULL;
	struct definition_text *b = to ? definition_text_new(kind, to) : NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	for (size_t i = 0; a && b && i < a->n; i++)
		write_change(out, a->lines[i].path, a->lines[i].value, find(b, a->lines[i].path));
	for (size_t i = 0; a && b && i < b->n; i++)
		if (!find(a, b->lines[i].path))
			write_change(out, b->lines[i].path, NULL, b->lines[i].value);
	fclose(out);
	definition_text_free(a);
	definition_text_free(b);
	return text;
}
