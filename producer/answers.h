/* Reads a topic of answers from the end that it had at open, in the loop, without a group. */
#ifndef UMBRA_PRODUCER_ANSWERS_H
#define UMBRA_PRODUCER_ANSWERS_H

#include "common/kafka.h"
#include "common/loop.h"

struct answers;

/* Blocks until the end of each partition is known, so that no later answer is missed. NULL, errstr. */
struct answers *answers_open(const struct common_settings *settings, struct loop *loop,
	const char *topic, char *errstr, size_t errstr_size);
void answers_close(struct answers *answers);

/* Calls `on_answer` for what has come, a bounded number of times. True: there may be more. */
bool answers_poll(struct answers *answers,
	void (*on_answer)(void *opaque, const rd_kafka_message_t *rkm), void *opaque);

#endif
