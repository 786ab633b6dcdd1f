/* Do two trees agree within a tolerance? A recursion of bounded depth and bounded steps. Bags are in
 * order, so that their elements mostly agree pair by pair; if not, a matching of all pairs is looked
 * for (augmenting paths, Kuhn 1955). */
#include "common/compare_tree.h"
#include <string.h>

struct match {
	const struct tree *a, *b;
	const struct tolerance *tolerance;
	struct budget *budget;
};

static bool agrees(const struct match *match, const struct node *a, const struct node *b);

static bool children_agree(const struct match *match, const struct node *a, const struct node *b)
{
	uint32_t i = a->child, j = b->child;

	for (; i && j; i = match->a->nodes[i].next, j = match->b->nodes[j].next) {
		const struct node *left = &match->a->nodes[i], *right = &match->b->nodes[j];

		if (a->type == NODE_OBJECT &&
			(left->name_size != right->name_size ||
				memcmp(left->name, right->name, left->name_size) != 0))
			return false;
		if (!agrees(match, left, right))
			return false;
	}
	return true;
}

/* Who may go with whom, and who goes with whom so far. */
struct pairing {
	uint64_t allowed[COMPARE_BAG_MAX]; /* bit j of [i] */
	uint64_t seen; /* of this search */
	uint32_t n;
	int partner[COMPARE_BAG_MAX]; /* of j; -1: none */
};

static bool find_partner(struct pairing *pairing, uint32_t i)
{
	for (uint32_t j = 0; j < pairing->n; j++) {
		uint64_t bit = UINT64_C(1) << j;

		if (!(pairing->allowed[i] & bit) || (pairing->seen & bit))
			continue;
		pairing->seen |= bit;
		if (pairing->partner[j] < 0 ||
			find_partner(pairing, (uint32_t)pairing->partner[j])) {
			pairing->partner[j] = (int)i;
			return true;
		}
	}
	return false;
}

static bool all_find_partners(struct pairing *pairing)
{
	for (uint32_t j = 0; j < pairing->n; j++)
		pairing->partner[j] = -1;
	for (uint32_t i = 0; i < pairing->n; i++) {
		pairing->seen = 0;
		if (!find_partner(pairing, i))
			return false;
	}
	return true;
}

/* All pairs are tried, whatever comes out, so that both directions cost the same. */
static bool bags_agree(const struct match *match, const struct node *a, const struct node *b)
{
	struct pairing pairing = {.n = a->n};
	uint32_t row = 0;

	for (uint32_t i = a->child; i; i = match->a->nodes[i].next, row++) {
		uint64_t bit = 1;

		for (uint32_t j = b->child; j; j = match->b->nodes[j].next, bit <<= 1)
			if (agrees(match, &match->a->nodes[i], &match->b->nodes[j]))
				pairing.allowed[row] |= bit;
	}
	return all_find_partners(&pairing);
}

static bool lists_agree(const struct match *match, const struct node *a, const struct node *b)
{
	if (a->n != b->n)
		return false;
	if (children_agree(match, a, b))
		return true;
	return a->is_bag && b->is_bag && a->n <= COMPARE_BAG_MAX && bags_agree(match, a, b);
}

static bool agrees(const struct match *match, const struct node *a, const struct node *b)
{
	uint32_t least = a->size < b->size ? a->size : b->size;

	if (!budget_spend(match->budget, least) || a->type != b->type)
		return false;
	switch (a->type) {
	case NODE_NUMBER:
		return compare_number_agrees(&a->number, &b->number, match->tolerance->absolute,
			match->tolerance->relative);
	case NODE_STRING:
		return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
	case NODE_ARRAY:
	case NODE_OBJECT:
		return lists_agree(match, a, b);
	default:
		return true;
	}
}

bool tree_agrees(const struct tree *a, const struct tree *b, const struct tolerance *tolerance,
	struct budget *budget)
{
	const struct match match = {a, b, tolerance, budget};

	return agrees(&match, &a->nodes[a->root], &b->nodes[b->root]);
}
