/* One copy from record to commit: asked of the shadow model or refused, then told by one event.
 * The record is done when that event is acknowledged, or given up after 60 s. */
#ifndef UMBRA_CONSUMERS_SHADOW_REPLAY_H
#define UMBRA_CONSUMERS_SHADOW_REPLAY_H

#include "common/intake.h"
#include "common/model_call.h"
#include "common/publisher.h"
#include "common/request.h"
#include "common/retry.h"
#include "consumers/shadow/copy.h"

struct lane;

struct replay {
	struct intake_record record; /* first: the intake owns the memory */
	struct lane *lane;
	struct copy copy;
	struct request request;
	struct model_call call;
	bool is_calling;
	bool is_sent; /* the event is with the publisher */
	/* what the event says, kept until Kafka has it */
	enum outcome outcome;
	const char *reason;
	void *body; /* owned; NULL: none */
	size_t body_size;
	char content_type[257];
	uint8_t digest[16];
	bool has_digest;
	int64_t overhead_us;
	struct delivery delivery;
	struct retry retry;
	int64_t first_try_us; /* monotonic */
};

/* The intake's callbacks; opaque is the lane. */
void replay_on_record(void *opaque, struct intake_record *record);
void replay_on_abandon(void *opaque, struct intake_record *record);

#endif
