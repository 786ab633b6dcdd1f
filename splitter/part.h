/* A part is one record that an exchange owes Kafka. It is sent, waits and is sent again if need be,
 * and ends exactly once: acknowledged, or given up where the design allows that. */
#ifndef UMBRA_SPLITTER_PART_H
#define UMBRA_SPLITTER_PART_H

#include "common/outcome.h"
#include "common/publisher.h"
#include "common/retry.h"

struct exchange;
struct splitter;
struct trial;

enum part_kind {
	PART_ANSWER, /* never given up */
	PART_EVENT, /* given up after 60 s */
	PART_DEAD_LETTER, /* never given up */
	PART_COPY, /* never tried twice: becomes PART_LOSS */
	PART_LOSS /* the event that says why a copy is missing; given up after 60 s */
};

enum part_state {
	PART_IDLE, /* not due yet */
	PART_WAITING, /* due, in the splitter's queue: Kafka's was full, or refused it for now */
	PART_SENT, /* in a publisher, its delivery will come */
	PART_DONE /* ended */
};

struct part {
	struct delivery delivery; /* first */
	struct exchange *exchange;
	enum part_kind kind;
	enum part_state state;
	struct retry retry; /* PART_WAITING */
	int64_t first_try_us; /* 0: not tried yet */
	const struct trial *trial; /* PART_COPY, PART_LOSS: whose copy */
	size_t variant; /* and of which of its variants; those many: production's second call */
	const char *reason; /* PART_LOSS */
};

void part_init(struct part *part, struct exchange *exchange, enum part_kind kind);

/* PART_COPY, PART_LOSS: whose copy, as events and headers name it, and where it goes. */
enum role part_role(const struct part *part);
const char *part_variant(const struct part *part);
const char *part_topic(const struct part *part);

/* The part is due: sends it or lets it wait. May end the exchange. */
void part_send(struct part *part);

/* The copy is lost for that reason, which has to be told now. */
void part_lose_copy(struct part *part, const char *reason);

/* The copy has waited for Kafka for too long by now. */
bool part_is_stuck(const struct part *part, int64_t now_us);

/* The stuck copy is waited for no longer: it is lost, though it may arrive. May end the exchange. */
void part_give_up_copy(struct part *part);

/* Ends the part without sending it; one that is sent ends with its delivery. */
void part_drop(struct part *part);

#endif
