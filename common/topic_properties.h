/* What creating topics and checking them share. */
#ifndef UMBRA_COMMON_TOPIC_PROPERTIES_H
#define UMBRA_COMMON_TOPIC_PROPERTIES_H

#include "common/topics.h"

struct topic_property {
	const char *name;
	const char *value;
	int64_t at_least; /* checked instead of the value, -1 standing for "for ever"; 0: the value */
};

/* The kind's property at *i, which moves on; NULL: that was all. */
const struct topic_property *topic_next_property(enum topic_kind kind, size_t *i);

/* Is there anybody to do admin requests? librdkafka's mock brokers have no controller, and asking them
 * takes the whole timeout. */
bool topics_have_admin(rd_kafka_t *rk, int timeout_ms);

/* Waits for the answer to an admin request; NULL and errstr, *err. */
rd_kafka_event_t *topics_wait_answer(rd_kafka_queue_t *queue, int timeout_ms,
	rd_kafka_resp_err_t *err, char *errstr, size_t errstr_size);

#endif
