/* JSON lines: one JSON value a line, ended by LF or CRLF, the last one perhaps by nothing. Lines of
 * white space are skipped, and a byte order mark. Pure: no file, no Kafka. */
#ifndef UMBRA_PRODUCER_JSON_LINES_H
#define UMBRA_PRODUCER_JSON_LINES_H

#include "producer/buffer.h"
#include "producer/parse.h"
#include <stdbool.h>

struct json_lines {
	bool started; /* the mark was looked for */
	bool is_skipping; /* the rest of a line that is too long */
	bool is_taken; /* `text` was handed out */
	int64_t line; /* of `text`, from 1 */
	struct buffer text; /* one line, in the making or whole, without its end */
	struct parse_error error;
};

void json_lines_init(struct json_lines *lines);
void json_lines_fini(struct json_lines *lines);

/* As csv_parse. */
enum parse json_lines_parse(struct json_lines *lines, const char *data, size_t size, size_t *used);
enum parse json_lines_end(struct json_lines *lines);

/* Says that the line is bad at this offset. Returns PARSE_BAD. */
enum parse json_lines_refuse(struct json_lines *lines, size_t at, const char *message);

#endif
