#include "producer/request.h"
#include "common/clock.h"
#include "common/schema.h"
#include <assert.h>
#include <strings.h>

/* A record of a file. */

static void take_value(struct run *run, struct outgoing *record, const char *id, const char *type)
{
	const struct buffer *body = &run->source.reader.body;
	struct avro_buffer *encoded = &run->encoded;
	record->value = body->data;
	record->value_size = body->size;
	if (!run->target.is_avro)
		return;
	avro_buffer_begin(encoded, schema_get("inference_request")->fingerprint);
	avro_buffer_string(encoded, id);
	avro_buffer_string(encoded, type);
	avro_buffer_optional_string(encoded, NULL); /* accept */
	avro_buffer_bytes(encoded, body->data, body->size);
	avro_buffer_long(encoded, 0); /* headers: an empty map */
	avro_buffer_optional_string(encoded, NULL); /* target_variant */
	avro_buffer_long(encoded, clock_wall_us());
	assert(!encoded->failed);
	record->value = encoded->data;
	record->value_size = encoded->size;
}

static rd_kafka_headers_t *make_headers(const struct run *run, const char *id, const char *type)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	rd_kafka_header_add(headers, "content-type", -1, type, -1);
	rd_kafka_header_add(headers, "x-request-id", -1, id, -1);
	if (run->answers)
		rd_kafka_header_add(headers, "kafka_correlationId", -1, id, -1);
	return headers;
}

static const char *content_type(const struct run *run)
{
	if (run->options->content_type)
		return run->options->content_type;
	return run->source.reader.config.form == BODY_CSV ? "text/csv" : "application/json";
}

/* With a key its hash chooses the partition, as in Java's producer; without, one after the other. */
static void make_from_file(struct run *run, struct in_flight *request, struct outgoing *record)
{
	const struct record_reader *reader = &run->source.reader;
	char id[REQUEST_ID_SIZE];
	ledger_write_id(&run->ledger, request->number, id);
	*record = (struct outgoing){
		.key = reader->has_key ? (reader->key_text.data ? reader->key_text.data : "")
				       : NULL,
		.key_size = reader->key_text.size,
		.headers = make_headers(run, id, content_type(run)),
	};
	take_value(run, record, id, content_type(run));
	request->origin = (struct origin){.partition = -1, .line = reader->line};
	request->delivery.source_partition =
		reader->has_key ? INT32_MAX : (int32_t)(request->number & 0x3fffffff);
}

/* A record of a topic. */

/* The reply headers would send the answer to whoever once asked; to find it again, it has our
 * correlation id. */
static bool is_left_out(const struct run *run, const char *name)
{
	return strcasecmp(name, "kafka_replyTopic") == 0 ||
		strcasecmp(name, "kafka_replyPartition") == 0 ||
		(run->answers && strcasecmp(name, "kafka_correlationId") == 0);
}

static rd_kafka_headers_t *copy_headers(const struct run *run, rd_kafka_message_t *rkm)
{
	rd_kafka_headers_t *old = NULL, *new = rd_kafka_headers_new(16);
	const char *name;
	const void *value;
	size_t size;
	if (rd_kafka_message_headers(rkm, &old))
		return new;
	for (size_t i = 0; !rd_kafka_header_get_all(old, i, &name, &value, &size); i++)
		if (!is_left_out(run, name))
			rd_kafka_header_add(new, name, -1, value, (ssize_t)size);
	return new;
}

/* To the partition of its number, where there is one: what was in order stays so. */
static void make_from_topic(struct run *run, struct in_flight *request, struct outgoing *record)
{
	rd_kafka_message_t *rkm = capture_record(run->capture);
	char id[REQUEST_ID_SIZE];
	int id_size = ledger_write_id(&run->ledger, request->number, id);
	*record = (struct outgoing){
		.key = rkm->key,
		.key_size = rkm->key_len,
		.value = rkm->payload,
		.value_size = rkm->len,
		.headers = copy_headers(run, rkm),
	};
	if (run->answers)
		rd_kafka_header_add(record->headers, "kafka_correlationId", -1, id, id_size);
	request->origin = (struct origin){.partition = rkm->partition, .line = rkm->offset};
	request->delivery.source_partition = rkm->partition;
}

void request_make(struct run *run, struct in_flight *request, struct outgoing *record)
{
	if (run->capture)
		make_from_topic(run, request, record);
	else
		make_from_file(run, request, record);
	record->topic = run->target.topic;
	record->partition = PARTITION_SOURCE;
}
