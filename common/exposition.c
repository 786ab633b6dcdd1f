/* A cursor goes through the text line by line; each kind of thing that a line may hold has a function
 * that moves the cursor behind it, or says that it does not stand there. */
#include "common/exposition.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *at, *end; /* of the line */
};

struct family {
	const char *name; /* of the latest TYPE line */
	size_t size;
	bool is_counter;
};

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static bool skip(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t exposition_name_size(const char *text, size_t size, bool is_label)
{
	size_t n = 0;
	while (n < size &&
		(is_letter(text[n]) || (!is_label && text[n] == ':') ||
			(n > 0 && text[n] >= '0' && text[n] <= '9')))
		n++;
	return n;
}

static bool read_name(struct cursor *cursor, bool is_label, const char **name, size_t *size)
{
	*name = cursor->at;
	*size = exposition_name_size(cursor->at, (size_t)(cursor->end - cursor->at), is_label);
	cursor->at += *size;
	return *size > 0;
}

static bool read_quoted(struct cursor *cursor, const char **value, size_t *size)
{
	if (!skip(cursor, '"'))
		return false;
	*value = cursor->at;
	while (cursor->at < cursor->end && *cursor->at != '"')
		cursor->at += *cursor->at == '\\' && cursor->at + 1 < cursor->end ? 2 : 1;
	*size = (size_t)(cursor->at - *value);
	return skip(cursor, '"');
}

static bool read_label(struct cursor *cursor, struct exposition_label *label)
{
	skip_blanks(cursor);
	if (!read_name(cursor, true, &label->name, &label->name_size))
		return false;
	skip_blanks(cursor);
	if (!skip(cursor, '='))
		return false;
	skip_blanks(cursor);
	return read_quoted(cursor, &label->value, &label->value_size);
}

/* The labels behind the opening brace, with the closing one. A comma may stand behind the last. */
static bool read_labels(struct cursor *cursor, struct exposition_sample *sample)
{
	struct exposition_label label;
	sample->labels = cursor->at;
	do {
		skip_blanks(cursor);
		if (cursor->at < cursor->end && *cursor->at == '}')
			break;
		if (!read_label(cursor, &label))
			return false;
		skip_blanks(cursor);
	} while (skip(cursor, ','));
	sample->labels_size = (size_t)(cursor->at - sample->labels);
	return skip(cursor, '}');
}

bool exposition_next_label(
	const struct exposition_sample *sample, size_t *place, struct exposition_label *label)
{
	const char *end = sample->labels + sample->labels_size;
	struct cursor cursor = {sample->labels + *place, end};
	if (sample->labels_size == 0 || !read_label(&cursor, label))
		return false;
	skip_blanks(&cursor);
	skip(&cursor, ',');
	*place = (size_t)(cursor.at - sample->labels);
	return true;
}

bool exposition_value_is(const struct exposition_label *label, const char *text, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < label->value_size; i++, n++) {
		char c = label->value[i];
		if (c == '\\' && i + 1 < label->value_size)
			c = label->value[++i] == 'n' ? '\n' : label->value[i];
		if (n == size || text[n] != c)
			return false;
	}
	return n == size;
}

/* What stands up to the next blank. */
static struct cursor read_word(struct cursor *cursor)
{
	struct cursor word = {cursor->at, cursor->at};
	while (word.end < cursor->end && *word.end != ' ' && *word.end != '\t')
		word.end++;
	cursor->at = word.end;
	return word;
}

/* As Go's ParseFloat writes and reads them; hexadecimal is not written by anyone. */
static bool read_value(struct cursor *cursor, double *value)
{
	static const char *const words[] = {"NaN", "Inf", "+Inf", "-Inf"};
	struct cursor word = read_word(cursor);
	char text[64], *end;
	size_t size = (size_t)(word.end - word.at);
	if (size == 0 || size >= sizeof text)
		return false;
	memcpy(text, word.at, size);
	text[size] = '\0';
	bool is_word = false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		is_word = is_word || strcasecmp(text, words[i]) == 0;
	if (!is_word && strspn(text, "0123456789+-.eE") != size)
		return false;
	*value = strtod(text, &end);
	return end == text + size;
}

/* An integer, which nobody here needs: a page is as of now. */
static bool read_timestamp(struct cursor *cursor)
{
	struct cursor word = read_word(cursor);
	if (word.at < word.end && (*word.at == '-' || *word.at == '+'))
		word.at++;
	if (word.at == word.end)
		return false;
	while (word.at < word.end && *word.at >= '0' && *word.at <= '9')
		word.at++;
	return word.at == word.end;
}

static bool ends_with_total(const char *name, size_t size)
{
	return size > 6 && memcmp(name + size - 6, "_total", 6) == 0;
}

static bool is_counter(const struct family *family, const struct exposition_sample *sample)
{
	if (family->size == sample->name_size && family->name &&
		memcmp(family->name, sample->name, family->size) == 0)
		return family->is_counter;
	return ends_with_total(sample->name, sample->name_size);
}

static bool read_sample(struct cursor *cursor, struct exposition_sample *sample)
{
	if (!read_name(cursor, false, &sample->name, &sample->name_size))
		return false;
	skip_blanks(cursor);
	if (skip(cursor, '{') && !read_labels(cursor, sample))
		return false;
	skip_blanks(cursor);
	if (!read_value(cursor, &sample->value))
		return false;
	skip_blanks(cursor);
	if (cursor->at < cursor->end && !read_timestamp(cursor))
		return false;
	skip_blanks(cursor);
	return cursor->at == cursor->end;
}

static bool is_word(const struct cursor *word, const char *text)
{
	size_t size = strlen(text);
	return (size_t)(word->end - word->at) == size && memcmp(word->at, text, size) == 0;
}

/* "# TYPE name counter"; any other comment says nothing to us. */
static void read_comment(struct cursor *cursor, struct family *family)
{
	skip_blanks(cursor);
	struct cursor keyword = read_word(cursor);
	if (!is_word(&keyword, "TYPE"))
		return;
	skip_blanks(cursor);
	struct cursor name = read_word(cursor);
	skip_blanks(cursor);
	struct cursor type = read_word(cursor);
	*family = (struct family){name.at, (size_t)(name.end - name.at), is_word(&type, "counter")};
}

static bool read_line(
	struct cursor *cursor, struct family *family, exposition_take *take, void *opaque)
{
	struct exposition_sample sample = {.labels = ""};
	skip_blanks(cursor);
	if (cursor->at == cursor->end)
		return true;
	if (skip(cursor, '#')) {
		read_comment(cursor, family);
		return true;
	}
	if (!read_sample(cursor, &sample))
		return false;
	sample.is_counter = is_counter(family, &sample);
	take(opaque, &sample);
	return true;
}

size_t exposition_read(const char *text, size_t size, exposition_take *take, void *opaque)
{
	struct family family = {0};
	size_t skipped = 0;
	for (size_t i = 0; i < size;) {
		const char *newline = memchr(text + i, '\n', size - i);
		struct cursor line = {text + i, newline ? newline : text + size};
		i = (size_t)(line.end - text) + 1;
		if (!read_line(&line, &family, take, opaque))
			skipped++;
	}
	return skipped;
}
