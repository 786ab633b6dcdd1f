/* An answer as a tree, in one block of nodes and one of text, both bounded. Pure. */
#ifndef UMBRA_COMMON_COMPARE_TREE_H
#define UMBRA_COMMON_COMPARE_TREE_H

#include "common/compare.h"
#include "common/compare_number.h"

enum node_type {
	NODE_IGNORED, /* an element that is not compared */
	NODE_NULL,
	NODE_FALSE,
	NODE_TRUE,
	NODE_NUMBER,
	NODE_STRING,
	NODE_ARRAY,
	NODE_OBJECT
};

struct node {
	enum node_type type;
	bool is_bag; /* an unordered array */
	uint32_t child, next; /* 0: none */
	uint32_t n; /* children */
	uint32_t name_size;
	uint32_t size; /* bytes of a string or a number, else 0 */
	const char *name; /* of a member, decoded */
	const char *text; /* of a string, decoded; of a cell */
	struct compare_number number;
};

struct tree {
	struct node *nodes;
	uint32_t n, capacity;
	uint32_t root;
	char *text; /* decoded strings: never more than the answer's bytes */
	size_t text_size;
	enum compare_reason problem; /* COMPARE_NO_REASON: it can be used */
};

/* Both answers draw on one allowance. */
struct budget {
	uint32_t steps;
};

/* Reads the answer; what is wrong stands in `problem`. Objects have their members in order of their
 * names, each once. */
void tree_init_json(struct tree *tree, struct budget *budget, const char *text, size_t size);
void tree_init_csv(struct tree *tree, const char *text, size_t size);
void tree_fini(struct tree *tree);

/* A new node at the end of `parent`'s children, whose last is *last (0: it has none yet); NULL: there
 * are too many. Moves the nodes. */
struct node *tree_add(struct tree *tree, uint32_t parent, uint32_t *last);

/* The node that the pointer names below the root; UINT32_MAX: none. */
uint32_t tree_find(const struct tree *tree, const char *pointer);

/* Takes out the members, and marks the elements, that the path names. */
void tree_ignore(struct tree *tree, struct budget *budget, const char *path);

/* Marks the arrays that the path names as bags. */
void tree_mark_bags(struct tree *tree, struct budget *budget, const char *path);

/* Puts the elements of bags in order, the innermost first. */
void tree_sort_bags(struct tree *tree, struct budget *budget);

/* Sorts the children of a node by their names. */
void tree_sort_members(struct tree *tree, struct budget *budget, uint32_t parent);

struct tolerance {
	double absolute, relative;
};

bool tree_agrees(const struct tree *a, const struct tree *b, const struct tolerance *tolerance,
	struct budget *budget);

/* The value itself where it is no list of one element. */
const struct node *tree_unwrap(const struct tree *tree, const struct node *node);

/* One step; false when the allowance is used up. */
static inline bool budget_spend(struct budget *budget, uint32_t bytes)
{
	uint32_t steps = 1 + bytes / 16;

	if (budget->steps < steps) {
		budget->steps = 0;
		return false;
	}
	budget->steps -= steps;
	return true;
}

#endif
