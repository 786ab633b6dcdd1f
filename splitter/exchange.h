/* One request from the record that was polled to the offset that may be committed. Everything that
 * it owes (answer, event, copies or their loss, or else a dead letter) is a part; when all parts
 * have ended, the record is done. */
#ifndef UMBRA_SPLITTER_EXCHANGE_H
#define UMBRA_SPLITTER_EXCHANGE_H

#include "common/event.h"
#include "common/intake.h"
#include "common/model_call.h"
#include "common/request.h"
#include "splitter/part.h"
#include "splitter/turns.h"

struct arm;
struct lineup;
struct route;

struct exchange {
	struct intake_record record; /* first: the intake owns the memory */
	struct route *route;
	struct lineup *lineup; /* held: what was in force when the record came */
	struct arm *arm; /* of the lineup; NULL: dead letter */
	struct model_call call;
	bool is_calling;
	struct turn turn; /* where the endpoint says order = "key" */

	/* the answer, kept until Kafka has it; valid once the call ended */
	const char *outcome_word; /* what the answer says: outcome_name(), or why it has no body */
	void *body; /* owned; NULL: empty */
	size_t body_size;
	const char *
		reply_topic; /* the caller's choice, of the endpoint's list; NULL: the endpoint's */
	int32_t reply_partition; /* -1: none was named */
	bool is_bodiless; /* it is too large, or was refused for good where the caller wanted it */
	int64_t handed_over_us;

	struct part answer; /* or the dead letter */
	struct part event;
	struct part *copies; /* owned */
	size_t n_copies;
	size_t n_decisions;

	/* set before they are read, and not cleared: see route.c */
	struct request request;
	struct request_error error; /* valid with arm == NULL */
	char content_type[257]; /* the answer's; valid once the call ended */
	struct sampling_decision decisions[EVENT_MAX_TESTS]; /* the first n_decisions */
};

/* The intake's callbacks; opaque is the route. */
void exchange_on_record(void *opaque, struct intake_record *record);
void exchange_on_abandon(void *opaque, struct intake_record *record);

/* The partition has no more room, and this is the exchange that its commits wait for. If that is only
 * for copies, they are given up, here and in those that came after it: they end as lost. */
void exchange_on_full(void *opaque, struct intake_record *oldest);

/* Ends the exchange, which is then gone, if all its parts have ended. */
void exchange_settle(struct exchange *exchange);

/* The answer is with Kafka's producer: its event is due. */
void exchange_on_answer_sent(struct exchange *exchange);

/* The record cannot be published as it is, ever: it becomes one without body that says why, on the
 * endpoint's own topic. */
void exchange_make_bodiless(struct exchange *exchange, rd_kafka_resp_err_t err);

#endif
