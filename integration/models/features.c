/* A column is numeric, or has a list of values whose places in the list are its numbers. */
#include "integration/models/features.h"

#include "common/text.h"
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 256 };

struct column {
	const char *name; /* owned by `json` */
	const char **values; /* NULL: numeric */
	size_t n_values;
};

struct features {
	json_t *json;
	const char *label;
	struct column *columns;
	size_t n_columns;
};

static int load_column(struct column *column, const json_t *json)
{
	const json_t *values = json_object_get(json, "values");
	column->name = json_string_value(json_object_get(json, "name"));
	if (!column->name || (values && !json_is_array(values)))
		return -1;
	if (!values)
		return 0;
	column->n_values = json_array_size(values);
	column->values = calloc(column->n_values + 1, sizeof *column->values);
	assert(column->values);
	for (size_t i = 0; i < column->n_values; i++)
		if (!(column->values[i] = json_string_value(json_array_get(values, i))))
			return -1;
	return 0;
}

static int load_columns(struct features *features)
{
	const json_t *columns = json_object_get(features->json, "columns");
	features->label = json_string_value(json_object_get(features->json, "label"));
	if (!features->label || json_array_size(columns) == 0)
		return -1;
	features->columns = calloc(json_array_size(columns), sizeof *features->columns);
	assert(features->columns);
	features->n_columns = json_array_size(columns);
	for (size_t i = 0; i < features->n_columns; i++)
		if (load_column(&features->columns[i], json_array_get(columns, i)))
			return -1;
	return 0;
}

struct features *features_load(const char *path, char *errstr, size_t errstr_size)
{
	json_error_t error;
	json_t *json = json_load_file(path, 0, &error);
	if (!json) {
		snprintf(errstr, errstr_size, "%s: %s", path, error.text);
		return NULL;
	}
	struct features *features = calloc(1, sizeof *features);
	assert(features);
	features->json = json;
	if (load_columns(features)) {
		snprintf(errstr, errstr_size, "%s: not a file that train.py wrote", path);
		features_free(features);
		return NULL;
	}
	return features;
}

void features_free(struct features *features)
{
	if (!features)
		return;
	for (size_t i = 0; i < features->n_columns; i++)
		free(features->columns[i].values);
	free(features->columns);
	json_decref(features->json);
	free(features);
}

size_t features_count(const struct features *features)
{
	return features->n_columns;
}

const char *features_label(const struct features *features)
{
	return features->label;
}

/* Text may be a number or one of the column's values. */
static int encode_text(const struct column *column, const char *text, float *number, char *errstr,
	size_t errstr_size)
{
	double value;
	*number = NAN;
	if (!*text)
		return 0;
	if (!column->values && text_parse_double(text, &value) == 0) {
		*number = (float)value;
		return 0;
	}
	for (size_t i = 0; column->values && i < column->n_values; i++)
		if (strcmp(text, column->values[i]) == 0) {
			*number = (float)i;
			return 0;
		}
	snprintf(errstr, errstr_size, "column %s: \"%.60s\" is not %s", column->name, text,
		column->values ? "one of its values" : "a number");
	return -1;
}

static int encode_json(const struct column *column, const json_t *value, float *number,
	char *errstr, size_t errstr_size)
{
	if (!value) {
		snprintf(errstr, errstr_size, "column %s is missing", column->name);
		return -1;
	}
	if (json_is_string(value))
		return encode_text(column, json_string_value(value), number, errstr, errstr_size);
	if (!json_is_null(value) && (column->values || !json_is_number(value))) {
		snprintf(errstr, errstr_size, "column %s is not a %s", column->name,
			column->values ? "string" : "number");
		return -1;
	}
	*number = json_is_null(value) ? NAN : (float)json_number_value(value);
	return 0;
}

int features_from_json(const struct features *features, const void *data, size_t size, float *row,
	char *errstr, size_t errstr_size)
{
	json_error_t error;
	json_t *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	int rc = json_is_object(json) ? 0 : -1;
	if (!json)
		snprintf(errstr, errstr_size, "not JSON: %s", error.text);
	else if (rc)
		snprintf(errstr, errstr_size, "not one JSON object");
	for (size_t i = 0; rc == 0 && i < features->n_columns; i++) {
		const struct column *column = &features->columns[i];
		rc = encode_json(
			column, json_object_get(json, column->name), &row[i], errstr, errstr_size);
	}
	json_decref(json);
	return rc;
}

/* Reads the field at *at into `field` and moves on to what follows it: a comma, or the end of the
 * row. -1: too long, or a quote that does not close. */
static int read_field(const char **at, const char *end, char *field)
{
	const char *from = *at;
	size_t n = 0;
	int is_quoted = from < end && *from == '"';
	from += is_quoted;
	for (; from < end; from++) {
		if (is_quoted && *from == '"') {
			if (from + 1 == end || from[1] != '"')
				break;
			from++;
		} else if (!is_quoted && *from == ',') {
			break;
		}
		if (n == FIELD_MAX - 1 || *from == '\0')
			return -1;
		field[n++] = *from;
	}
	if (is_quoted && from++ == end)
		return -1;
	field[n] = '\0';
	*at = from;
	return from == end || *from == ',' ? 0 : -1;
}

static const char *end_of_row(const char *data, size_t size)
{
	const char *end = data + size;
	if (end > data && end[-1] == '\n')
		end--;
	if (end > data && end[-1] == '\r')
		end--;
	return end;
}

int features_from_csv(const struct features *features, const void *data, size_t size, float *row,
	char *errstr, size_t errstr_size)
{
	const char *at = data, *end = end_of_row(data, size);
	char field[FIELD_MAX];
	for (size_t i = 0; i < features->n_columns; i++) {
		const struct column *column = &features->columns[i];
		if (i > 0 && at++ == end) {
			snprintf(errstr, errstr_size, "column %s is missing", column->name);
			return -1;
		}
		if (read_field(&at, end, field)) {
			snprintf(errstr, errstr_size, "column %s is not a CSV field", column->name);
			return -1;
		}
		if (encode_text(column, field, &row[i], errstr, errstr_size))
			return -1;
	}
	if (at == end)
		return 0;
	snprintf(errstr, errstr_size, "more than %zu columns", features->n_columns);
	return -1;
}
