#include "control/difference.h"
#include "common/memory.h"
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct token {
	size_t at, size;
};

/* A word or a number, blanks, or one sign. */
static size_t token_size(const char *text)
{
	size_t n = 0;
	while (isalnum((unsigned char)text[n]) || (unsigned char)text[n] >= 0x80 ||
		(text[n] && strchr("._+-", text[n])))
		n++;
	if (!n)
		n = strspn(text, " \t\n");
	return n ? n : 1;
}

static size_t cut(const char *text, struct token *tokens)
{
	size_t n = 0;
	for (size_t at = 0; text[at]; n++) {
		bool is_last = n == DIFFERENCE_TOKENS_MAX - 1;
		tokens[n] = (struct token){at, is_last ? strlen(text + at) : token_size(text + at)};
		at += tokens[n].size;
	}
	return n;
}

struct side {
	const char *text;
	bool *marks;
	struct token *tokens;
	size_t n;
};

static void side_init(struct side *side, const char *text, bool *marks)
{
	*side = (struct side){.text = text, .marks = marks};
	side->tokens = calloc(DIFFERENCE_TOKENS_MAX, sizeof *side->tokens);
	memory_need(side->tokens);
	side->n = cut(text, side->tokens);
}

static void mark(struct side *side, size_t i, bool is_marked)
{
	for (size_t k = 0; k < side->tokens[i].size; k++)
		side->marks[side->tokens[i].at + k] = is_marked;
}

static bool is_same(const struct side *a, size_t i, const struct side *b, size_t j)
{
	return a->tokens[i].size == b->tokens[j].size &&
		!memcmp(a->text + a->tokens[i].at, b->text + b->tokens[j].at, a->tokens[i].size);
}

/* lengths[i][j]: of the longest common sequence of what begins at i and at j. */
static uint16_t *measure(const struct side *a, const struct side *b)
{
	size_t width = b->n + 1;
	uint16_t *lengths = calloc((a->n + 1) * width, sizeof *lengths);
	memory_need(lengths);
	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;) {
			uint16_t down = lengths[(i + 1) * width + j];
			uint16_t right = lengths[i * width + j + 1];
			lengths[i * width + j] = is_same(a, i, b, j)
				? (uint16_t)(lengths[(i + 1) * width + j + 1] + 1)
				: down > right ? down
					       : right;
		}
	return lengths;
}

static void walk(struct side *a, struct side *b, const uint16_t *lengths)
{
	size_t width = b->n + 1, i = 0, j = 0;
	while (i < a->n || j < b->n) {
		if (i < a->n && j < b->n && is_same(a, i, b, j)) {
			mark(a, i++, false);
			mark(b, j++, false);
		} else if (j == b->n ||
			(i < a->n && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
			mark(a, i++, true);
		} else {
			mark(b, j++, true);
		}
	}
}

void difference_mark(const char *a, const char *b, bool *a_marks, bool *b_marks)
{
	struct side one, other;
	side_init(&one, a, a_marks);
	side_init(&other, b, b_marks);
	uint16_t *lengths = measure(&one, &other);
	walk(&one, &other, lengths);
	free(lengths);
	free(one.tokens);
	free(other.tokens);
}
