/* Calls of a model over HTTP, the same for both arms. A `model` is where to call and how many at a
 * time; a `model_call` is embedded in the caller's request and ends exactly once, in done().
 * Behind this face stands libcurl; another transport could. */
#ifndef UMBRA_COMMON_MODEL_CALL_H
#define UMBRA_COMMON_MODEL_CALL_H

#include "common/loop.h"
#include "common/outcome.h"
#include "common/retry_policy.h"

struct model_caller; /* one per process */
struct model; /* one per variant: connections, headers, admission */

struct model_header {
	const char *name;
	const char *value; /* ${ENV} is expanded; NULL: the value comes from value_file */
	const char *value_file; /* first line of this file, read again when it changes */
};

/* Copied by model_new. */
struct model_config {
	const char *name; /* for logs, as "variant churn/churn-v1" */
	const char *url; /* http or https */
	bool is_get; /* asked by GET, without bodies; else by POST */
	int64_t timeout_us; /* from the first attempt's start to the last one's end, pauses included */
	uint32_t max_in_flight;
	int64_t max_response_bytes; /* 0: 6 MiB */
	struct retry_policy retry;
	int64_t breaker_failures, breaker_cooldown_us; /* see breaker.h */
	const char *ca_file, *cert_file, *key_file; /* NULL: curl's default, none, none */
	const struct model_header *headers;
	size_t n_headers;
};

struct model_call {
	/* set by the caller before model_call_start */
	const void *body; /* must live until done() */
	size_t body_size;
	const char *content_type; /* NULL: none. Lives until done(), as do the next two */
	const char *accept;
	const char *request_id; /* sent as x-request-id */
	enum role role; /* other than production: sends x-umbra-shadow: 1 */
	int64_t expires_us; /* monotonic; still waiting for a slot then: OUTCOME_EXPIRED; 0: never */
	void (*done)(struct model_call *call);

	/* valid in done(), the pointers only there */
	enum outcome outcome;
	const char *reason; /* one word or short phrase for events and logs; "" when ok */
	int status; /* HTTP, 0: none */
	int attempts;
	const void *response;
	size_t response_size;
	const char *response_content_type; /* "" when none; visible ASCII and spaces, at most 256 */
	int64_t queued_us; /* monotonic: handed in */
	int64_t started_us; /* last attempt's start; 0: never sent */
	int64_t first_byte_us; /* 0: none came */
	int64_t ended_us;

	/* private */
	struct model *model;
	struct model_call *next, *prev;
	void *transfer; /* NULL: not on the wire */
	int64_t admitted_us; /* the first attempt's start; 0: it waits for a slot */
	int64_t resume_us; /* the next attempt's start, after a pause; 0: no pause */
	bool is_refused; /* taken out of the queue: ends in this tick */
	bool is_probe; /* tries whether an open breaker may close */
};

struct model_caller *model_caller_new(char *errstr, size_t errstr_size);
/* All models must be freed before. */
void model_caller_free(struct model_caller *caller);

/* The multi handle, for loop_wait. */
CURLM *model_caller_multi(struct model_caller *caller);

/* Moves all calls on and calls done() of those that ended. Returns microseconds until it must be
 * called again, -1: only an event can bring more. Called after every wait. */
int64_t model_caller_tick(struct model_caller *caller, int64_t now_us);

/* NULL and errstr: bad URL, unreadable header or certificate file. */
struct model *model_new(struct model_caller *caller, const struct model_config *config,
	char *errstr, size_t errstr_size);

/* Reference counting: a change of a variant makes a new model, while requests in flight end on the
 * one on which they started. Every open call holds a reference. */
struct model *model_hold(struct model *model);
void model_release(struct model *model);

/* Sends the call, or queues it when max_in_flight are out. done() is never called from here. */
void model_call_start(struct model *model, struct model_call *call);

/* Ends the call without done(). */
void model_call_cancel(struct model_call *call);

/* Those that pause before another attempt are in flight, too. */
uint32_t model_in_flight(const struct model *model);
uint32_t model_waiting(const struct model *model);
/* How many more calls are worth handing in: as many as will be out, and as many again that wait to
 * take their slots. */
uint32_t model_room(const struct model *model);
/* Is the model left alone after failures in a row? */
bool model_is_left_alone(const struct model *model);

#endif
