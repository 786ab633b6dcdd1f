/* What the readers of CSV and of JSON lines have in common: bytes in, in pieces of any size; records
 * out, one at a time; a bad one has a place and is skipped by the next call. */
#ifndef UMBRA_PRODUCER_PARSE_H
#define UMBRA_PRODUCER_PARSE_H

#include <stddef.h>
#include <stdint.h>

enum parse {
	PARSE_MORE, /* all bytes are used: give more */
	PARSE_RECORD, /* one is there until the next call */
	PARSE_BAD /* see the error; the next call goes on with the line after it */
};

enum { RECORD_MAX = 16 << 20, COLUMNS_MAX = 65536 };

struct parse_error {
	int64_t line, column; /* from 1; columns count characters of UTF-8 */
	char message[200];
};

/* Where the next byte stands. */
struct place {
	int64_t line, column;
};

static inline void place_advance(struct place *place, char byte)
{
	if (byte == '\n') {
		place->line++;
		place->column = 1;
	} else if (((unsigned char)byte & 0xc0) != 0x80) {
		place->column++;
	}
}

/* The size of a byte order mark at the beginning of an input: 3, or 0. */
static inline size_t parse_skip_mark(const char *data, size_t size)
{
	return size >= 3 && data[0] == '\xef' && data[1] == '\xbb' && data[2] == '\xbf' ? 3 : 0;
}

#endif
