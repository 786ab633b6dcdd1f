/* One field of a definition, set from text: umbractl set. */
#include "common/definition_fields.h"
#include "common/definition_text.h"
#include "common/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The list's element of that name; NULL: none. */
static json_t *find_element(const json_t *list, const char *name, size_t size)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *element = json_array_get(list, i);
		const char *text = json_string_value(json_object_get(element, "name"));

		if (text && strlen(text) == size && memcmp(text, name, size) == 0)
			return element;
	}
	return NULL;
}

static const struct field *find_field(const struct field_table *table, const char *name)
{
	const struct field *field = field_by_name(table, name);

	return field && field->key ? field : NULL;
}

static int refuse_field(
	const struct field_table *table, const char *name, char *errstr, size_t errstr_size)
{
	const char *names[64], *nearest;
	size_t n = 0;

	for (size_t i = 0; i < table->n && n < 64; i++)
		if (table->fields[i].name && table->fields[i].key)
			names[n++] = table->fields[i].name;
	nearest = text_nearest(name, names, n);
	if (nearest)
		snprintf(errstr, errstr_size, "no field \"%s\"; did you mean \"%s\"?", name,
			nearest);
	else
		snprintf(errstr, errstr_size, "no field \"%s\"", name);
	return -1;
}

static json_t *parse_percent(const char *text)
{
	double percent;

	if (text_parse_double(text, &percent) != 0 || !(percent >= 0 && percent <= 100) ||
		fabs(percent * 1e4 - round(percent * 1e4)) > 1e-5)
		return NULL;
	return json_integer(llround(percent * 1e4));
}

/* NULL: the text is no such value. */
static json_t *parse(enum field_type type, const char *text)
{
	int64_t number = 0;
	int unread = -1;

	switch (type) {
	case FIELD_NAME:
	case FIELD_TEXT:
	case FIELD_TOPIC:
	case FIELD_URL:
	case FIELD_HEADER:
	case FIELD_CHOICE:
	case FIELD_POINTER:
	case FIELD_LABEL:
		return json_string(text);
	case FIELD_PERCENT:
		return parse_percent(text);
	case FIELD_INT:
		unread = text_parse_int(text, &number);
		break;
	case FIELD_SIZE:
		unread = text_parse_size(text, &number);
		break;
	case FIELD_DURATION:
		unread = text_parse_duration(text, &number);
		break;
	case FIELD_TIME:
		unread = text_parse_time(text, &number);
		break;
	default:
		break;
	}
	return unread == 0 ? json_integer(number) : NULL;
}

static const char *describe_type(enum field_type type)
{
	switch (type) {
	case FIELD_PERCENT:
		return "a percentage from 0 to 100 with at most four decimals";
	case FIELD_INT:
		return "a whole number";
	case FIELD_SIZE:
		return "a size, as 64KiB";
	case FIELD_DURATION:
		return "a duration, as 2s or 500ms";
	case FIELD_TIME:
		return "a time, as 2026-01-31T12:00:00Z";
	default:
		return "set by umbractl apply";
	}
}

static int set_field(const struct field_table *table, json_t *json, const char *path,
	const char *text, char *errstr, size_t errstr_size)
{
	size_t size = strcspn(path, ".");
	char name[101];
	const struct field *field;
	json_t *value;

	snprintf(name, sizeof(name), "%.*s", (int)(size < 100 ? size : 100), path);
	field = find_field(table, name);
	if (!field)
		return refuse_field(table, name, errstr, errstr_size);
	if (field->type == FIELD_LIST && path[size] == '.') {
		const char *element = path + size + 1;
		size_t element_size = strcspn(element, ".");
		json_t *below =
			find_element(json_object_get(json, field->key), element, element_size);

		if (below && element[element_size] == '.')
			return set_field(&field->table, below, element + element_size + 1, text,
				errstr, errstr_size);
		snprintf(errstr, errstr_size, "%s has nothing that is named %.*s", name,
			(int)element_size, element);
		return -1;
	}
	value = parse(field->type, text);
	if (!value || path[size] == '.') {
		json_decref(value);
		snprintf(errstr, errstr_size, "%s must be %s", name, describe_type(field->type));
		return -1;
	}
	json_object_set_new(json, field->key, value);
	return 0;
}

int definition_text_set(enum object_kind kind, json_t *json, const char *path, const char *value,
	char *errstr, size_t errstr_size)
{
	const struct field_table *table =
		kind == OBJECT_ENDPOINT ? &definition_endpoint_table : &definition_test_table;

	return set_field(table, json, path, value, errstr, errstr_size);
}
