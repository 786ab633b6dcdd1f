/* CSV in pieces of any size is the same as in one; the first byte is the size. */
#include "producer/csv.h"
#include "integration/fuzz/pieces.h"
#include <assert.h>
#include <string.h>

/* What came out, as text: fields by their sizes, errors by their places. */
static void write_row(const struct csv *csv, enum parse result, struct buffer *out)
{
	if (result == PARSE_BAD) {
		assert(csv->error.line > 0 && csv->error.column > 0);
		assert(csv->error.message[0] != '\0');
		buffer_add_text(out, csv->error.message);
		buffer_add(out, &csv->error.line, sizeof(csv->error.line));
		buffer_add(out, &csv->error.column, sizeof(csv->error.column));
		return;
	}
	assert(csv->n_fields > 0 && csv->n_fields <= COLUMNS_MAX);
	for (size_t i = 0; i < csv->n_fields; i++) {
		buffer_add(out, &csv->fields[i].size, sizeof(csv->fields[i].size));
		buffer_add(out, csv_text(csv, i), csv->fields[i].size);
	}
}

static void read_all(const char *data, size_t size, size_t piece, struct buffer *out)
{
	struct csv csv;
	enum parse result;

	csv_init(&csv);
	for (size_t at = 0; at < size;) {
		size_t n = size - at < piece ? size - at : piece, used;

		result = csv_parse(&csv, data + at, n, &used);
		assert(used <= n && (used == n || result != PARSE_MORE));
		if (result != PARSE_MORE)
			write_row(&csv, result, out);
		at += used;
	}
	result = csv_end(&csv);
	if (result != PARSE_MORE)
		write_row(&csv, result, out);
	csv_fini(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return read_in_pieces(read_all, data, size);
}
