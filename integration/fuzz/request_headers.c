/* A record of a request topic with any headers, on a real Kafka message: a producer without a broker
 * hands it back. Each line of the input before the first empty one is a header, `name: value` or
 * `name` for a null value; the rest is the record's value. The first byte chooses the format. */
#include "common/request.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static char *listed[] = {"a", "b"};
static const struct endpoint endpoints[] = {
	{.name = "e",
		.format = FORMAT_RAW,
		.content_type = "application/json",
		.request_id_header = "id",
		.correlation_headers = {listed, 1},
		.secret_headers = {listed + 1, 1}},
	{.name = "e", .format = FORMAT_AVRO, .content_type = "application/json"},
};

static rd_kafka_headers_t *read_headers(char **at)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
	char *end;

	while ((end = strchr(*at, '\n')) != NULL && end != *at) {
		char *colon = memchr(*at, ':', (size_t)(end - *at));
		char *name_end = colon ? colon : end;
		char *value = colon && colon[1] == ' ' ? colon + 2 : name_end;

		rd_kafka_header_add(headers, *at, name_end - *at, colon ? value : NULL,
			colon ? end - value : 0);
		*at = end + 1;
	}
	return headers;
}

static rd_kafka_event_t *make_record(const void *value, size_t size, rd_kafka_headers_t *headers)
{
	static rd_kafka_t *rk;
	static rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;

	if (!rk) {
		rd_kafka_conf_t *conf = rd_kafka_conf_new();

		rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
		rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
		queue = rd_kafka_queue_get_main(rk);
	}
	assert(!rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
		RD_KAFKA_V_END));
	rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE);
	event = rd_kafka_queue_poll(queue, 10000);
	assert(event);
	return event;
}

static void check_decoded(const struct endpoint *endpoint, const rd_kafka_message_t *rkm)
{
	struct request request;
	struct request_error error = {.stage = NULL};

	if (request_decode(endpoint, rkm, &request, &error) != 0) {
		assert(error.stage && error.code && error.message[0] != '\0');
		return;
	}
	assert(request.id[0] != '\0' && request.content_type[0] != '\0');
	request_fini(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct request_error error = {"decode", "bad_avro", "why"};
	char *text = fuzz_text(data, size), *at = text + 1;
	const struct endpoint *endpoint;
	const rd_kafka_message_t *rkm;
	rd_kafka_headers_t *headers;
	rd_kafka_event_t *event;

	if (size > 0) {
		endpoint = &endpoints[data[0] & 1];
		headers = read_headers(&at);
		event = make_record(at, (size_t)(text + size - at), headers);
		rkm = rd_kafka_event_message_next(event);
		((rd_kafka_message_t *)(uintptr_t)rkm)->err = RD_KAFKA_RESP_ERR_NO_ERROR;
		check_decoded(endpoint, rkm);
		rd_kafka_headers_destroy(request_copy_headers(endpoint, rkm));
		rd_kafka_headers_destroy(request_reply_headers(endpoint, rkm));
		rd_kafka_headers_destroy(
			request_dead_letter_headers(endpoint, rkm, "g", "c", &error));
		rd_kafka_event_destroy(event);
	}
	free(text);
	return 0;
}
