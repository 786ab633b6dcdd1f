/* Events, written field by field in the schema's order into one buffer that is used again, and read
 * with Avro C, field by name. */
#include "common/event.h"

#include "common/avro_buffer.h"
#include "common/avro_field.h"
#include "common/event_read.h"
#include "common/framing.h"
#include "common/schema.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct avro_buffer event_buffer;

void event_free_buffers(void)
{
	avro_buffer_fini(&event_buffer);
}

static void put_identity(struct avro_buffer *buffer, const struct event *event)
{
	avro_buffer_string(buffer, event->request_id);
	avro_buffer_string(buffer, event->endpoint);
	avro_buffer_long(buffer, event->epoch);
	avro_buffer_optional_string(buffer, event->test);
	avro_buffer_string(buffer, event->variant);
	avro_buffer_long(buffer, event->role);
	avro_buffer_long(buffer, event->generation);
	avro_buffer_string(buffer, event->source_topic);
	avro_buffer_long(buffer, event->source_partition);
	avro_buffer_long(buffer, event->source_offset);
	avro_buffer_long(buffer, event->done_below);
	avro_buffer_long(buffer, event->request_time_us);
}

static void put_answer(struct avro_buffer *buffer, const struct event *event)
{
	avro_buffer_long(buffer, event->outcome);
	avro_buffer_string(buffer, event->reason);
	avro_buffer_long(buffer, event->status_code);
	avro_buffer_long(buffer, event->attempts);
	avro_buffer_long(buffer, event->model_latency_us);
	avro_buffer_long(buffer, event->overhead_latency_us);
	avro_buffer_long(buffer, event->queue_us);
	avro_buffer_long(buffer, event->request_bytes);
	avro_buffer_long(buffer, event->response_bytes);
	avro_buffer_string(buffer, event->response_content_type);
	avro_buffer_long(buffer, event->response_body != NULL);
	if (event->response_body)
		avro_buffer_bytes(buffer, event->response_body, event->response_body_size);
	avro_buffer_long(buffer, event->response_digest != NULL);
	if (event->response_digest)
		avro_buffer_fixed(buffer, event->response_digest, EVENT_DIGEST_SIZE);
}

static void put_sampling(struct avro_buffer *buffer, const struct event *event)
{
	if (event->n_decisions)
		avro_buffer_long(buffer, (int64_t)event->n_decisions);
	for (size_t i = 0; i < event->n_decisions; i++) {
		avro_buffer_string(buffer, event->decisions[i].test);
		avro_buffer_long(buffer, (int64_t)event->decisions[i].hash);
	}
	avro_buffer_long(buffer, 0);
	if (event->n_sampled_for)
		avro_buffer_long(buffer, (int64_t)event->n_sampled_for);
	for (size_t i = 0; i < event->n_sampled_for; i++) {
		avro_buffer_string(buffer, event->sampled_for[i].test);
		avro_buffer_long(buffer, event->sampled_for[i].role);
		avro_buffer_string(buffer, event->sampled_for[i].variant);
	}
	avro_buffer_long(buffer, 0);
}

int event_encode(const struct event *event, const void **data, size_t *size)
{
	struct avro_buffer *buffer = &event_buffer;

	assert((unsigned)event->outcome < OUTCOME_COUNT && (unsigned)event->role < ROLE_COUNT);
	assert((event->role == ROLE_PRODUCTION) == (event->test == NULL));
	assert(event->n_decisions <= EVENT_MAX_TESTS && event->n_sampled_for <= EVENT_MAX_SAMPLED);
	avro_buffer_begin(buffer, schema_get("invocation_event")->fingerprint);
	put_identity(buffer, event);
	put_answer(buffer, event);
	put_sampling(buffer, event);
	avro_buffer_string(buffer, event->instance);
	*data = buffer->data;
	*size = buffer->size;
	return buffer->failed ? -1 : 0;
}

struct event_storage {
	bool has_value;
	avro_value_t value; /* has_value: holds every string */
	struct sampled_for sampled_for[EVENT_MAX_SAMPLED];
	struct sampling_decision decisions[EVENT_MAX_TESTS];
	char texts[]; /* else they are here */
};

void event_storage_free(struct event_storage *storage)
{
	if (!storage)
		return;
	if (storage->has_value)
		avro_value_decref(&storage->value);
	free(storage);
}

static void get_identity(const avro_value_t *record, struct event *event)
{
	event->request_id = avro_field_string(record, "request_id", NULL);
	event->endpoint = avro_field_string(record, "endpoint", NULL);
	event->epoch = avro_field_number(record, "epoch");
	event->test = avro_field_string(record, "test", NULL);
	event->variant = avro_field_string(record, "variant", NULL);
	event->role = (enum role)avro_field_enum(record, "role");
	event->generation = avro_field_number(record, "generation");
	event->source_topic = avro_field_string(record, "source_topic", NULL);
	event->source_partition = (int32_t)avro_field_number(record, "source_partition");
	event->source_offset = avro_field_number(record, "source_offset");
	event->done_below = avro_field_number(record, "done_below");
	event->request_time_us = avro_field_number(record, "request_time");
	event->instance = avro_field_string(record, "instance", NULL);
}

static void get_answer(const avro_value_t *record, struct event *event)
{
	event->outcome = (enum outcome)avro_field_enum(record, "outcome");
	event->reason = avro_field_string(record, "reason", NULL);
	event->status_code = (int)avro_field_number(record, "status_code");
	event->attempts = (int)avro_field_number(record, "attempts");
	event->model_latency_us = avro_field_number(record, "model_latency_us");
	event->overhead_latency_us = avro_field_number(record, "overhead_latency_us");
	event->queue_us = avro_field_number(record, "queue_us");
	event->request_bytes = avro_field_number(record, "request_bytes");
	event->response_bytes = avro_field_number(record, "response_bytes");
	event->response_content_type = avro_field_string(record, "response_content_type", NULL);
}

static void get_body(const avro_value_t *record, struct event *event)
{
	size_t size;

	event->response_body =
		avro_field_bytes(record, "response_body", &event->response_body_size);
	event->response_digest = avro_field_bytes(record, "response_digest", &size);
}

static int get_decisions(
	const avro_value_t *record, struct event *event, struct event_storage *storage)
{
	event->n_decisions = avro_field_count(record, "sampling_hashes");
	if (event->n_decisions > EVENT_MAX_TESTS)
		return -1;
	for (size_t i = 0; i < event->n_decisions; i++) {
		avro_value_t item = avro_field_item(record, "sampling_hashes", i);

		storage->decisions[i].test = avro_field_string(&item, "test", NULL);
		storage->decisions[i].hash = (uint64_t)avro_field_number(&item, "hash");
	}
	event->decisions = storage->decisions;
	return 0;
}

static int get_sampled_for(
	const avro_value_t *record, struct event *event, struct event_storage *storage)
{
	event->n_sampled_for = avro_field_count(record, "sampled_for");
	if (event->n_sampled_for > EVENT_MAX_SAMPLED)
		return -1;
	for (size_t i = 0; i < event->n_sampled_for; i++) {
		avro_value_t item = avro_field_item(record, "sampled_for", i);

		storage->sampled_for[i].test = avro_field_string(&item, "test", NULL);
		storage->sampled_for[i].role = (enum role)avro_field_enum(&item, "role");
		storage->sampled_for[i].variant = avro_field_string(&item, "variant", NULL);
	}
	event->sampled_for = storage->sampled_for;
	return 0;
}

static int get_event(struct event_storage *storage, struct event *event)
{
	const avro_value_t *record = &storage->value;

	get_identity(record, event);
	get_answer(record, event);
	get_body(record, event);
	return get_decisions(record, event, storage) == -1 ||
			get_sampled_for(record, event, storage) == -1
		? -1
		: 0;
}

/* By way of Avro C's values: for records of other versions of the schema. */
static int decode_resolved(const void *data, size_t size, struct event *event,
	struct event_storage *storage, char *errstr, size_t errstr_size)
{
	const struct schema *schema = schema_get("invocation_event");

	if (avro_generic_value_new(schema->iface, &storage->value) != 0) {
		snprintf(errstr, errstr_size, "No memory");
		return -1;
	}
	storage->has_value = true;
	if (schema_decode(schema, data, size, &storage->value, errstr, errstr_size) == -1)
		return -1;
	return get_event(storage, event) == -1 ? -2 : 0;
}

static int decode_present(const void *data, size_t size, struct event *event,
	struct event_storage *storage, char *errstr, size_t errstr_size)
{
	const struct schema *schema = schema_get("invocation_event");
	struct event_space space = {storage->sampled_for, storage->decisions, storage->texts};
	const uint8_t *body = (const uint8_t *)data + FRAMING_SINGLE_OBJECT_SIZE;
	size_t body_size = size - FRAMING_SINGLE_OBJECT_SIZE;

	if (schema_validate(schema->avro, body, body_size, errstr, errstr_size) == -1)
		return -1;
	return event_read(body, body_size, event, &space) == -1 ? -2 : 0;
}

static int decode(const void *data, size_t size, struct event *event, struct event_storage *storage,
	char *errstr, size_t errstr_size)
{
	uint64_t id = 0;
	bool is_present = framing_read(data, size, &id) == FRAMING_SINGLE_OBJECT &&
		id == schema_get("invocation_event")->fingerprint;
	int rc = is_present ? decode_present(data, size, event, storage, errstr, errstr_size)
			    : decode_resolved(data, size, event, storage, errstr, errstr_size);

	if (rc == -2)
		snprintf(errstr, errstr_size,
			"An event with more tests or copies than there may be");
	if (rc == 0 && (unsigned)event->outcome >= OUTCOME_COUNT) {
		snprintf(errstr, errstr_size, "An outcome that this program does not know");
		rc = -1;
	}
	return rc;
}

int event_decode(const void *data, size_t size, struct event *event, struct event_storage **storage,
	char *errstr, size_t errstr_size)
{
	*event = (struct event){0};
	*storage = malloc(sizeof(**storage) + size + EVENT_MAX_TEXTS);
	if (!*storage) {
		snprintf(errstr, errstr_size, "No memory");
		return -1;
	}
	(*storage)->has_value = false;
	if (decode(data, size, event, *storage, errstr, errstr_size) == 0)
		return 0;
	event_storage_free(*storage);
	*storage = NULL;
	return -1;
}
