/* JSON lines in pieces of any size are the same as in one; the first byte is the size. A line that
 * jansson reads is one for the scanner, too. */
#include "producer/json_lines.h"
#include "integration/fuzz/pieces.h"
#include "producer/json_scan.h"
#include <assert.h>
#include <jansson.h>
#include <string.h>

static void check_line(const char *text, size_t size)
{
	size_t at = 0;
	const char *why = NULL;
	struct json_member member;
	bool valid = json_scan(text, size, &at, &why) == 0;
	json_t *json = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	assert(valid || (at <= size && why));
	assert(valid || !json || strstr(why, "deep"));
	if (valid && json_scan_member(text, size, "a", &member)) {
		assert(member.at + member.size <= size);
		assert(member.value_at + member.value_size == member.at + member.size);
	}
	json_decref(json);
}

static void take(const struct json_lines *lines, enum parse result, struct buffer *out)
{
	if (result == PARSE_BAD) {
		assert(lines->error.line > 0 && lines->error.message[0] != '\0');
		buffer_add_text(out, lines->error.message);
	} else if (result == PARSE_RECORD) {
		check_line(lines->text.data, lines->text.size);
		buffer_add(out, &lines->text.size, sizeof(lines->text.size));
		buffer_add(out, lines->text.data, lines->text.size);
	}
}

static void read_all(const char *data, size_t size, size_t piece, struct buffer *out)
{
	struct json_lines lines;

	json_lines_init(&lines);
	for (size_t at = 0; at < size;) {
		size_t n = size - at < piece ? size - at : piece, used;
		enum parse result = json_lines_parse(&lines, data + at, n, &used);

		assert(used <= n && (used == n || result != PARSE_MORE));
		take(&lines, result, out);
		at += used;
	}
	take(&lines, json_lines_end(&lines), out);
	json_lines_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return read_in_pieces(read_all, data, size);
}
