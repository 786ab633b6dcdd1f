/* Requests decoded, answers encoded.
 *
 * One pass over the headers finds those that matter (the last of a name counts, case does not);
 * what is not fit to be sent on or logged is left out. An Avro request's fields come before headers,
 * and its payload lies in Avro C's value, which the request keeps. */
#include "common/request.h"

#include "common/avro_buffer.h"
#include "common/avro_field.h"
#include "common/framing.h"
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CALLER_ID_MAX = 128 };

/* A header's value; data is NULL when the header is absent or null. */
struct header {
	const void *data;
	size_t size;
	bool present;
};

struct found {
	struct header own_id, ce_id, x_request_id;
	struct header content_type, content_type_camel;
	struct header accept, target_variant;
};

__attribute__((format(printf, 4, 5))) static int refuse(
	struct request_error *error, const char *stage, const char *code, const char *format, ...)
{
	va_list args;

	error->stage = stage;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return -1;
}

static void find_one(struct found *found, const char *own_id, const char *name, struct header value)
{
	if (own_id && strcasecmp(name, own_id) == 0)
		found->own_id = value;
	if (strcasecmp(name, "ce_id") == 0)
		found->ce_id = value;
	else if (strcasecmp(name, "x-request-id") == 0)
		found->x_request_id = value;
	else if (strcasecmp(name, "content-type") == 0)
		found->content_type = value;
	else if (strcasecmp(name, "contentType") == 0)
		found->content_type_camel = value;
	else if (strcasecmp(name, "accept") == 0)
		found->accept = value;
	else if (strcasecmp(name, "x-target-variant") == 0)
		found->target_variant = value;
}

static void find_headers(
	const rd_kafka_message_t *rkm, const struct endpoint *endpoint, struct found *found)
{
	rd_kafka_headers_t *headers;
	struct header value = {.present = true};
	const char *name;

	*found = (struct found){0};
	if (rd_kafka_message_headers(rkm, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (size_t i = 0;
		rd_kafka_header_get_all(headers, i, &name, &value.data, &value.size) == 0; i++)
		find_one(found, endpoint->request_id_header, name, value);
}

/* Visible ASCII and spaces, neither first nor last: fit for an HTTP header. */
static bool is_plain(const char *text, size_t size, size_t max)
{
	if (size == 0 || size > max || text[0] == ' ' || text[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

/* Copies what is plain text and fits; else `to` stays as it is. */
static void take_plain(char *to, size_t to_size, const void *data, size_t size)
{
	if (!data || !is_plain(data, size, to_size - 1))
		return;
	memcpy(to, data, size);
	to[size] = '\0';
}

static void take_header(char *to, size_t to_size, const struct header *header)
{
	take_plain(to, to_size, header->data, header->size);
}

static void take_id(struct request *request, const void *data, size_t size)
{
	if (!data || !text_is_visible(data, size, CALLER_ID_MAX))
		return;
	memcpy(request->id, data, size);
	request->id[size] = '\0';
}

/* Not by {0}: a kilobyte of text is not cleared to hold some words. */
static void clear(struct request *request, const rd_kafka_message_t *rkm)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(rkm, &type);

	request->time_us = ms > 0 ? ms * 1000 : 0;
	request->id[0] = request->content_type[0] = '\0';
	request->accept[0] = request->target_variant[0] = '\0';
	request->payload = request->decoded = NULL;
	request->payload_size = 0;
}

/* For what the caller left out, or said in a way that cannot be sent on. */
static void fill_gaps(
	struct request *request, const struct endpoint *endpoint, const rd_kafka_message_t *rkm)
{
	if (!request->id[0])
		snprintf(request->id, sizeof(request->id), "%s-%" PRId32 "-%" PRId64,
			rd_kafka_topic_name(rkm->rkt), rkm->partition, rkm->offset);
	if (!request->content_type[0])
		snprintf(request->content_type, sizeof(request->content_type), "%s",
			endpoint->content_type);
}

static void decode_raw(
	struct request *request, const struct found *found, const rd_kafka_message_t *rkm)
{
	const struct header *id = found->own_id.present ? &found->own_id
		: found->ce_id.present                  ? &found->ce_id
							: &found->x_request_id;
	const struct header *content_type =
		found->content_type.present ? &found->content_type : &found->content_type_camel;

	take_id(request, id->data, id->size);
	take_header(request->content_type, sizeof(request->content_type), content_type);
	take_header(request->accept, sizeof(request->accept), &found->accept);
	request->payload = rkm->payload;
	request->payload_size = rkm->len;
}

static void take_fields(struct request *request, const avro_value_t *record)
{
	size_t size;
	const char *text = avro_field_string(record, "request_id", &size);

	take_id(request, text, size);
	text = avro_field_string(record, "content_type", &size);
	take_plain(request->content_type, sizeof(request->content_type), text, size);
	text = avro_field_string(record, "accept", &size);
	take_plain(request->accept, sizeof(request->accept), text, size);
	text = avro_field_string(record, "target_variant", &size);
	take_plain(request->target_variant, sizeof(request->target_variant), text, size);
	request->payload = avro_field_bytes(record, "payload", &request->payload_size);
}

static int decode_body(
	struct request *request, const rd_kafka_message_t *rkm, struct request_error *error)
{
	const struct schema *schema = schema_get("inference_request");
	avro_value_t *record = malloc(sizeof(*record));
	char why[200];

	memory_need(record && avro_generic_value_new(schema->iface, record) == 0);
	request->decoded = record;
	if (schema_decode(schema, rkm->payload, rkm->len, record, why, sizeof(why)) == -1)
		return refuse(error, "decode", "bad_avro", "Not a valid InferenceRequest: %s", why);
	take_fields(request, record);
	if (request->payload_size == 0)
		return refuse(error, "decode", "empty", "The InferenceRequest has no payload");
	return 0;
}

static int decode_avro(
	struct request *request, const rd_kafka_message_t *rkm, struct request_error *error)
{
	uint64_t id;

	switch (framing_read(rkm->payload, rkm->len, &id)) {
	case FRAMING_SINGLE_OBJECT:
		break;
	case FRAMING_CONFLUENT:
		return refuse(error, "framing", "no_registry",
			"The record names schema %" PRIu64 " of a schema registry, and none is set",
			id);
	case FRAMING_NONE:
		return refuse(error, "framing", "unknown_framing",
			"The record begins neither with C3 01 nor with a registry's id");
	}

	const struct schema *writer = schema_find(id);

	if (!writer || strcmp(writer->name, "inference_request") != 0)
		return refuse(error, "framing", "unknown_schema",
			"Fingerprint %016" PRIx64 " is not an InferenceRequest's", id);
	return decode_body(request, rkm, error);
}

static int decode(const struct endpoint *endpoint, const rd_kafka_message_t *rkm,
	struct request *request, struct request_error *error)
{
	struct found found;

	if (!rkm->payload || rkm->len == 0)
		return refuse(error, "decode", "empty", "The record has no value");
	find_headers(rkm, endpoint, &found);
	take_header(
		request->target_variant, sizeof(request->target_variant), &found.target_variant);
	if (endpoint->format == FORMAT_AVRO)
		return decode_avro(request, rkm, error);
	decode_raw(request, &found, rkm);
	return 0;
}

int request_decode(const struct endpoint *endpoint, const rd_kafka_message_t *rkm,
	struct request *request, struct request_error *error)
{
	clear(request, rkm);
	int rc = decode(endpoint, rkm, request, error);
	fill_gaps(request, endpoint, rkm);
	if (rc)
		request_fini(request);
	return rc;
}

void request_fini(struct request *request)
{
	avro_value_t *record = request->decoded;

	if (record)
		avro_value_decref(record);
	free(record);
	request->decoded = NULL;
	request->payload = NULL;
	request->payload_size = 0;
}

void *response_encode(const struct response *response, size_t *size)
{
	struct avro_buffer buffer = {0};

	avro_buffer_begin(&buffer, schema_get("inference_response")->fingerprint);
	avro_buffer_string(&buffer, response->request_id);
	avro_buffer_string(&buffer, response->variant ? response->variant : "");
	avro_buffer_string(&buffer, response->outcome_word);
	avro_buffer_long(&buffer, response->status_code);
	avro_buffer_long(&buffer, response->generation);
	avro_buffer_string(&buffer, response->content_type ? response->content_type : "");
	avro_buffer_bytes(&buffer, response->payload, response->payload_size);
	avro_buffer_long(&buffer, response->created_at_us);
	*size = buffer.size;
	if (!buffer.failed)
		return buffer.data;
	avro_buffer_fini(&buffer);
	return NULL;
}
