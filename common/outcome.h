/* What became of a request on one arm. The same words stand in events, response headers, metrics. */
#ifndef UMBRA_COMMON_OUTCOME_H
#define UMBRA_COMMON_OUTCOME_H

/* The order is that of the symbols in schemas/invocation_event.avsc. */
enum outcome {
	OUTCOME_OK, /* 2xx, whole body */
	OUTCOME_CLIENT_ERROR, /* 4xx */
	OUTCOME_SERVER_ERROR, /* 5xx */
	OUTCOME_TIMEOUT, /* no whole answer within the variant's timeout */
	OUTCOME_CONNECT_FAILED, /* no connection: refused, no such host, TLS */
	OUTCOME_PROTOCOL_ERROR, /* not HTTP, cut short, 1xx or 3xx */
	OUTCOME_TOO_LARGE, /* the answer exceeds the bound */
	OUTCOME_EXPIRED, /* older than max_age: never asked */
	OUTCOME_NOT_DELIVERED, /* a copy that never reached its topic: never asked */
	OUTCOME_SHED, /* a copy given up under load: never asked */
	OUTCOME_CANCELLED, /* a copy whose test was cancelled or deleted: never asked */
	OUTCOME_COUNT
};

/* Who answered: an arm of the pair. The order is that of the schema's symbols. */
enum role { ROLE_PRODUCTION, ROLE_SHADOW, ROLE_BASELINE, ROLE_COUNT };

/* "ok", "client_error", ... */
const char *outcome_name(enum outcome outcome);

/* "production", "shadow", "baseline". */
const char *role_name(enum role role);

/* -1 when the word is none of them. */
int outcome_parse(const char *word);
int role_parse(const char *word);

#endif
