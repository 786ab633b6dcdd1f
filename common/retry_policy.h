/* Whether a call of a model that failed is made again, and when. Pure. */
#ifndef UMBRA_COMMON_RETRY_POLICY_H
#define UMBRA_COMMON_RETRY_POLICY_H

#include "common/outcome.h"
#include <stdbool.h>
#include <stdint.h>

struct retry_policy {
	int64_t retries; /* further attempts after the first; 0: none */
	int64_t backoff_us; /* of the first pause; each further one is twice as long, 10 s at most */
	bool on_connect_failed, on_protocol_error;
	uint64_t on_status[10]; /* one bit per HTTP status, 0 to 639 */
};

/* connect_failed, 429 and 503: the model has not worked on such a request. */
void retry_policy_use_defaults(struct retry_policy *policy);

/* Adds "connect_failed", "protocol_error", or a status from "400" to "599". -1: none of them. */
int retry_policy_add(struct retry_policy *policy, const char *word)
	__attribute__((warn_unused_result));

/* What became of an attempt. */
struct attempt {
	int64_t number; /* 1 for the first */
	enum outcome outcome;
	int status; /* HTTP, 0: none */
	int64_t retry_after_us; /* what the model asked for, 0: nothing */
	int64_t left_us; /* until the call's deadline */
};

/* Microseconds to wait before the next attempt: half of the pause, and a random part of the other
 * half (`random`: any 64 bits), never less than what the model asked for. -1: no further attempt,
 * because the policy says so or the deadline would pass. */
int64_t retry_policy_pause(
	const struct retry_policy *policy, const struct attempt *attempt, uint64_t random);

#endif
