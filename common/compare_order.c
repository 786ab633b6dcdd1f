/* An order of all values, and a merge sort of a node's children: members by name, the elements of bags
 * by what they are, first without their numbers, which may differ a little from arm to arm, then by
 * the numbers. */
#include "common/compare_tree.h"
#include <string.h>

static int order_bytes(const char *a, uint32_t a_size, const char *b, uint32_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

struct sort {
	struct tree *tree;
	struct budget *budget;
};

static int order_values(
	const struct sort *sort, const struct node *a, const struct node *b, bool numbers);

static int order_children(
	const struct sort *sort, const struct node *a, const struct node *b, bool numbers)
{
	const struct node *nodes = sort->tree->nodes;
	uint32_t i = a->child, j = b->child;
	int order = (a->n > b->n) - (a->n < b->n);

	while (order == 0 && i && j) {
		const struct node *left = &nodes[i], *right = &nodes[j];

		if (a->type == NODE_OBJECT)
			order = order_bytes(
				left->name, left->name_size, right->name, right->name_size);
		if (order == 0)
			order = order_values(sort, left, right, numbers);
		i = left->next;
		j = right->next;
	}
	return order;
}

static int order_values(
	const struct sort *sort, const struct node *a, const struct node *b, bool numbers)
{
	if (!budget_spend(sort->budget, a->size))
		return 0;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->type == NODE_NUMBER)
		return numbers ? compare_number_order(&a->number, &b->number) : 0;
	if (a->type == NODE_STRING)
		return order_bytes(a->text, a->size, b->text, b->size);
	return order_children(sort, a, b, numbers);
}

static int order_elements(const struct sort *sort, const struct node *a, const struct node *b)
{
	int order = order_values(sort, a, b, false);

	return order != 0 ? order : order_values(sort, a, b, true);
}

static int order_names(const struct sort *sort, const struct node *a, const struct node *b)
{
	budget_spend(sort->budget, a->name_size);
	return order_bytes(a->name, a->name_size, b->name, b->name_size);
}

typedef int order_nodes(const struct sort *sort, const struct node *a, const struct node *b);

/* Stable. Returns the head. */
static uint32_t merge(const struct sort *sort, uint32_t a, uint32_t b, order_nodes *order)
{
	struct node *nodes = sort->tree->nodes;
	uint32_t head = 0, *link = &head;

	while (a && b) {
		uint32_t *least = order(sort, &nodes[a], &nodes[b]) <= 0 ? &a : &b;

		*link = *least;
		link = &nodes[*least].next;
		*least = *link;
	}
	*link = a ? a : b;
	return head;
}

/* Sorts the first `n` of the list at *from, which moves on behind them. */
static uint32_t sort_list(const struct sort *sort, uint32_t *from, uint32_t n, order_nodes *order)
{
	uint32_t first = *from, left, right;

	if (n == 1) {
		*from = sort->tree->nodes[first].next;
		sort->tree->nodes[first].next = 0;
		return first;
	}
	left = sort_list(sort, from, n / 2, order);
	right = sort_list(sort, from, n - n / 2, order);
	return merge(sort, left, right, order);
}

static void sort_children(const struct sort *sort, struct node *parent, order_nodes *order)
{
	uint32_t from = parent->child;

	if (parent->n > 1)
		parent->child = sort_list(sort, &from, parent->n, order);
}

/* Of members of one name only the last stays. */
static void drop_duplicates(struct tree *tree, struct node *parent)
{
	uint32_t *link = &parent->child;

	while (*link) {
		struct node *node = &tree->nodes[*link];
		const struct node *next = &tree->nodes[node->next];

		if (node->next &&
			order_bytes(node->name, node->name_size, next->name, next->name_size) ==
				0) {
			*link = node->next;
			parent->n--;
		} else {
			link = &node->next;
		}
	}
}

void tree_sort_members(struct tree *tree, struct budget *budget, uint32_t parent)
{
	const struct sort sort = {tree, budget};

	sort_children(&sort, &tree->nodes[parent], order_names);
	drop_duplicates(tree, &tree->nodes[parent]);
}

static void sort_bags_below(const struct sort *sort, struct node *node)
{
	for (uint32_t i = node->child; i; i = sort->tree->nodes[i].next)
		sort_bags_below(sort, &sort->tree->nodes[i]);
	if (node->is_bag)
		sort_children(sort, node, order_elements);
}

void tree_sort_bags(struct tree *tree, struct budget *budget)
{
	const struct sort sort = {tree, budget};

	sort_bags_below(&sort, &tree->nodes[tree->root]);
}
