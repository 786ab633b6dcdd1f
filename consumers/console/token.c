/* Digests are compared, not tokens: they have one size, and the comparison reads all of it. */
#include "consumers/console/token.h"
#include "common/file_mark.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIGEST_BYTES = 32, RECHECK_US = 1000000 };

struct token {
	char *path;
	struct file_mark mark; /* of the file when it was read */
	int64_t checked_us; /* monotonic */
	unsigned char digest[DIGEST_BYTES];
};

static void digest(const char *text, size_t size, unsigned char result[DIGEST_BYTES])
{
	int failed = gnutls_hash_fast(GNUTLS_DIG_SHA256, text, size, result);
	assert(!failed);
}

/* What a header can carry as one word, and long enough not to be guessed. */
static const char *what_is_wrong(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return "holds a blank or a byte that is no visible ASCII character";
	return strlen(text) < TOKEN_MIN_BYTES ? "has a token of fewer than 16 characters" : NULL;
}

static int read_token(struct token *token, char *errstr, size_t errstr_size)
{
	token->mark = (struct file_mark){0};
	(void)file_mark_take(token->path, &token->mark);
	char *text = text_read_secret(token->path, errstr, errstr_size);
	if (!text)
		return -1;
	const char *wrong = what_is_wrong(text);
	if (wrong)
		snprintf(errstr, errstr_size, "%s %s", token->path, wrong);
	else
		digest(text, strlen(text), token->digest);
	explicit_bzero(text, strlen(text));
	free(text);
	return wrong ? -1 : 0;
}

struct token *token_open(const char *path, char *errstr, size_t errstr_size)
{
	struct token *token = calloc(1, sizeof *token);
	memory_need(token);
	token->path = strdup(path);
	memory_need(token->path);
	if (read_token(token, errstr, errstr_size)) {
		token_free(token);
		return NULL;
	}
	return token;
}

void token_free(struct token *token)
{
	if (!token)
		return;
	free(token->path);
	free(token);
}

void token_refresh(struct token *token, int64_t now_us)
{
	struct file_mark mark;
	char errstr[512];
	if (now_us - token->checked_us < RECHECK_US)
		return;
	token->checked_us = now_us;
	if (file_mark_take(token->path, &mark) && file_marks_equal(&mark, &token->mark))
		return;
	if (read_token(token, errstr, sizeof errstr))
		log_warn("token", "the last one stays in force: %s", errstr);
	else
		log_info("token", "its file has changed and was read again");
}

bool token_is_in(const struct token *token, const char *header, size_t size)
{
	static const char scheme[] = "Bearer ";
	unsigned char brought[DIGEST_BYTES];
	size_t skipped = sizeof scheme - 1;
	if (!header || size < skipped || strncasecmp(header, scheme, skipped) != 0)
		return false;
	while (skipped < size && header[skipped] == ' ')
		skipped++;
	digest(header + skipped, size - skipped, brought);
	return gnutls_memcmp(brought, token->digest, DIGEST_BYTES) == 0;
}
