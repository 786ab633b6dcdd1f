/* The three layouts of a log line. Whatever the text holds, a line stays one line: control
 * characters (C0, DEL, C1), the two Unicode line ends and bytes that are not UTF-8 are escaped.
 * In JSON, and in logfmt, whose readers know no others, the escapes are JSON's own, and a byte that is
 * not UTF-8 becomes U+FFFD. */
#include "common/log_private.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

struct output {
	char *data;
	size_t size, capacity;
};

static const char *const level_names[] = {"off", "error", "warn", "info", "debug"};

static size_t room(const struct output *out)
{
	return out->capacity - out->size;
}

static void put(struct output *out, const char *text, size_t size)
{
	if (size <= room(out)) {
		memcpy(out->data + out->size, text, size);
		out->size += size;
	}
}

static void puts_to(struct output *out, const char *text)
{
	put(out, text, strlen(text));
}

/* The length of the UTF-8 character at `s` and its code point, 0 when it is none. */
static int decode(const unsigned char *s, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	int n = s[0] < 0x80   ? 1
		: s[0] < 0xc0 ? 0
		: s[0] < 0xe0 ? 2
		: s[0] < 0xf0 ? 3
		: s[0] < 0xf8 ? 4
			      : 0;
	if (n <= 1) {
		*code = s[0];
		return n;
	}
	*code = s[0] & (0x7fU >> n);
	for (int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	bool is_surrogate = *code >= 0xd800 && *code <= 0xdfff;
	return *code < smallest[n] || *code > 0x10ffff || is_surrogate ? 0 : n;
}

static bool breaks_line(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

static void escape_code(struct output *out, uint32_t code, bool json)
{
	char escape[16];
	if (code == '\n' || code == '\r' || code == '\t')
		snprintf(escape, sizeof(escape), "\\%c",
			code == '\n'           ? 'n'
				: code == '\r' ? 'r'
					       : 't');
	else if (json || code > 0xff)
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)code);
	else
		snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)code);
	puts_to(out, escape);
}

static void escape_byte(struct output *out, unsigned byte, bool json)
{
	char escape[8];
	snprintf(escape, sizeof(escape), json ? "\\ufffd" : "\\x%02x", byte);
	puts_to(out, escape);
}

/* Longest escape of one byte, and what must still fit behind the text: quotes, braces, line end. */
enum { MAX_ESCAPE = 8, TAIL = 8 };

/* Writes `text` escaped, as much as leaves `reserve` bytes free. `quoted`: inside double quotes. */
static void put_escaped(
	struct output *out, const char *text, bool quoted, bool json, size_t reserve)
{
	const unsigned char *s = (const unsigned char *)text;
	while (*s && room(out) > reserve + MAX_ESCAPE) {
		uint32_t code;
		int n = decode(s, &code);
		if (n == 0)
			escape_byte(out, *s, json);
		else if (breaks_line(code))
			escape_code(out, code, json);
		else {
			if (quoted && (code == '"' || code == '\\'))
				put(out, "\\", 1);
			put(out, (const char *)s, (size_t)n);
		}
		s += n ? n : 1;
	}
}

static char *format_time(int64_t us, char *buffer)
{
	text_format_time(us - us % 1000000, buffer);
	size_t length = strlen(buffer) - 1;
	snprintf(buffer + length, TEXT_MAX - length, ".%03dZ", (int)(us % 1000000 / 1000));
	return buffer;
}

/* An object may take at most a quarter of the line. */
static size_t object_reserve(const struct output *out)
{
	return out->capacity - out->capacity / 4;
}

static void put_text(struct output *out, const struct log_line *line)
{
	char time[TEXT_MAX], head[128];
	snprintf(head, sizeof(head), "%s %-5s %.64s: ", format_time(line->time_us, time),
		level_names[line->level], line->program);
	puts_to(out, head);
	if (line->object) {
		put_escaped(out, line->object, false, false, object_reserve(out));
		puts_to(out, ": ");
	}
	put_escaped(out, line->text, false, false, TAIL);
	puts_to(out, "\n");
}

static void put_logfmt(struct output *out, const struct log_line *line)
{
	char time[TEXT_MAX], head[128];
	snprintf(head, sizeof(head), "time=%s level=%s program=%.64s",
		format_time(line->time_us, time), level_names[line->level], line->program);
	puts_to(out, head);
	if (line->object) {
		puts_to(out, " object=\"");
		put_escaped(out, line->object, true, true, object_reserve(out));
		puts_to(out, "\"");
	}
	puts_to(out, " msg=\"");
	put_escaped(out, line->text, true, true, TAIL);
	puts_to(out, "\"\n");
}

static void put_json(struct output *out, const struct log_line *line)
{
	char time[TEXT_MAX], head[128];
	snprintf(head, sizeof(head), "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%.40s\"",
		format_time(line->time_us, time), level_names[line->level], line->program);
	puts_to(out, head);
	if (line->object) {
		puts_to(out, ",\"object\":\"");
		put_escaped(out, line->object, true, true, object_reserve(out));
		puts_to(out, "\"");
	}
	puts_to(out, ",\"message\":\"");
	put_escaped(out, line->text, true, true, TAIL);
	puts_to(out, "\"}\n");
}

size_t log_line_format(
	const struct log_line *line, enum log_format format, char *buffer, size_t capacity)
{
	struct output out = {.data = buffer, .capacity = capacity};
	if (format == LOG_JSON)
		put_json(&out, line);
	else if (format == LOG_LOGFMT)
		put_logfmt(&out, line);
	else
		put_text(&out, line);
	return out.size;
}
