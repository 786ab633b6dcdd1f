/* The road of events to umbra.events: one publisher of their own, sent again until Kafka has them,
 * given up after 60 s or when Kafka refuses them for good. What was given up is written into the log
 * as a gap (schemas/event_gap.avsc) as soon as events flow again. */
#ifndef UMBRA_COMMON_EVENT_LANE_H
#define UMBRA_COMMON_EVENT_LANE_H

#include "common/event.h"
#include "common/publisher.h"

struct event_lane;

/* `program` and `instance` stand in gaps and live as long as the lane. NULL and errstr. */
struct event_lane *event_lane_new(const struct common_settings *settings, struct loop *loop,
	const char *program, const char *instance, char *errstr, size_t errstr_size);
/* Open deliveries end with an error. Gaps that are not written yet go to the log of the program. */
void event_lane_free(struct event_lane *lane);

/* Encodes and sends to the partition of its request id, of `n_partitions`. As publisher_send. */
rd_kafka_resp_err_t event_lane_send(struct event_lane *lane, const struct event *event,
	int64_t n_partitions, struct delivery *delivery) __attribute__((warn_unused_result));

/* After a refusal or a failed delivery of an event that was first tried at `first_try_us`
 * (monotonic): microseconds to wait before it is sent again; -1: it is given up. */
int64_t event_lane_pause(int64_t first_try_us, int64_t now_us, rd_kafka_resp_err_t err);

/* The event was given up: counted until a gap can be written. */
void event_lane_note_gap(struct event_lane *lane, const char *endpoint, const char *source_topic,
	const char *test, rd_kafka_resp_err_t err);

/* An event was acknowledged: they flow. */
void event_lane_note_delivery(struct event_lane *lane);

/* Serves deliveries, and writes the gaps that are due. */
void event_lane_tick(struct event_lane *lane, int64_t n_partitions);

/* The handle, to ask about topics; valid until the next tick. */
rd_kafka_t *event_lane_handle(struct event_lane *lane);

#endif
