/* From the bytes of an input to requests: CSV rows become JSON objects or CSV rows, JSON lines stay
 * as they are; a column may be left out, and one may be the key. Pure: no file, no Kafka. */
#ifndef UMBRA_PRODUCER_RECORD_H
#define UMBRA_PRODUCER_RECORD_H

#include "producer/csv.h"
#include "producer/json_lines.h"

enum input_format { INPUT_CSV, INPUT_JSONL };
enum body_form { BODY_JSON, BODY_CSV };

struct record_config {
	enum input_format format;
	enum body_form form; /* what a CSV row becomes */
	const char *label; /* the column of the truth, which is left out; NULL: none */
	bool keep_label; /* it stays in the request */
	const char *key; /* a column whose text is the record's key; NULL: no key */
};

struct record_reader {
	struct record_config config;
	struct csv csv;
	struct json_lines lines;
	struct buffer *names; /* of the CSV's columns, as JSON: "name": */
	size_t n_names; /* 0: the header is still to come */
	size_t label, key; /* columns of CSV; SIZE_MAX: none */

	/* The record, until the next call. */
	struct buffer body;
	struct buffer key_text;
	bool has_key;
	struct buffer label_text;
	bool has_label; /* neither empty nor null */
	int64_t line; /* on which it begins, from 1 */

	struct parse_error error; /* after PARSE_BAD */
	bool is_broken; /* the header is bad, or a quote did not close: nothing more can be read */
};

/* `config` is copied, its texts are not. */
void record_reader_init(struct record_reader *reader, const struct record_config *config);
void record_reader_fini(struct record_reader *reader);

/* Reads on; *used gets how many bytes were taken. The first call needs 3 bytes or more, if the input
 * has as many. */
enum parse record_parse(struct record_reader *reader, const char *data, size_t size, size_t *used);

/* The input has ended; PARSE_MORE: without a further record. */
enum parse record_end(struct record_reader *reader);

#endif
