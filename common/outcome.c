/* The words for outcomes and roles, in the order of their enums. */
#include "common/outcome.h"

#include <assert.h>
#include <string.h>

static const char *const outcomes[OUTCOME_COUNT] = {"ok", "client_error", "server_error", "timeout",
	"connect_failed", "protocol_error", "too_large", "expired", "not_delivered", "shed",
	"cancelled"};
static const char *const roles[ROLE_COUNT] = {"production", "shadow", "baseline"};

const char *outcome_name(enum outcome outcome)
{
	assert((unsigned)outcome < OUTCOME_COUNT);
	return outcomes[outcome];
}

const char *role_name(enum role role)
{
	assert((unsigned)role < ROLE_COUNT);
	return roles[role];
}

static int find(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

int outcome_parse(const char *word)
{
	return find(word, outcomes, OUTCOME_COUNT);
}

int role_parse(const char *word)
{
	return find(word, roles, ROLE_COUNT);
}
