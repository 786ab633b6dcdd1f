#include "common/compare_label.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool compare_label_is_column(const char *label)
{
	return label[0] != '\0' && label[0] != '/';
}

const struct compare_number *compare_label_number(
	const struct tree *tree, const struct node *node, struct compare_prediction *prediction)
{
	node = tree_unwrap(tree, node);
	if (node->type != NODE_NUMBER || node->number.kind != NUMBER_FINITE ||
		!isfinite(node->number.value))
		return NULL;
	prediction->has_number = true;
	prediction->number = node->number.value;
	return &node->number;
}

static const struct node *child_at(const struct tree *tree, const struct node *node, long index)
{
	uint32_t child = node->child;

	for (; child && index > 0; index--)
		child = tree->nodes[child].next;
	return child && index == 0 ? &tree->nodes[child] : NULL;
}

/* The position of the cell of that text, from 0; -1: none. */
static long find_name(const struct tree *tree, const struct node *row, const char *name)
{
	long index = 0;

	for (uint32_t i = row->child; i; i = tree->nodes[i].next, index++)
		if (tree->nodes[i].size == strlen(name) &&
			memcmp(tree->nodes[i].text, name, strlen(name)) == 0)
			return index;
	return -1;
}

/* By number: of the only line. By name: of the only line below the header. */
static const struct node *find_cell(const struct tree *tree, const char *label)
{
	const struct node *lines = &tree->nodes[tree->root], *row;
	bool is_number = label[strspn(label, "0123456789")] == '\0';

	if (lines->type != NODE_ARRAY || lines->n != (is_number ? 1 : 2))
		return NULL;
	row = child_at(tree, lines, is_number ? 0 : 1);
	if (row->type != NODE_ARRAY)
		return NULL;
	return child_at(tree, row,
		is_number ? strtol(label, NULL, 10) - 1
			  : find_name(tree, child_at(tree, lines, 0), label));
}

const struct node *compare_label_find(const struct tree *tree, const char *label)
{
	uint32_t at;

	if (compare_label_is_column(label))
		return find_cell(tree, label);
	at = tree_find(tree, label);
	return at == UINT32_MAX ? NULL : &tree->nodes[at];
}

static enum compare_reason set_label(
	struct compare_prediction *prediction, const char *text, size_t size)
{
	if (size == 0 || size > COMPARE_LABEL_MAX)
		return COMPARE_NO_LABEL;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return COMPARE_NO_LABEL;
	memcpy(prediction->label, text, size);
	prediction->label[size] = '\0';
	return COMPARE_NO_REASON;
}

/* The index of the first greatest; -1: not a list of numbers. */
static int64_t greatest(const struct tree *tree, const struct node *list)
{
	const struct compare_number *best = NULL;
	int64_t index = 0, found = -1;

	for (uint32_t i = list->child; i; i = tree->nodes[i].next, index++) {
		const struct node *node = &tree->nodes[i];

		if (node->type != NODE_NUMBER || node->number.kind == NUMBER_NAN)
			return -1;
		if (!best || compare_number_order(&node->number, best) > 0) {
			best = &node->number;
			found = index;
		}
	}
	return found;
}

static enum compare_reason read_list(
	const struct tree *tree, const struct node *list, struct compare_prediction *prediction)
{
	int64_t index = greatest(tree, list);

	if (index < 0)
		return COMPARE_NO_LABEL;
	snprintf(prediction->label, sizeof(prediction->label), "%lld", (long long)index);
	return COMPARE_NO_REASON;
}

static enum compare_reason read_number(const struct compare_number *number, double threshold,
	struct compare_prediction *prediction)
{
	if (number->kind == NUMBER_NAN)
		return COMPARE_NO_LABEL;
	if (!isnan(threshold))
		return set_label(prediction, number->value >= threshold ? "1" : "0", 1);
	return compare_number_text(number, prediction->label, sizeof(prediction->label))
		? COMPARE_NO_REASON
		: COMPARE_NO_LABEL;
}

enum compare_reason compare_label_read(const struct tree *tree, const struct node *node,
	double threshold, struct compare_prediction *prediction)
{
	while (node->type == NODE_ARRAY && node->n == 1)
		node = &tree->nodes[node->child];
	(void)compare_label_number(tree, node, prediction);
	if (node->type == NODE_ARRAY && isnan(threshold))
		return read_list(tree, node, prediction);
	if (node->type == NODE_NUMBER)
		return read_number(&node->number, threshold, prediction);
	if (!isnan(threshold))
		return COMPARE_NO_LABEL;
	if (node->type == NODE_STRING)
		return set_label(prediction, node->text, node->size);
	if (node->type == NODE_TRUE)
		return set_label(prediction, "true", 4);
	if (node->type == NODE_FALSE)
		return set_label(prediction, "false", 5);
	return COMPARE_NO_LABEL;
}
