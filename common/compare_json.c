/* JSON (RFC 8259) to a tree: recursive descent, its depth bounded. A parser of our own, because those
 * that exist lose what is compared here: large integers, duplicate keys, NaN, \u0000. */
#include "common/compare_tree.h"
#include "common/memory.h"
#include "common/schema.h"
#include <stdlib.h>
#include <string.h>

struct parser {
	struct tree *tree;
	struct budget *budget;
	const char *at, *end;
	int depth;
};

static bool refuse(struct parser *parser, enum compare_reason problem)
{
	if (parser->tree->problem < problem)
		parser->tree->problem = problem;
	return false;
}

static void skip_space(struct parser *parser)
{
	while (parser->at < parser->end &&
		(*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' ||
			*parser->at == '\r'))
		parser->at++;
}

/* The byte behind white space, which is taken. */
static bool take(struct parser *parser, char byte)
{
	skip_space(parser);
	if (parser->at == parser->end || *parser->at != byte)
		return false;
	parser->at++;
	return true;
}

static int hex(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The four digits behind \u; -1: they are not there. */
static int32_t take_unit(struct parser *parser)
{
	int32_t unit = 0;

	if (parser->end - parser->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex(*parser->at++);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* Half a surrogate is written like any other character of its size. */
static void write_utf8(struct tree *tree, int32_t code)
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (int i = 0; i < size; i++) {
		int shifted = code >> (6 * (size - 1 - i));

		if (i == 0)
			tree->text[tree->text_size++] = (char)(shifted | marks[size]);
		else
			tree->text[tree->text_size++] = (char)(0x80 | (shifted & 0x3f));
	}
}

static bool take_escape(struct parser *parser)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	char letter = '\0';
	const char *found;
	int32_t unit, low;

	if (parser->at < parser->end)
		letter = *parser->at++;
	found = letter != '\0' ? strchr(letters, letter) : NULL;
	if (found) {
		parser->tree->text[parser->tree->text_size++] = bytes[found - letters];
		return true;
	}
	unit = letter == 'u' ? take_unit(parser) : -1;
	if (unit < 0)
		return refuse(parser, COMPARE_NOT_PARSEABLE);
	if (unit >= 0xd800 && unit < 0xdc00 && parser->end - parser->at >= 6 &&
		parser->at[0] == '\\' && parser->at[1] == 'u') {
		struct parser ahead = *parser;

		ahead.at += 2;
		low = take_unit(&ahead);
		if (low >= 0xdc00 && low < 0xe000) {
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			parser->at = ahead.at;
		}
	}
	write_utf8(parser->tree, unit);
	return true;
}

static bool take_string(struct parser *parser, const char **text, uint32_t *size)
{
	struct tree *tree = parser->tree;
	size_t from = tree->text_size;

	if (!take(parser, '"'))
		return refuse(parser, COMPARE_NOT_PARSEABLE);
	for (;;) {
		char byte = parser->at < parser->end ? *parser->at++ : '\0';

		if (byte == '"')
			break;
		if ((unsigned char)byte < ' ')
			return refuse(parser, COMPARE_NOT_PARSEABLE);
		if (byte != '\\')
			tree->text[tree->text_size++] = byte;
		else if (!take_escape(parser))
			return false;
	}
	*text = tree->text + from;
	*size = (uint32_t)(tree->text_size - from);
	return true;
}

static bool take_value(struct parser *parser, uint32_t at);

static bool take_elements(struct parser *parser, uint32_t at)
{
	uint32_t last = 0;

	parser->tree->nodes[at].type = NODE_ARRAY;
	if (take(parser, ']'))
		return true;
	do {
		if (!tree_add(parser->tree, at, &last) || !take_value(parser, last))
			return false;
	} while (take(parser, ','));
	return take(parser, ']') || refuse(parser, COMPARE_NOT_PARSEABLE);
}

static bool take_members(struct parser *parser, uint32_t at)
{
	uint32_t last = 0, size;
	const char *name;

	parser->tree->nodes[at].type = NODE_OBJECT;
	if (take(parser, '}'))
		return true;
	do {
		if (!take_string(parser, &name, &size) || !tree_add(parser->tree, at, &last))
			return false;
		parser->tree->nodes[last].name = name;
		parser->tree->nodes[last].name_size = size;
		if (!take(parser, ':'))
			return refuse(parser, COMPARE_NOT_PARSEABLE);
		if (!take_value(parser, last))
			return false;
	} while (take(parser, ','));
	if (!take(parser, '}'))
		return refuse(parser, COMPARE_NOT_PARSEABLE);
	tree_sort_members(parser->tree, parser->budget, at);
	return true;
}

/* A number or a word: all that stands up to the next mark of JSON. */
static bool take_word(struct parser *parser, struct node *node)
{
	static const struct {
		const char *word;
		enum node_type type;
	} words[] = {{"null", NODE_NULL}, {"false", NODE_FALSE}, {"true", NODE_TRUE}};
	const char *from = parser->at;
	size_t size;

	while (parser->at < parser->end && *parser->at != '\0' &&
		!strchr(" \t\r\n,:[]{}\"", *parser->at))
		parser->at++;
	size = (size_t)(parser->at - from);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (size == strlen(words[i].word) && memcmp(from, words[i].word, size) == 0) {
			node->type = words[i].type;
			return true;
		}
	}
	node->type = NODE_NUMBER;
	node->size = (uint32_t)size; /* what its digits cost to compare */
	return compare_number_read_json(from, size, &node->number) ||
		refuse(parser, COMPARE_NOT_PARSEABLE);
}

static bool take_value(struct parser *parser, uint32_t at)
{
	struct node *node = &parser->tree->nodes[at];
	bool is_array = take(parser, '[');
	bool taken;

	if (!is_array && !take(parser, '{')) {
		if (parser->at == parser->end || *parser->at != '"')
			return take_word(parser, node);
		node->type = NODE_STRING;
		return take_string(parser, &node->text, &node->size);
	}
	if (++parser->depth > COMPARE_DEPTH_MAX)
		return refuse(parser, COMPARE_TOO_COMPLEX);
	taken = is_array ? take_elements(parser, at) : take_members(parser, at);
	parser->depth--;
	return taken;
}

void tree_init_json(struct tree *tree, struct budget *budget, const char *text, size_t size)
{
	size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct parser parser = {tree, budget, text + mark, text + size, 0};
	uint32_t last = 0;

	*tree = (struct tree){.problem = COMPARE_NO_REASON};
	if (!schema_is_utf8(text, size)) {
		tree->problem = COMPARE_NOT_PARSEABLE;
		return;
	}
	tree->text = malloc(size + 1);
	memory_need(tree->text);
	tree_add(tree, 0, &last);
	if (!take_value(&parser, 0))
		return;
	skip_space(&parser);
	if (parser.at < parser.end)
		tree->problem = COMPARE_NOT_PARSEABLE;
}
