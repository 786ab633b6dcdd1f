/* Where the next page of a list begins: after the last entry of this one, so that what comes and goes
 * meanwhile neither repeats nor hides others. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_PAGE_TOKEN_H
#define UMBRA_CONSUMERS_CONSOLE_PAGE_TOKEN_H

#include <stdint.h>

struct page_token {
	int sort_by, order;
	int64_t key; /* of the last entry, not below 0 */
	char name[101]; /* its name; "": the first page */
};

enum { PAGE_TOKEN_MAX = 200 };
char *page_token_write(const struct page_token *token, char text[PAGE_TOKEN_MAX]);
/* -1: it is none. */
int page_token_read(const char *text, struct page_token *token) __attribute__((warn_unused_result));

#endif
