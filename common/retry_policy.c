#include "common/retry_policy.h"
#include <stdlib.h>
#include <string.h>

enum { LONGEST_PAUSE_US = 10000000 };

static void add_status(struct retry_policy *policy, int status)
{
	policy->on_status[status / 64] |= UINT64_C(1) << status % 64;
}

void retry_policy_use_defaults(struct retry_policy *policy)
{
	policy->on_connect_failed = true;
	add_status(policy, 429);
	add_status(policy, 503);
}

int retry_policy_add(struct retry_policy *policy, const char *word)
{
	if (!strcmp(word, "connect_failed"))
		policy->on_connect_failed = true;
	else if (!strcmp(word, "protocol_error"))
		policy->on_protocol_error = true;
	else if (strlen(word) == 3 && strspn(word, "0123456789") == 3 &&
		(word[0] == '4' || word[0] == '5'))
		add_status(policy, (int)strtol(word, NULL, 10));
	else
		return -1;
	return 0;
}

static bool is_wanted(const struct retry_policy *policy, const struct attempt *attempt)
{
	switch ((int)attempt->outcome) {
	case OUTCOME_CONNECT_FAILED:
		return policy->on_connect_failed;
	case OUTCOME_PROTOCOL_ERROR:
		return policy->on_protocol_error;
	case OUTCOME_CLIENT_ERROR:
	case OUTCOME_SERVER_ERROR:
		return policy->on_status[attempt->status / 64] >> attempt->status % 64 & 1;
	default:
		return false;
	}
}

int64_t retry_policy_pause(
	const struct retry_policy *policy, const struct attempt *attempt, uint64_t random)
{
	if (attempt->number > policy->retries || !is_wanted(policy, attempt))
		return -1;
	int64_t pause = policy->backoff_us;
	for (int64_t i = 1; i < attempt->number && pause < LONGEST_PAUSE_US; i++)
		pause *= 2;
	if (pause > LONGEST_PAUSE_US)
		pause = LONGEST_PAUSE_US;
	pause = pause / 2 + (int64_t)(random % (uint64_t)(pause - pause / 2 + 1));
	if (pause < attempt->retry_after_us)
		pause = attempt->retry_after_us;
	return pause < attempt->left_us ? pause : -1;
}
