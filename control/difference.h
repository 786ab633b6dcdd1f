/* Where two texts differ: the longest common sequence of their words, numbers and signs stays, the
 * rest is marked. Pure. */
#ifndef UMBRA_CONTROL_DIFFERENCE_H
#define UMBRA_CONTROL_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

enum { DIFFERENCE_TOKENS_MAX = 2000 };

/* Sets a_marks[i] where byte i of `a` has no counterpart in `b`, and likewise b_marks; both have as
 * many items as the texts have bytes. Beyond DIFFERENCE_TOKENS_MAX pieces of a text all the rest of
 * it is one piece. */
void difference_mark(const char *a, const char *b, bool *a_marks, bool *b_marks);

#endif
