/* A Kafka producer in the loop: records go out, each ends in exactly one delivery. Separate
 * publishers keep lanes apart: one that is full or stuck never holds up another. */
#ifndef UMBRA_COMMON_PUBLISHER_H
#define UMBRA_COMMON_PUBLISHER_H

#include "common/kafka.h"
#include "common/loop.h"

struct publisher;

/* Embedded by the sender in its own object, which must live until done() is called: exactly once
 * for each record that publisher_send took, from publisher_poll. `err` is 0 when acknowledged. */
struct delivery {
	void (*done)(struct delivery *delivery, rd_kafka_resp_err_t err);
	int32_t source_partition; /* wished partition; see outgoing.partition */
	struct ticket *ticket; /* the publisher's, while it has the record */
};

enum {
	PARTITION_SOURCE =
		-2 /* delivery.source_partition, or murmur2 of the key where the topic has
				 fewer partitions (an unkeyed record: source modulo count) */
};

struct outgoing {
	const char *topic;
	int32_t partition; /* a number, or PARTITION_SOURCE */
	const void *key; /* NULL: null key */
	size_t key_size;
	const void *value; /* NULL: null value; copied by the publisher */
	size_t value_size;
	rd_kafka_headers_t *headers; /* NULL: none. Owned by the publisher if the send succeeds */
	int64_t timestamp_ms; /* 0: now */
	bool is_prompt; /* goes at once, and may overtake what lingers in the hope of a batch */
};

enum publish_lane {
	PUBLISH_ANSWERS, /* idempotent, retried without end: answers, dead letters, aggregates */
	PUBLISH_REQUESTS, /* the same for a caller: its batches wait for a millisecond only */
	PUBLISH_EVENTS, /* idempotent, given up after 60 s */
	PUBLISH_COPIES /* given up after 5 s */
};

/* NULL and errstr. `name` stands in logs and metrics; it and the settings outlive the publisher.
 * Topics are never created by producing. */
struct publisher *publisher_new(const struct common_settings *settings, struct loop *loop,
	const char *name, enum publish_lane lane, char *errstr, size_t errstr_size);
/* Deliveries that are still open end with RD_KAFKA_RESP_ERR__PURGE_QUEUE or ..._INFLIGHT. */
void publisher_free(struct publisher *publisher);

/* 0: taken. RD_KAFKA_RESP_ERR__QUEUE_FULL: try again later, or drop. Anything else: refused. When
 * it is not 0 there is no delivery and the headers stay the caller's. */
rd_kafka_resp_err_t publisher_send(struct publisher *publisher, const struct outgoing *record,
	struct delivery *delivery) __attribute__((warn_unused_result));

/* How long to wait before a record that was refused with `err` is sent again. */
int64_t publisher_pause_us(rd_kafka_resp_err_t err);

/* Serves delivery reports; returns how many. Called after every wait. Replaces a handle that met a
 * fatal error: what it had not delivered ends with RD_KAFKA_RESP_ERR__FATAL or ..._PURGE_..., and
 * may be sent again. */
int publisher_poll(struct publisher *publisher);

/* Records taken and not yet ended. */
int publisher_open_count(const struct publisher *publisher);

/* The handle, for admin requests; valid until the next publisher_poll. */
rd_kafka_t *publisher_handle(struct publisher *publisher);

/* The record's sender waits no longer: done() will not be called, and the delivery may go. Kafka may
 * have the record, or get it yet. */
void publisher_let_go(struct publisher *publisher, struct delivery *delivery);

#endif
