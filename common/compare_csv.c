/* CSV (RFC 4180) to a tree: a list of lines, each a list of cells, numbers where a cell reads as one.
 * Lines without any character are skipped. A quote inside of a cell without quotes, text behind a
 * closing quote and a quote that never closes are wrong syntax. */
#include "common/compare_tree.h"
#include "common/memory.h"
#include "common/schema.h"
#include <stdlib.h>
#include <string.h>

struct parser {
	struct tree *tree;
	const char *at, *end;
};

static bool at_line_end(const struct parser *parser)
{
	return parser->at == parser->end || *parser->at == '\n' || *parser->at == '\r';
}

static bool refuse(struct parser *parser)
{
	if (parser->tree->problem < COMPARE_NOT_PARSEABLE)
		parser->tree->problem = COMPARE_NOT_PARSEABLE;
	return false;
}

/* Between quotes: the opening one is taken. */
static bool take_quoted(struct parser *parser)
{
	struct tree *tree = parser->tree;

	for (;;) {
		if (parser->at == parser->end)
			return refuse(parser);
		if (*parser->at == '"') {
			parser->at++;
			if (parser->at == parser->end || *parser->at != '"')
				break;
		}
		tree->text[tree->text_size++] = *parser->at++;
	}
	return at_line_end(parser) || *parser->at == ',' || refuse(parser);
}

static bool take_plain(struct parser *parser)
{
	struct tree *tree = parser->tree;

	for (; !at_line_end(parser) && *parser->at != ','; parser->at++) {
		if (*parser->at == '"')
			return refuse(parser);
		tree->text[tree->text_size++] = *parser->at;
	}
	return true;
}

static bool take_cell(struct parser *parser, uint32_t row, uint32_t *last)
{
	struct tree *tree = parser->tree;
	struct node *node = tree_add(tree, row, last);
	const char *text = tree->text + tree->text_size;
	bool quoted = parser->at < parser->end && *parser->at == '"';

	if (!node)
		return false;
	parser->at += quoted;
	if (!(quoted ? take_quoted(parser) : take_plain(parser)))
		return false;
	node->text = text;
	node->size = (uint32_t)(tree->text + tree->text_size - text);
	if (compare_number_read_cell(node->text, node->size, &node->number))
		node->type = NODE_NUMBER;
	else
		node->type = NODE_STRING;
	return true;
}

static bool take_row(struct parser *parser, uint32_t *last_row)
{
	uint32_t last = 0;
	struct node *row = tree_add(parser->tree, 0, last_row);

	if (!row)
		return false;
	row->type = NODE_ARRAY;
	for (;;) {
		if (!take_cell(parser, *last_row, &last))
			return false;
		if (at_line_end(parser))
			return true;
		parser->at++;
	}
}

/* One line end, or none at the end of all. A carriage return alone is none. */
static bool take_line_end(struct parser *parser)
{
	if (parser->at < parser->end && *parser->at == '\r') {
		parser->at++;
		if (parser->at < parser->end && *parser->at != '\n')
			return refuse(parser);
	}
	if (parser->at < parser->end)
		parser->at++;
	return true;
}

void tree_init_csv(struct tree *tree, const char *text, size_t size)
{
	size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct parser parser = {tree, text + mark, text + size};
	uint32_t last = 0;

	*tree = (struct tree){.problem = COMPARE_NO_REASON};
	if (!schema_is_utf8(text, size)) {
		tree->problem = COMPARE_NOT_PARSEABLE;
		return;
	}
	tree->text = malloc(size + 1);
	memory_need(tree->text);
	tree_add(tree, 0, &last)->type = NODE_ARRAY;
	while (parser.at < parser.end) {
		if (!at_line_end(&parser) && !take_row(&parser, &last))
			return;
		if (!take_line_end(&parser))
			return;
	}
}
