#include "consumers/console/page_token.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *page_token_write(const struct page_token *token, char text[PAGE_TOKEN_MAX])
{
	snprintf(text, PAGE_TOKEN_MAX, "%d.%d.%" PRId64 ".%s", token->sort_by, token->order,
		token->key, token->name);
	return text;
}

/* A number of at most `digits` digits and the full stop behind it; returns what follows, NULL: it is
 * none. */
static const char *read_number(const char *text, size_t digits, int64_t *number)
{
	size_t n = strspn(text, "0123456789");
	if (n < 1 || n > digits || text[n] != '.')
		return NULL;
	*number = strtoll(text, NULL, 10);
	return text + n + 1;
}

int page_token_read(const char *text, struct page_token *token)
{
	int64_t sort_by = 0, order = 0;
	*token = (struct page_token){.name = ""};
	text = read_number(text, 1, &sort_by);
	text = text ? read_number(text, 1, &order) : NULL;
	text = text ? read_number(text, 18, &token->key) : NULL;
	if (!text || order > 1 || !text_is_name(text))
		return -1;
	token->sort_by = (int)sort_by;
	token->order = (int)order;
	snprintf(token->name, sizeof token->name, "%s", text);
	return 0;
}
