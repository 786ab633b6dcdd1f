/* Recursive descent over a cursor; depth is bounded, so the stack is too. */
#include "producer/json_scan.h"
#include "common/schema.h"
#include <string.h>

struct cursor {
	const char *text;
	size_t size;
	size_t at;
	const char *why; /* NULL: nothing wrong so far */
	int depth;
	const char *name; /* the member that is looked for in the outermost object; NULL: none */
	struct json_member member; /* size 0: not found */
};

static bool scan_value(struct cursor *cursor);

/* -1 at the end of the text. */
static int peek(const struct cursor *cursor)
{
	return cursor->at < cursor->size ? (unsigned char)cursor->text[cursor->at] : -1;
}

static bool fail(struct cursor *cursor, const char *why)
{
	cursor->why = why;
	return false;
}

size_t json_scan_space(const char *text, size_t size, size_t at)
{
	while (at < size &&
		(text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

static void skip_space(struct cursor *cursor)
{
	cursor->at = json_scan_space(cursor->text, cursor->size, cursor->at);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_digits(struct cursor *cursor)
{
	if (!is_digit(peek(cursor)))
		return fail(cursor, "a digit is missing");
	while (is_digit(peek(cursor)))
		cursor->at++;
	return true;
}

static bool scan_number(struct cursor *cursor)
{
	if (peek(cursor) == '-')
		cursor->at++;
	if (peek(cursor) == '0')
		cursor->at++;
	else if (!skip_digits(cursor))
		return false;
	if (is_digit(peek(cursor)))
		return fail(cursor, "a number with a leading zero");
	if (peek(cursor) == '.') {
		cursor->at++;
		if (!skip_digits(cursor))
			return false;
	}
	if (peek(cursor) != 'e' && peek(cursor) != 'E')
		return true;
	cursor->at++;
	if (peek(cursor) == '+' || peek(cursor) == '-')
		cursor->at++;
	return skip_digits(cursor);
}

static bool scan_escape(struct cursor *cursor)
{
	int c = peek(cursor);
	if (c < 0 || !strchr("\"\\/bfnrtu", c))
		return fail(cursor, "an escape that JSON does not know");
	cursor->at++;
	for (int i = 0; c == 'u' && i < 4; i++) {
		if (!is_hex(peek(cursor)))
			return fail(cursor, "\\u without its four hexadecimal digits");
		cursor->at++;
	}
	return true;
}

/* A character beyond ASCII: 2 to 4 bytes. */
static bool scan_wide(struct cursor *cursor)
{
	for (size_t n = 2; n <= 4 && n <= cursor->size - cursor->at; n++) {
		if (schema_is_utf8(cursor->text + cursor->at, n)) {
			cursor->at += n;
			return true;
		}
	}
	return fail(cursor, "not UTF-8");
}

static bool scan_string(struct cursor *cursor)
{
	if (peek(cursor) != '"')
		return fail(cursor, "a string is missing");
	cursor->at++;
	for (;;) {
		int c = peek(cursor);
		if (c < 0)
			return fail(cursor, "a string without its closing quote");
		if (c < ' ')
			return fail(cursor, "a control character in a string");
		if (c >= 0x80) {
			if (!scan_wide(cursor))
				return false;
			continue;
		}
		cursor->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !scan_escape(cursor))
			return false;
	}
}

static bool scan_word(struct cursor *cursor, const char *word)
{
	size_t size = strlen(word);
	if (cursor->size - cursor->at < size || memcmp(cursor->text + cursor->at, word, size) != 0)
		return fail(cursor, "not a JSON value");
	cursor->at += size;
	return true;
}

/* Between the elements: true after a comma; *is_over at the closing bracket. */
static bool scan_comma(struct cursor *cursor, char close, bool *is_over)
{
	skip_space(cursor);
	int c = peek(cursor);
	*is_over = c == close;
	if (c != close && c != ',')
		return fail(cursor,
			close == '}' ? "a comma or } is missing" : "a comma or ] is missing");
	cursor->at++;
	if (!*is_over)
		skip_space(cursor);
	return true;
}

static bool is_wanted(const struct cursor *cursor, size_t at, size_t end)
{
	return cursor->name && cursor->depth == 1 && end - at == strlen(cursor->name) + 2 &&
		memcmp(cursor->text + at + 1, cursor->name, end - at - 2) == 0;
}

static bool scan_member(struct cursor *cursor)
{
	size_t at = cursor->at;
	if (peek(cursor) != '"')
		return fail(cursor, "a member's name in quotes is missing");
	if (!scan_string(cursor))
		return false;
	bool wanted = is_wanted(cursor, at, cursor->at);
	skip_space(cursor);
	if (peek(cursor) != ':')
		return fail(cursor, "a colon is missing");
	cursor->at++;
	skip_space(cursor);
	size_t value_at = cursor->at;
	if (!scan_value(cursor))
		return false;
	if (wanted)
		cursor->member =
			(struct json_member){at, cursor->at - at, value_at, cursor->at - value_at};
	return true;
}

/* An object or an array, from its bracket on. */
static bool scan_container(struct cursor *cursor, char close)
{
	bool is_over;
	cursor->at++;
	skip_space(cursor);
	if (peek(cursor) == close) {
		cursor->at++;
		return true;
	}
	do {
		if (!(close == '}' ? scan_member(cursor) : scan_value(cursor)))
			return false;
		if (!scan_comma(cursor, close, &is_over))
			return false;
	} while (!is_over);
	return true;
}

static bool scan_nested(struct cursor *cursor, char close)
{
	if (cursor->depth >= JSON_DEPTH_MAX)
		return fail(cursor, "nested more than 256 deep");
	cursor->depth++;
	bool good = scan_container(cursor, close);
	cursor->depth--;
	return good;
}

static bool scan_value(struct cursor *cursor)
{
	int c = peek(cursor);
	switch (c) {
	case '{':
		return scan_nested(cursor, '}');
	case '[':
		return scan_nested(cursor, ']');
	case '"':
		return scan_string(cursor);
	case 't':
		return scan_word(cursor, "true");
	case 'f':
		return scan_word(cursor, "false");
	case 'n':
		return scan_word(cursor, "null");
	case -1:
		return fail(cursor, "a value is missing");
	default:
		if (c == '-' || is_digit(c))
			return scan_number(cursor);
		return fail(cursor, "not a JSON value");
	}
}

static bool scan_text(struct cursor *cursor)
{
	skip_space(cursor);
	if (!scan_value(cursor))
		return false;
	skip_space(cursor);
	if (cursor->at < cursor->size)
		return fail(cursor, "text after the value");
	return true;
}

int json_scan(const char *text, size_t size, size_t *at, const char **why)
{
	struct cursor cursor = {.text = text, .size = size};
	if (scan_text(&cursor))
		return 0;
	*at = cursor.at;
	*why = cursor.why;
	return -1;
}

bool json_scan_is_number(const char *text, size_t size)
{
	struct cursor cursor = {.text = text, .size = size};
	return size > 0 && (text[0] == '-' || is_digit((unsigned char)text[0])) &&
		scan_number(&cursor) && cursor.at == size;
}

bool json_scan_member(const char *text, size_t size, const char *name, struct json_member *member)
{
	struct cursor cursor = {.text = text, .size = size, .name = name};
	skip_space(&cursor);
	if (peek(&cursor) != '{' || !scan_value(&cursor) || cursor.member.size == 0)
		return false;
	*member = cursor.member;
	return true;
}
