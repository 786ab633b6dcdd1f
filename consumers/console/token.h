/* The token that callers from elsewhere must bring, from a file that may change while the program
 * runs. Only its SHA-256 is kept. */
#ifndef UMBRA_CONSUMERS_CONSOLE_TOKEN_H
#define UMBRA_CONSUMERS_CONSOLE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token;

enum { TOKEN_MIN_BYTES = 16 };

/* NULL and errstr, which holds nothing of the token. */
struct token *token_open(const char *path, char *errstr, size_t errstr_size);
void token_free(struct token *token);

/* Looks, at most once a second, whether the file has changed, and reads it again; what cannot be read
 * or is no token leaves the last one in force. `now_us` is monotonic. */
void token_refresh(struct token *token, int64_t now_us);

/* Does this value of a header Authorization hold the token, as "Bearer TOKEN"? NULL: there is none.
 * How long it takes says nothing of the token. */
bool token_is_in(const struct token *token, const char *header, size_t size);

#endif
