/* What an answer predicts: its class, and its number where it is one. Pure. */
#ifndef UMBRA_COMMON_COMPARE_LABEL_H
#define UMBRA_COMMON_COMPARE_LABEL_H

#include "common/compare_tree.h"

/* Is `label` a CSV column: neither "" nor a pointer? */
bool compare_label_is_column(const char *label);

/* The number that the tree's root is, in `prediction`; returns it, NULL: no finite number. */
const struct compare_number *compare_label_number(
	const struct tree *tree, const struct node *node, struct compare_prediction *prediction);

/* The node of which the label is made; NULL: not there. */
const struct node *compare_label_find(const struct tree *tree, const char *label);

/* Label and number of that node. COMPARE_NO_REASON or COMPARE_NO_LABEL. */
enum compare_reason compare_label_read(const struct tree *tree, const struct node *node,
	double threshold, struct compare_prediction *prediction);

#endif
