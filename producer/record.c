#include "producer/record.h"
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include "producer/json_scan.h"
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void record_reader_init(struct record_reader *reader, const struct record_config *config)
{
	*reader = (struct record_reader){.config = *config, .label = SIZE_MAX, .key = SIZE_MAX};
	csv_init(&reader->csv);
	json_lines_init(&reader->lines);
}

void record_reader_fini(struct record_reader *reader)
{
	for (size_t i = 0; i < reader->n_names; i++)
		buffer_fini(&reader->names[i]);
	free(reader->names);
	csv_fini(&reader->csv);
	json_lines_fini(&reader->lines);
	buffer_fini(&reader->body);
	buffer_fini(&reader->key_text);
	buffer_fini(&reader->label_text);
}

static void add_json_character(struct buffer *buffer, char c)
{
	char escape[8];
	if (c == '"' || c == '\\') {
		buffer_add_byte(buffer, '\\');
		buffer_add_byte(buffer, c);
	} else if ((unsigned char)c < ' ') {
		snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
		buffer_add_text(buffer, escape);
	} else {
		buffer_add_byte(buffer, c);
	}
}

static void add_json_string(struct buffer *buffer, const char *text, size_t size)
{
	buffer_add_byte(buffer, '"');
	for (size_t i = 0; i < size; i++)
		add_json_character(buffer, text[i]);
	buffer_add_byte(buffer, '"');
}

/* CSV: the header. */

static bool is_name(const struct csv *csv, size_t field, const char *name)
{
	size_t size = csv->fields[field].size;
	return size == strlen(name) && memcmp(csv_text(csv, field), name, size) == 0;
}

static enum parse check_name(struct csv *csv, size_t field)
{
	const char *text = csv_text(csv, field);
	size_t size = csv->fields[field].size;
	char message[200];
	if (size == 0)
		return csv_refuse(csv, field, "a column without a name");
	if (!schema_is_utf8(text, size))
		return csv_refuse(csv, field, "not UTF-8");
	for (size_t i = 0; i < field; i++) {
		if (csv->fields[i].size != size || memcmp(csv_text(csv, i), text, size) != 0)
			continue;
		snprintf(message, sizeof message, "a second column \"%.*s\"",
			(int)(size < 100 ? size : 100), text);
		return csv_refuse(csv, field, message);
	}
	return PARSE_RECORD;
}

static enum parse refuse_column(struct csv *csv, const char *name)
{
	char message[200];
	char *names[COLUMNS_MAX > 64 ? 64 : COLUMNS_MAX];
	size_t n = csv->n_fields < 64 ? csv->n_fields : 64;
	for (size_t i = 0; i < n; i++)
		names[i] = strndup(csv_text(csv, i), csv->fields[i].size);
	const char *nearest = text_nearest(name, (const char *const *)names, n);
	if (nearest)
		snprintf(message, sizeof message, "no column \"%.60s\"; did you mean \"%.60s\"?",
			name, nearest);
	else
		snprintf(message, sizeof message, "no column \"%.100s\"", name);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	return csv_refuse(csv, 0, message);
}

static enum parse find_column(struct csv *csv, const char *name, size_t *column)
{
	if (!name)
		return PARSE_RECORD;
	for (size_t i = 0; i < csv->n_fields; i++) {
		if (is_name(csv, i, name)) {
			*column = i;
			return PARSE_RECORD;
		}
	}
	return refuse_column(csv, name);
}

static enum parse check_header(struct record_reader *reader)
{
	struct csv *csv = &reader->csv;
	for (size_t i = 0; i < csv->n_fields; i++)
		if (check_name(csv, i) == PARSE_BAD)
			return PARSE_BAD;
	if (find_column(csv, reader->config.label, &reader->label) == PARSE_BAD)
		return PARSE_BAD;
	return find_column(csv, reader->config.key, &reader->key);
}

static enum parse take_header(struct record_reader *reader)
{
	struct csv *csv = &reader->csv;
	if (check_header(reader) == PARSE_BAD)
		return PARSE_BAD;
	reader->names = calloc(csv->n_fields, sizeof *reader->names);
	memory_need(reader->names);
	reader->n_names = csv->n_fields;
	for (size_t i = 0; i < csv->n_fields; i++) {
		add_json_string(&reader->names[i], csv_text(csv, i), csv->fields[i].size);
		buffer_add_byte(&reader->names[i], ':');
	}
	return PARSE_MORE;
}

/* CSV: a row. */

static void add_csv_field(struct buffer *buffer, const char *text, size_t size)
{
	bool plain = true;
	for (size_t i = 0; i < size && plain; i++)
		plain = !strchr("\",\r\n", text[i]) || !text[i];
	if (plain) {
		buffer_add(buffer, text, size);
		return;
	}
	buffer_add_byte(buffer, '"');
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			buffer_add_byte(buffer, '"');
		buffer_add_byte(buffer, text[i]);
	}
	buffer_add_byte(buffer, '"');
}

static void add_field(struct record_reader *reader, size_t field)
{
	const char *text = csv_text(&reader->csv, field);
	size_t size = reader->csv.fields[field].size;
	if (reader->config.form == BODY_CSV) {
		add_csv_field(&reader->body, text, size);
		return;
	}
	buffer_add(&reader->body, reader->names[field].data, reader->names[field].size);
	if (json_scan_is_number(text, size))
		buffer_add(&reader->body, text, size);
	else
		add_json_string(&reader->body, text, size);
}

static void add_fields(struct record_reader *reader)
{
	const char *separator = "";
	for (size_t i = 0; i < reader->n_names; i++) {
		if (i == reader->label && !reader->config.keep_label)
			continue;
		buffer_add_text(&reader->body, separator);
		add_field(reader, i);
		separator = ",";
	}
}

static enum parse check_row(struct record_reader *reader)
{
	struct csv *csv = &reader->csv;
	char message[100];
	if (csv->n_fields != reader->n_names) {
		size_t first_wrong =
			csv->n_fields < reader->n_names ? csv->n_fields - 1 : reader->n_names;
		snprintf(message, sizeof message, "%zu fields, the header has %zu", csv->n_fields,
			reader->n_names);
		return csv_refuse(csv, first_wrong, message);
	}
	for (size_t i = 0; i < csv->n_fields; i++)
		if (!schema_is_utf8(csv_text(csv, i), csv->fields[i].size))
			return csv_refuse(csv, i, "not UTF-8");
	return PARSE_RECORD;
}

static enum parse take_row(struct record_reader *reader)
{
	struct csv *csv = &reader->csv;
	if (check_row(reader) == PARSE_BAD)
		return PARSE_BAD;
	reader->line = csv->fields[0].place.line;
	if (reader->config.form == BODY_JSON)
		buffer_add_byte(&reader->body, '{');
	add_fields(reader);
	if (reader->config.form == BODY_JSON)
		buffer_add_byte(&reader->body, '}');
	reader->has_key = reader->key != SIZE_MAX;
	if (reader->has_key)
		buffer_add(&reader->key_text, csv_text(csv, reader->key),
			csv->fields[reader->key].size);
	if (reader->label != SIZE_MAX)
		buffer_add(&reader->label_text, csv_text(csv, reader->label),
			csv->fields[reader->label].size);
	reader->has_label = reader->label_text.size > 0;
	return PARSE_RECORD;
}

static enum parse end_csv(struct record_reader *reader, enum parse result)
{
	bool is_header = reader->n_names == 0;
	if (result == PARSE_RECORD)
		result = is_header ? take_header(reader) : take_row(reader);
	if (result == PARSE_BAD) {
		reader->error = reader->csv.error;
		reader->is_broken = is_header || reader->csv.is_lost;
	}
	return result;
}

/* JSON lines. */

/* The text of a value: of a string what it says. False: null says nothing. */
static bool add_json_text(struct buffer *text, const char *value, size_t size)
{
	if (value[0] == 'n')
		return false;
	json_t *string = value[0] == '"'
		? json_loadb(value, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
		: NULL;
	if (string)
		buffer_add(text, json_string_value(string), json_string_length(string));
	else
		buffer_add(text, value, size);
	json_decref(string);
	return true;
}

static enum parse refuse_member(struct record_reader *reader, const char *name)
{
	char message[200];
	struct buffer *text = &reader->lines.text;
	snprintf(message, sizeof message, "no member \"%.100s\"", name);
	return json_lines_refuse(
		&reader->lines, json_scan_space(text->data, text->size, 0), message);
}

/* Takes the member out, with the comma that parted it from its neighbour. */
static void cut(struct buffer *text, const struct json_member *member)
{
	size_t from = member->at, to = member->at + member->size;
	size_t next = json_scan_space(text->data, text->size, to);
	if (text->data[next] == ',') {
		to = json_scan_space(text->data, text->size, next + 1);
	} else {
		while (from > 0 && text->data[from - 1] != ',' && text->data[from - 1] != '{')
			from--;
		if (text->data[from - 1] == ',')
			from--;
	}
	memmove(text->data + from, text->data + to, text->size - to);
	text->size -= to - from;
}

static enum parse take_line(struct record_reader *reader)
{
	const struct buffer *text = &reader->lines.text;
	const char *key = reader->config.key, *label = reader->config.label;
	struct json_member member;
	if (key && !json_scan_member(text->data, text->size, key, &member))
		return refuse_member(reader, key);
	if (key)
		reader->has_key = add_json_text(
			&reader->key_text, text->data + member.value_at, member.value_size);
	if (label && !json_scan_member(text->data, text->size, label, &member))
		return refuse_member(reader, label);
	if (label)
		reader->has_label = add_json_text(&reader->label_text, text->data + member.value_at,
					    member.value_size) &&
			reader->label_text.size > 0;
	buffer_add(&reader->body, text->data, text->size);
	while (label && !reader->config.keep_label &&
		json_scan_member(reader->body.data, reader->body.size, label, &member))
		cut(&reader->body, &member);
	reader->line = reader->lines.line;
	return PARSE_RECORD;
}

static enum parse end_line(struct record_reader *reader, enum parse result)
{
	if (result == PARSE_RECORD)
		result = take_line(reader);
	if (result == PARSE_BAD)
		reader->error = reader->lines.error;
	return result;
}

/* Both. */

static enum parse step(struct record_reader *reader, const char *data, size_t size, size_t *used)
{
	if (reader->config.format == INPUT_CSV)
		return end_csv(reader, csv_parse(&reader->csv, data, size, used));
	return end_line(reader, json_lines_parse(&reader->lines, data, size, used));
}

static void begin(struct record_reader *reader)
{
	buffer_clear(&reader->body);
	buffer_clear(&reader->key_text);
	reader->has_key = false;
	buffer_clear(&reader->label_text);
	reader->has_label = false;
}

enum parse record_parse(struct record_reader *reader, const char *data, size_t size, size_t *used)
{
	enum parse result = PARSE_MORE;
	*used = 0;
	begin(reader);
	while (*used < size && result == PARSE_MORE) {
		size_t taken;
		result = step(reader, data + *used, size - *used, &taken);
		*used += taken;
	}
	return result;
}

enum parse record_end(struct record_reader *reader)
{
	begin(reader);
	if (reader->config.format == INPUT_JSONL)
		return end_line(reader, json_lines_end(&reader->lines));
	enum parse result = end_csv(reader, csv_end(&reader->csv));
	if (result != PARSE_MORE || reader->n_names > 0 || reader->is_broken)
		return result;
	reader->is_broken = true;
	reader->error = (struct parse_error){1, 1, "no header: the input is empty"};
	return PARSE_BAD;
}
