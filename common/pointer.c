#include "common/pointer.h"
#include <string.h>

const char *pointer_next(const char *pointer, struct pointer_token *token)
{
	token->at = pointer + 1;
	token->size = strcspn(token->at, "/");
	return token->at + token->size;
}

bool pointer_token_is_any(const struct pointer_token *token)
{
	return token->size == 1 && token->at[0] == '*';
}

bool pointer_token_is(const struct pointer_token *token, const char *name, size_t size)
{
	size_t i = 0;
	for (size_t at = 0; at < token->size; at++, i++) {
		char byte = token->at[at];
		if (byte == '~')
			byte = token->at[++at] == '1' ? '/' : '~';
		if (i >= size || name[i] != byte)
			return false;
	}
	return i == size;
}
