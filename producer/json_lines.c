#include "producer/json_lines.h"
#include "producer/json_scan.h"
#include <stdio.h>
#include <string.h>

void json_lines_init(struct json_lines *lines)
{
	*lines = (struct json_lines){.line = 1};
}

void json_lines_fini(struct json_lines *lines)
{
	buffer_fini(&lines->text);
	*lines = (struct json_lines){0};
}

enum parse json_lines_refuse(struct json_lines *lines, size_t at, const char *message)
{
	struct place place = {lines->line, 1};
	for (size_t i = 0; i < at; i++)
		place_advance(&place, lines->text.data[i]);
	lines->error = (struct parse_error){.line = place.line, .column = place.column};
	snprintf(lines->error.message, sizeof lines->error.message, "%s", message);
	return PARSE_BAD;
}

/* The line is whole: a record, nothing, or bad. */
static enum parse judge(struct json_lines *lines)
{
	struct buffer *text = &lines->text;
	size_t at;
	const char *why;
	lines->is_taken = true;
	if (text->size > 0 && text->data[text->size - 1] == '\r')
		text->size--;
	if (json_scan_space(text->data, text->size, 0) == text->size)
		return PARSE_MORE;
	if (json_scan(text->data, text->size, &at, &why) < 0)
		return json_lines_refuse(lines, at, why);
	return PARSE_RECORD;
}

static void begin_line(struct json_lines *lines)
{
	if (!lines->is_taken)
		return;
	lines->is_taken = false;
	lines->line++;
	buffer_clear(&lines->text);
}

/* Takes the bytes up to the line end or to the end of the data. */
static enum parse take(struct json_lines *lines, const char *data, size_t size, size_t *used)
{
	const char *end = memchr(data, '\n', size);
	size_t n = end ? (size_t)(end - data) : size;
	*used += end ? n + 1 : n;
	begin_line(lines);
	if (lines->is_skipping) {
		lines->is_skipping = !end;
		lines->is_taken = end;
		return PARSE_MORE;
	}
	if (lines->text.size + n > RECORD_MAX) {
		lines->is_skipping = !end;
		lines->is_taken = end;
		return json_lines_refuse(lines, 0, "a line of more than 16 MiB");
	}
	buffer_add(&lines->text, data, n);
	return end ? judge(lines) : PARSE_MORE;
}

enum parse json_lines_parse(struct json_lines *lines, const char *data, size_t size, size_t *used)
{
	enum parse result = PARSE_MORE;
	*used = lines->started ? 0 : parse_skip_mark(data, size);
	lines->started = true;
	while (*used < size && result == PARSE_MORE)
		result = take(lines, data + *used, size - *used, used);
	return result;
}

enum parse json_lines_end(struct json_lines *lines)
{
	begin_line(lines);
	if (lines->is_skipping || lines->text.size == 0)
		return PARSE_MORE;
	return judge(lines);
}
