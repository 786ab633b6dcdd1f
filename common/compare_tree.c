/* The block of nodes, and the ways into it by JSON pointers. */
#include "common/compare_tree.h"
#include "common/memory.h"
#include "common/pointer.h"
#include <stdlib.h>
#include <string.h>

struct node *tree_add(struct tree *tree, uint32_t parent, uint32_t *last)
{
	struct node *node;

	if (tree->n == COMPARE_NODES_MAX) {
		tree->problem = COMPARE_TOO_COMPLEX;
		return NULL;
	}
	if (tree->n == tree->capacity) {
		tree->capacity = tree->capacity ? tree->capacity * 2 : 32;
		tree->nodes = realloc(tree->nodes, tree->capacity * sizeof(*tree->nodes));
		memory_need(tree->nodes);
	}
	node = &tree->nodes[tree->n];
	*node = (struct node){.type = NODE_NULL};
	if (tree->n > 0) {
		if (*last)
			tree->nodes[*last].next = tree->n;
		else
			tree->nodes[parent].child = tree->n;
		tree->nodes[parent].n++;
		*last = tree->n;
	}
	tree->n++;
	return node;
}

void tree_fini(struct tree *tree)
{
	free(tree->nodes);
	free(tree->text);
}

const struct node *tree_unwrap(const struct tree *tree, const struct node *node)
{
	while (node->type == NODE_ARRAY && node->n == 1)
		node = &tree->nodes[node->child];
	return node;
}

/* An index as RFC 6901 writes it; UINT32_MAX: it is none. */
static uint32_t read_index(const struct pointer_token *token)
{
	uint32_t index = 0;

	if (token->size == 0 || token->size > 6 || (token->size > 1 && token->at[0] == '0'))
		return UINT32_MAX;
	for (size_t i = 0; i < token->size; i++) {
		if (token->at[i] < '0' || token->at[i] > '9')
			return UINT32_MAX;
		index = index * 10 + (uint32_t)(token->at[i] - '0');
	}
	return index;
}

static uint32_t find_child(
	const struct tree *tree, uint32_t parent, const struct pointer_token *token)
{
	const struct node *node = &tree->nodes[parent];
	uint32_t index = node->type == NODE_ARRAY ? read_index(token) : 0;
	uint32_t child = node->child;

	if (node->type == NODE_OBJECT)
		while (child &&
			!pointer_token_is(
				token, tree->nodes[child].name, tree->nodes[child].name_size))
			child = tree->nodes[child].next;
	else
		for (; child && index > 0; index--)
			child = tree->nodes[child].next;
	return child ? child : UINT32_MAX;
}

uint32_t tree_find(const struct tree *tree, const char *pointer)
{
	uint32_t at = tree->root;
	struct pointer_token token;

	while (*pointer != '\0' && at != UINT32_MAX) {
		pointer = pointer_next(pointer, &token);
		at = find_child(tree, at, &token);
	}
	return at;
}

enum mark { MARK_IGNORED, MARK_BAG };

/* Returns whether `at` itself goes away. */
static bool mark(
	struct tree *tree, struct budget *budget, uint32_t at, const char *path, enum mark what)
{
	struct node *node = &tree->nodes[at];
	bool in_object = node->type == NODE_OBJECT, any;
	uint32_t *link = &node->child, index = 0;
	struct pointer_token token;

	if (*path == '\0') {
		node->is_bag = node->is_bag || (what == MARK_BAG && node->type == NODE_ARRAY);
		return what == MARK_IGNORED;
	}
	path = pointer_next(path, &token);
	any = pointer_token_is_any(&token);
	for (; *link && budget_spend(budget, 0); index++) {
		struct node *child = &tree->nodes[*link];
		bool is = any ||
			(in_object && pointer_token_is(&token, child->name, child->name_size)) ||
			(!in_object && index == read_index(&token));

		if (is && mark(tree, budget, *link, path, what)) {
			if (in_object) {
				*link = child->next;
				node->n--;
				continue;
			}
			child->type = NODE_IGNORED;
			child->child = child->n = 0;
		}
		link = &child->next;
	}
	return false;
}

void tree_ignore(struct tree *tree, struct budget *budget, const char *path)
{
	mark(tree, budget, tree->root, path, MARK_IGNORED);
}

void tree_mark_bags(struct tree *tree, struct budget *budget, const char *path)
{
	mark(tree, budget, tree->root, path, MARK_BAG);
}
