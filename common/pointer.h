/* JSON pointers (RFC 6901), token by token; a token * stands for any member or element. Pure. */
#ifndef UMBRA_COMMON_POINTER_H
#define UMBRA_COMMON_POINTER_H

#include <stdbool.h>
#include <stddef.h>

/* From behind its / to the next one, escaped; it points into the pointer. */
struct pointer_token {
	const char *at;
	size_t size;
};

/* The first token of a pointer that is not empty; returns the rest. */
const char *pointer_next(const char *pointer, struct pointer_token *token);

/* Does it stand for any? */
bool pointer_token_is_any(const struct pointer_token *token);

/* Is it that name, once unescaped? The pointer was checked: compare_is_pointer(). */
bool pointer_token_is(const struct pointer_token *token, const char *name, size_t size);

#endif
