/* A record of a request topic or a shadow topic, decoded: what the model is asked, and the facts
 * that identify it. Pure apart from librdkafka's header list. */
#ifndef UMBRA_COMMON_REQUEST_H
#define UMBRA_COMMON_REQUEST_H

#include "common/control.h"
#include <librdkafka/rdkafka.h>

enum { REQUEST_ID_MAX = 300 /* an own id, <topic>-<partition>-<offset>, can exceed 128 */ };

struct request {
	char id[REQUEST_ID_MAX];
	char content_type[257];
	char accept[257]; /* "" when none */
	char target_variant[101]; /* "" when none */
	const void *payload; /* into the record, or into `decoded` */
	size_t payload_size;
	int64_t time_us; /* record timestamp, UTC */
	void *decoded; /* Avro's copy; freed by request_fini */
};

/* Why a record is a dead letter. */
struct request_error {
	const char *stage; /* "framing", "decode", "route" */
	const char *
		code; /* "unknown_framing", "no_registry", "bad_avro", "unknown_schema", "empty", ... */
	char message[256];
};

/* 0, or -1 and *error. The record must outlive the request. */
int request_decode(const struct endpoint *endpoint, const rd_kafka_message_t *rkm,
	struct request *request, struct request_error *error) __attribute__((warn_unused_result));
void request_fini(struct request *request);

/* InferenceResponse for endpoints with format avro: single-object bytes, malloc'ed; NULL: no memory. */
struct response {
	const char *request_id, *variant;
	enum outcome outcome;
	const char *outcome_word; /* outcome_name(), or "undeliverable" */
	int status_code;
	int64_t generation;
	const char *content_type;
	const void *payload;
	size_t payload_size;
	int64_t created_at_us;
};
void *response_encode(const struct response *response, size_t *size);

/* The copy's headers: the record's in order, less reply headers (kafka_replyTopic,
 * kafka_replyPartition), secret ones and inbound umbra-*; room for the added ones. NULL: no memory. */
rd_kafka_headers_t *request_copy_headers(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm);

/* The answer's headers: the caller's correlation headers byte for byte. NULL: no memory. */
rd_kafka_headers_t *request_reply_headers(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm);

/* The topic that the record's kafka_replyTopic names, if the endpoint allows it; else NULL. The last
 * such header counts. *partition: of kafka_replyPartition (4 bytes big-endian, else decimal text), as
 * Spring writes it; -1: none, or not a number. */
const char *request_reply_topic(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm, int32_t *partition);

/* The dead letter's headers: the record's less the secret ones, then __umbra.errors.*. NULL: no
 * memory. */
rd_kafka_headers_t *request_dead_letter_headers(const struct endpoint *endpoint,
	const rd_kafka_message_t *rkm, const char *group, const char *component,
	const struct request_error *error);

#endif
