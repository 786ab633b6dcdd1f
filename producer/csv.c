/* One state, one byte at a time. A bad row ends where it was found bad: what is left of that line is
 * skipped, because nobody knows what a stray quote was meant to be. */
#include "producer/csv.h"
#include "common/memory.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void csv_init(struct csv *csv)
{
	*csv = (struct csv){.place = {1, 1}};
}

void csv_fini(struct csv *csv)
{
	buffer_fini(&csv->text);
	free(csv->fields);
	*csv = (struct csv){0};
}

static enum parse refuse_at(struct csv *csv, struct place place, const char *message)
{
	csv->error = (struct parse_error){.line = place.line, .column = place.column};
	snprintf(csv->error.message, sizeof csv->error.message, "%s", message);
	return PARSE_BAD;
}

enum parse csv_refuse(struct csv *csv, size_t field, const char *message)
{
	return refuse_at(csv, csv->fields[field].place, message);
}

static enum parse spoil(struct csv *csv, struct place place, const char *message)
{
	csv->state = CSV_SKIPPING;
	return refuse_at(csv, place, message);
}

static void begin_row(struct csv *csv)
{
	buffer_clear(&csv->text);
	csv->n_fields = 0;
}

static void begin_field(struct csv *csv)
{
	if (csv->n_fields == csv->capacity) {
		csv->capacity = 2 * csv->capacity + 16;
		csv->fields = realloc(csv->fields, csv->capacity * sizeof *csv->fields);
		memory_need(csv->fields);
	}
	csv->fields[csv->n_fields++] =
		(struct csv_field){.at = csv->text.size, .place = csv->place};
}

static void end_field(struct csv *csv)
{
	struct csv_field *field = &csv->fields[csv->n_fields - 1];
	field->size = csv->text.size - field->at;
}

static enum parse end_row(struct csv *csv)
{
	csv->state = CSV_LINE;
	return PARSE_RECORD;
}

static enum parse lose_quote(struct csv *csv, const char *message)
{
	csv->is_lost = true;
	return spoil(csv, csv->fields[csv->n_fields - 1].place, message);
}

static enum parse take(struct csv *csv, char byte)
{
	if (csv->text.size >= RECORD_MAX && csv->state == CSV_QUOTED)
		return lose_quote(csv, "the quote that opens here does not close within 16 MiB");
	if (csv->text.size >= RECORD_MAX)
		return spoil(csv, csv->fields[0].place, "a row of more than 16 MiB");
	buffer_add_byte(&csv->text, byte);
	return PARSE_MORE;
}

/* What ends a field that is not, or no longer, in quotes. False: not such a byte. */
static bool ends_field(struct csv *csv, char byte, enum parse *result)
{
	*result = PARSE_MORE;
	if (byte != ',' && byte != '\n' && byte != '\r')
		return false;
	end_field(csv);
	if (byte == ',')
		csv->state = CSV_FIELD;
	else if (byte == '\r')
		csv->state = CSV_CARRIAGE;
	else
		*result = end_row(csv);
	return true;
}

static enum parse step_plain(struct csv *csv, char byte)
{
	enum parse result;
	if (ends_field(csv, byte, &result))
		return result;
	if (byte == '"')
		return spoil(csv, csv->place, "a quote in a field that does not begin with one");
	return take(csv, byte);
}

static enum parse step_field(struct csv *csv, char byte)
{
	if (csv->n_fields >= COLUMNS_MAX)
		return spoil(csv, csv->place, "a row of more than 65536 fields");
	begin_field(csv);
	csv->state = byte == '"' ? CSV_QUOTED : CSV_PLAIN;
	return byte == '"' ? PARSE_MORE : step_plain(csv, byte);
}

static enum parse step_line(struct csv *csv, char byte)
{
	begin_row(csv);
	if (byte == '\n')
		return PARSE_MORE;
	if (byte == '\r') {
		csv->state = CSV_CARRIAGE;
		return PARSE_MORE;
	}
	return step_field(csv, byte);
}

static enum parse step_quoted(struct csv *csv, char byte)
{
	if (byte != '"')
		return take(csv, byte);
	csv->state = CSV_QUOTE;
	return PARSE_MORE;
}

/* The quote that ended here may have been meant to open: then the one before it never closed. */
static enum parse refuse_text_after(struct csv *csv)
{
	struct place opened = csv->fields[csv->n_fields - 1].place;
	char message[sizeof csv->error.message];
	if (opened.line == csv->place.line)
		return spoil(csv, csv->place,
			"text after the closing quote of a field; a quote within is written twice");
	snprintf(message, sizeof message,
		"text after the closing quote of a field that opened in line %" PRId64
		", column %" PRId64 "; was that quote meant to close there?",
		opened.line, opened.column);
	return spoil(csv, csv->place, message);
}

static enum parse step_quote(struct csv *csv, char byte)
{
	enum parse result;
	if (ends_field(csv, byte, &result))
		return result;
	if (byte != '"')
		return refuse_text_after(csv);
	csv->state = CSV_QUOTED;
	return take(csv, byte);
}

static enum parse step_carriage(struct csv *csv, char byte)
{
	if (byte != '\n')
		return spoil(csv, csv->place, "a carriage return without a line feed");
	csv->state = CSV_LINE;
	return csv->n_fields ? PARSE_RECORD : PARSE_MORE;
}

static enum parse step(struct csv *csv, char byte)
{
	switch (csv->state) {
	case CSV_LINE:
		return step_line(csv, byte);
	case CSV_FIELD:
		return step_field(csv, byte);
	case CSV_PLAIN:
		return step_plain(csv, byte);
	case CSV_QUOTED:
		return step_quoted(csv, byte);
	case CSV_QUOTE:
		return step_quote(csv, byte);
	case CSV_CARRIAGE:
		return step_carriage(csv, byte);
	case CSV_SKIPPING:
		if (byte == '\n')
			csv->state = CSV_LINE;
		return PARSE_MORE;
	}
	assert(false && "a state");
	return PARSE_MORE;
}

/* The byte that spoils a row is left to the skipping: it may be the line end itself. */
enum parse csv_parse(struct csv *csv, const char *data, size_t size, size_t *used)
{
	*used = csv->started ? 0 : parse_skip_mark(data, size);
	csv->started = true;
	while (*used < size) {
		char byte = data[*used];
		enum parse result = step(csv, byte);
		if (result == PARSE_BAD)
			return result;
		place_advance(&csv->place, byte);
		++*used;
		if (result != PARSE_MORE)
			return result;
	}
	return PARSE_MORE;
}

enum parse csv_end(struct csv *csv)
{
	enum csv_state state = csv->state;
	csv->state = CSV_LINE;
	switch (state) {
	case CSV_LINE:
	case CSV_SKIPPING:
		return PARSE_MORE;
	case CSV_QUOTED:
		return lose_quote(csv, "the quote that opens here never closes");
	case CSV_CARRIAGE:
		return refuse_at(csv, csv->place, "a carriage return without a line feed");
	case CSV_FIELD:
		begin_field(csv);
		break;
	default:
		break;
	}
	end_field(csv);
	return PARSE_RECORD;
}
