/* CSV as RFC 4180 has it: fields in quotes may hold commas, line ends and doubled quotes; lines end
 * with CRLF or LF, the last one perhaps with nothing. Beyond it: a byte order mark is skipped, and so
 * are lines without any character. Pure: no file, no Kafka. */
#ifndef UMBRA_PRODUCER_CSV_H
#define UMBRA_PRODUCER_CSV_H

#include "producer/buffer.h"
#include "producer/parse.h"
#include <stdbool.h>

struct csv_field {
	size_t at; /* in `text` */
	size_t size;
	struct place place; /* of its first character, the quote included */
};

enum csv_state {
	CSV_LINE, /* at the beginning of a line */
	CSV_FIELD, /* at the beginning of a field that is not a line's first */
	CSV_PLAIN, /* in a field without quotes */
	CSV_QUOTED, /* between quotes */
	CSV_QUOTE, /* after a quote between quotes: the end, or one of a pair */
	CSV_CARRIAGE, /* after the carriage return of a line end */
	CSV_SKIPPING /* the rest of a bad line */
};

struct csv {
	enum csv_state state;
	bool started; /* the mark was looked for */
	bool is_lost; /* a quote did not close: nobody knows how many rows it took with it */
	struct place place;
	struct buffer text; /* the fields, one after the other */
	struct csv_field *fields;
	size_t n_fields, capacity;
	struct parse_error error;
};

void csv_init(struct csv *csv);
void csv_fini(struct csv *csv);

/* Reads on; *used gets how many bytes were taken. The first call needs 3 bytes or more, if the input
 * has as many. */
enum parse csv_parse(struct csv *csv, const char *data, size_t size, size_t *used);

/* The input has ended: the last row, when its line has no end; PARSE_MORE: there is none. */
enum parse csv_end(struct csv *csv);

/* The fields of the row, until the next call. */
static inline const char *csv_text(const struct csv *csv, size_t field)
{
	return csv->text.data ? csv->text.data + csv->fields[field].at : "";
}

/* Says that the row is bad at this field. Returns PARSE_BAD. */
enum parse csv_refuse(struct csv *csv, size_t field, const char *message);

#endif
