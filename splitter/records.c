#include "splitter/records.h"
#include "common/clock.h"
#include "common/text.h"
#include "splitter/exchange.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include "splitter/splitter.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void add_text(rd_kafka_headers_t *headers, const char *name, const char *text)
{
	rd_kafka_header_add(headers, name, -1, text, -1);
}

static void add_number(rd_kafka_headers_t *headers, const char *name, int64_t number)
{
	char text[TEXT_MAX];
	add_text(headers, name, text_format_int(number, text));
}

/* Sends with headers that are freed when the publisher does not take them. */
static rd_kafka_resp_err_t hand_out(
	struct publisher *publisher, const struct outgoing *record, struct part *part)
{
	rd_kafka_resp_err_t err = publisher_send(publisher, record, &part->delivery);
	if (err && record->headers)
		rd_kafka_headers_destroy(record->headers);
	return err;
}

/* A record to the source's partition, with the source's key. */
static struct outgoing beside_source(const struct exchange *exchange, const char *topic)
{
	return (struct outgoing){
		.topic = topic,
		.partition = PARTITION_SOURCE,
		.key = exchange->record.rkm->key,
		.key_size = exchange->record.rkm->key_len,
	};
}

/* Answers. */

static rd_kafka_headers_t *answer_headers(const struct exchange *exchange)
{
	rd_kafka_headers_t *headers =
		request_reply_headers(exchange->lineup->endpoint, exchange->record.rkm);
	if (!headers)
		return NULL;
	add_text(headers, "umbra-request-id", exchange->request.id);
	add_text(headers, "umbra-variant", exchange->arm->variant->name);
	add_text(headers, "umbra-outcome", exchange->outcome_word);
	add_number(headers, "umbra-status", exchange->call.status);
	add_number(headers, "umbra-generation", exchange->lineup->generation);
	add_number(headers, "umbra-time", exchange->request.time_us);
	if (exchange->content_type[0] && !exchange->is_bodiless)
		add_text(headers, "content-type", exchange->content_type);
	return headers;
}

static void *encode_response(const struct exchange *exchange, size_t *size)
{
	struct response response = {
		.request_id = exchange->request.id,
		.variant = exchange->arm->variant->name,
		.outcome = exchange->call.outcome,
		.outcome_word = exchange->outcome_word,
		.status_code = exchange->call.status,
		.generation = exchange->lineup->generation,
		.content_type = exchange->content_type,
		.payload = exchange->is_bodiless ? "" : exchange->body,
		.payload_size = exchange->is_bodiless ? 0 : exchange->body_size,
		.created_at_us = clock_wall_us(),
	};
	return response_encode(&response, size);
}

rd_kafka_resp_err_t records_send_answer(struct part *part)
{
	const struct exchange *exchange = part->exchange;
	const struct endpoint *endpoint = exchange->lineup->endpoint;
	struct outgoing record = beside_source(exchange,
		exchange->reply_topic ? exchange->reply_topic : endpoint->responses_topic);
	if (exchange->reply_topic && exchange->reply_partition >= 0)
		record.partition = exchange->reply_partition;
	void *encoded = NULL;
	if (endpoint->format == FORMAT_AVRO) {
		record.value = encoded = encode_response(exchange, &record.value_size);
		if (!encoded)
			return RD_KAFKA_RESP_ERR__QUEUE_FULL;
	} else {
		bool empty = exchange->is_bodiless || !exchange->body;
		record.value = empty ? "" : exchange->body; /* empty, never null */
		record.value_size = empty ? 0 : exchange->body_size;
	}
	record.is_prompt = !model_waiting(exchange->arm->model); /* a backlog waits longer anyway */
	record.headers = answer_headers(exchange);
	rd_kafka_resp_err_t err = record.headers
		? hand_out(exchange->route->splitter->answers, &record, part)
		: RD_KAFKA_RESP_ERR__QUEUE_FULL;
	free(encoded);
	return err;
}

/* Dead letters. */

rd_kafka_resp_err_t records_send_dead_letter(struct part *part)
{
	const struct exchange *exchange = part->exchange;
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	struct outgoing record =
		beside_source(exchange, exchange->lineup->endpoint->dead_letter_topic);
	if (!exchange->is_bodiless) {
		record.value = rkm->payload;
		record.value_size = rkm->len;
	}
	record.headers = request_dead_letter_headers(exchange->lineup->endpoint, rkm,
		exchange->route->group, "umbra-splitter", &exchange->error);
	if (!record.headers)
		return RD_KAFKA_RESP_ERR__QUEUE_FULL;
	return hand_out(exchange->route->splitter->answers, &record, part);
}

/* Copies. */

static void add_copy_headers(rd_kafka_headers_t *headers, const struct part *part)
{
	const struct exchange *exchange = part->exchange;
	const struct test *test = part->trial->test;
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	char source[300];
	snprintf(source, sizeof source, "%s/%" PRId32 "/%" PRId64, exchange->route->topic,
		rkm->partition, rkm->offset);
	add_text(headers, "umbra-request-id", exchange->request.id);
	add_text(headers, "umbra-endpoint", exchange->lineup->endpoint->name);
	add_number(headers, "umbra-epoch", exchange->lineup->endpoint->epoch);
	add_text(headers, "umbra-test", test->name);
	add_text(headers, "umbra-variant", part_variant(part));
	add_text(headers, "umbra-role", role_name(part_role(part)));
	add_number(headers, "umbra-generation", exchange->lineup->generation);
	add_text(headers, "umbra-source", source);
	add_number(headers, "umbra-time", exchange->request.time_us);
}

rd_kafka_resp_err_t records_send_copy(struct part *part)
{
	const struct exchange *exchange = part->exchange;
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	struct outgoing record = beside_source(exchange, part_topic(part));
	record.value = rkm->payload;
	record.value_size = rkm->len;
	record.headers = request_copy_headers(exchange->lineup->endpoint, rkm);
	if (!record.headers)
		return RD_KAFKA_RESP_ERR__QUEUE_FULL;
	add_copy_headers(record.headers, part);
	return hand_out(exchange->route->splitter->copies, &record, part);
}

/* Events. */

static struct event event_of(const struct exchange *exchange)
{
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	return (struct event){
		.request_id = exchange->request.id,
		.endpoint = exchange->lineup->endpoint->name,
		.epoch = exchange->lineup->endpoint->epoch,
		.generation = exchange->lineup->generation,
		.source_topic = exchange->route->topic,
		.source_partition = rkm->partition,
		.source_offset = rkm->offset,
		.done_below = intake_committed(exchange->record.partition),
		.request_time_us = exchange->request.time_us,
		.request_bytes = (int64_t)exchange->request.payload_size,
		.reason = "",
		.response_content_type = "",
		.instance = exchange->route->splitter->service.instance,
	};
}

static rd_kafka_resp_err_t send_event(const struct event *event, struct part *part)
{
	const struct exchange *exchange = part->exchange;
	return event_lane_send(exchange->route->splitter->events, event,
		exchange->lineup->event_partitions, &part->delivery);
}

/* Returns how many arms the request was sampled for. */
static size_t list_sampled(const struct exchange *exchange, struct sampled_for *sampled)
{
	for (size_t i = 0; i < exchange->n_copies; i++) {
		const struct part *copy = &exchange->copies[i];
		sampled[i] = (struct sampled_for){
			.test = copy->trial->test->name,
			.role = part_role(copy),
			.variant = part_variant(copy),
		};
	}
	return exchange->n_copies;
}

static bool is_compared(const struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->n_copies; i++)
		if ((int64_t)exchange->body_size <= exchange->copies[i].trial->test->compare_bytes)
			return true;
	return false;
}

static void add_timing(struct event *event, const struct exchange *exchange)
{
	const struct model_call *call = &exchange->call;
	bool asked = call->started_us > 0;
	event->queue_us = (asked ? call->started_us : call->ended_us) - call->queued_us;
	event->model_latency_us = asked ? call->ended_us - call->started_us : -1;
	event->overhead_latency_us = exchange->handed_over_us - exchange->record.polled_us -
		(asked ? event->model_latency_us : 0);
}

static void add_response(
	struct event *event, const struct exchange *exchange, XXH128_canonical_t *digest)
{
	event->response_bytes = (int64_t)exchange->body_size;
	event->response_content_type = exchange->content_type;
	if (exchange->call.outcome != OUTCOME_OK)
		return;
	XXH128_canonicalFromHash(digest, XXH3_128bits(exchange->body, exchange->body_size));
	event->response_digest = digest->digest;
	if (is_compared(exchange)) {
		event->response_body = exchange->body ? exchange->body : "";
		event->response_body_size = exchange->body_size;
	}
}

rd_kafka_resp_err_t records_send_event(struct part *part)
{
	const struct exchange *exchange = part->exchange;
	struct sampled_for sampled[EVENT_MAX_SAMPLED];
	XXH128_canonical_t digest;
	struct event event = event_of(exchange);
	event.variant = exchange->arm->variant->name;
	event.role = ROLE_PRODUCTION;
	event.outcome = exchange->call.outcome;
	event.reason = exchange->call.reason;
	event.status_code = exchange->call.status;
	event.attempts = exchange->call.attempts;
	add_timing(&event, exchange);
	add_response(&event, exchange, &digest);
	event.n_sampled_for = list_sampled(exchange, sampled);
	event.sampled_for = sampled;
	event.decisions = exchange->decisions;
	event.n_decisions = exchange->n_decisions;
	return send_event(&event, part);
}

rd_kafka_resp_err_t records_send_loss(struct part *part)
{
	struct event event = event_of(part->exchange);
	event.test = part->trial->test->name;
	event.variant = part_variant(part);
	event.role = part_role(part);
	event.outcome = OUTCOME_NOT_DELIVERED;
	event.reason = part->reason;
	event.model_latency_us = event.overhead_latency_us = event.queue_us = -1;
	return send_event(&event, part);
}
