/* Events: what is written by hand is what Avro C reads with the schema. */
#include "common/avro_buffer.h"
#include "common/event.h"
#include "common/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/schema.h"
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t digest[EVENT_DIGEST_SIZE] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff};

static const struct sampled_for sampled_for[] = {
	{"churn-v2-vs-v1", ROLE_SHADOW, "churn-v2"}, {"noise", ROLE_BASELINE, "churn-v1"}};

static const struct sampling_decision decisions[] = {
	{"churn-v2-vs-v1", 0}, {"noise", UINT64_MAX}, {"other", (uint64_t)1 << 63}};

/* Each field has a value of its own, so that swapped ones are seen. */
static struct event full_event(void)
{
	return (struct event){.request_id = "r-1",
		.endpoint = "churn",
		.epoch = 2,
		.variant = "churn-v1",
		.role = ROLE_PRODUCTION,
		.generation = 3,
		.source_topic = "churn.requests",
		.source_partition = 4,
		.source_offset = INT64_MAX,
		.done_below = 5,
		.request_time_us = 1700000000000006,
		.outcome = OUTCOME_SERVER_ERROR,
		.reason = "status",
		.status_code = 503,
		.attempts = 7,
		.model_latency_us = 8,
		.overhead_latency_us = 9,
		.queue_us = 10,
		.request_bytes = 11,
		.response_bytes = 12,
		.response_content_type = "application/json",
		.response_body = "a\0b",
		.response_body_size = 3,
		.response_digest = digest,
		.sampled_for = sampled_for,
		.n_sampled_for = 2,
		.decisions = decisions,
		.n_decisions = 3,
		.instance = "host-1"};
}

static struct event least_event(void)
{
	return (struct event){.request_id = "",
		.endpoint = "",
		.test = "t",
		.variant = "",
		.role = ROLE_SHADOW,
		.source_topic = "",
		.done_below = -1,
		.outcome = OUTCOME_CANCELLED,
		.reason = "",
		.model_latency_us = -1,
		.overhead_latency_us = -1,
		.queue_us = -1,
		.response_content_type = "",
		.instance = ""};
}

static void assert_same_identity(const struct event *a, const struct event *b)
{
	assert_string_equal(a->request_id, b->request_id);
	assert_string_equal(a->endpoint, b->endpoint);
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->test == NULL, b->test == NULL);
	if (a->test)
		assert_string_equal(a->test, b->test);
	assert_string_equal(a->variant, b->variant);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->generation, b->generation);
	assert_string_equal(a->source_topic, b->source_topic);
	assert_int_equal(a->source_partition, b->source_partition);
	assert_int_equal(a->source_offset, b->source_offset);
	assert_int_equal(a->done_below, b->done_below);
	assert_int_equal(a->request_time_us, b->request_time_us);
	assert_string_equal(a->instance, b->instance);
}

static void assert_same_answer(const struct event *a, const struct event *b)
{
	assert_int_equal(a->outcome, b->outcome);
	assert_string_equal(a->reason, b->reason);
	assert_int_equal(a->status_code, b->status_code);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->model_latency_us, b->model_latency_us);
	assert_int_equal(a->overhead_latency_us, b->overhead_latency_us);
	assert_int_equal(a->queue_us, b->queue_us);
	assert_int_equal(a->request_bytes, b->request_bytes);
	assert_int_equal(a->response_bytes, b->response_bytes);
	assert_string_equal(a->response_content_type, b->response_content_type);
	assert_int_equal(a->response_body == NULL, b->response_body == NULL);
	assert_int_equal(a->response_body_size, b->response_body_size);
	if (a->response_body)
		assert_memory_equal(a->response_body, b->response_body, a->response_body_size);
	assert_int_equal(a->response_digest == NULL, b->response_digest == NULL);
	if (a->response_digest)
		assert_memory_equal(a->response_digest, b->response_digest, EVENT_DIGEST_SIZE);
}

static void assert_same_sampling(const struct event *a, const struct event *b)
{
	assert_int_equal(a->n_sampled_for, b->n_sampled_for);
	for (size_t i = 0; i < a->n_sampled_for; i++) {
		assert_string_equal(a->sampled_for[i].test, b->sampled_for[i].test);
		assert_int_equal(a->sampled_for[i].role, b->sampled_for[i].role);
		assert_string_equal(a->sampled_for[i].variant, b->sampled_for[i].variant);
	}
	assert_int_equal(a->n_decisions, b->n_decisions);
	for (size_t i = 0; i < a->n_decisions; i++) {
		assert_string_equal(a->decisions[i].test, b->decisions[i].test);
		assert_true(a->decisions[i].hash == b->decisions[i].hash);
	}
}

static void assert_round_trip(const struct event *event)
{
	struct event_storage *storage;
	struct event read;
	const void *data;
	size_t size;
	char errstr[200];

	assert_int_equal(event_encode(event, &data, &size), 0);
	assert_int_equal(event_decode(data, size, &read, &storage, errstr, sizeof(errstr)), 0);
	assert_same_identity(event, &read);
	assert_same_answer(event, &read);
	assert_same_sampling(event, &read);
	event_storage_free(storage);
}

static void every_field_comes_back_as_it_was_written(void **state)
{
	struct event full = full_event(), least = least_event(), empty_body = full_event();

	(void)state;
	assert_round_trip(&full);
	assert_round_trip(&least);
	empty_body.response_body = "";
	empty_body.response_body_size = 0;
	assert_round_trip(&empty_body);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		least.outcome = (enum outcome)i;
		assert_round_trip(&least);
	}
}

/* Written by Avro C from the value that Avro C read, the bytes are ours: same order, same types. */
static void the_bytes_are_those_that_avro_c_writes(void **state)
{
	const struct schema *schema = schema_get("invocation_event");
	struct event event = full_event();
	avro_value_t value;
	const void *data;
	size_t size, again_size = 0;
	char errstr[200];

	(void)state;
	assert_int_equal(event_encode(&event, &data, &size), 0);
	assert_int_equal(avro_generic_value_new(schema->iface, &value), 0);
	assert_int_equal(schema_decode(schema, data, size, &value, errstr, sizeof(errstr)), 0);

	void *again = schema_encode(schema, &value, &again_size);

	assert_non_null(again);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, data, size);
	free(again);
	avro_value_decref(&value);
}

static void text_that_is_not_utf8_does_not_make_an_event_unreadable(void **state)
{
	struct event event = full_event(), read;
	struct event_storage *storage;
	const void *data;
	size_t size;
	char errstr[200];

	(void)state;
	event.reason = "caf\xe9";
	assert_int_equal(event_encode(&event, &data, &size), 0);
	assert_int_equal(event_decode(data, size, &read, &storage, errstr, sizeof(errstr)), 0);
	assert_string_equal(read.reason, "caf?");
	event_storage_free(storage);
}

static void an_event_cut_anywhere_is_refused(void **state)
{
	struct event event = full_event(), read;
	struct event_storage *storage;
	const void *data;
	size_t size;
	char errstr[200];

	(void)state;
	assert_int_equal(event_encode(&event, &data, &size), 0);
	for (size_t cut = 0; cut < size; cut++) {
		assert_int_equal(
			event_decode(data, cut, &read, &storage, errstr, sizeof(errstr)), -1);
		assert_null(storage);
	}
	event_storage_free(NULL);
}

/* A value tree with more items than an event may have, or with a symbol that only readers see. */
static void assert_refused(const char *list, int n, int outcome)
{
	const struct schema *schema = schema_get("invocation_event");
	struct event event = least_event();
	struct event_storage *storage;
	avro_value_t value, field, item;
	const void *data;
	size_t size;
	char errstr[200];

	assert_int_equal(event_encode(&event, &data, &size), 0);
	avro_generic_value_new(schema->iface, &value);
	assert_int_equal(schema_decode(schema, data, size, &value, errstr, sizeof(errstr)), 0);
	avro_value_get_by_name(&value, "outcome", &field, NULL);
	avro_value_set_enum(&field, outcome);
	avro_value_get_by_name(&value, list, &field, NULL);
	for (int i = 0; i < n; i++)
		avro_value_append(&field, &item, NULL);

	void *bytes = schema_encode(schema, &value, &size);

	assert_int_equal(event_decode(bytes, size, &event, &storage, errstr, sizeof(errstr)), -1);
	free(bytes);
	avro_value_decref(&value);
}

static void events_beyond_our_bounds_are_refused(void **state)
{
	(void)state;
	assert_refused("sampling_hashes", EVENT_MAX_TESTS + 1, 0);
	assert_refused("sampled_for", EVENT_MAX_SAMPLED + 1, 0);
	assert_refused("sampled_for", 0, OUTCOME_COUNT);
}

/* The present schema less its last field, `instance`. */
static const struct schema *learn_older(char **json)
{
	char errstr[200];
	json_t *root = json_loads(schema_get("invocation_event")->json, 0, NULL);
	json_t *fields = json_object_get(root, "fields");

	json_array_remove(fields, json_array_size(fields) - 1);
	*json = json_dumps(root, 0);
	json_decref(root);

	const struct schema *older =
		schema_learn("invocation_event", *json, errstr, sizeof(errstr));

	assert_non_null(older);
	return older;
}

static void an_event_of_an_older_schema_is_read_too(void **state)
{
	struct event event = full_event(), read;
	struct event_storage *storage;
	const void *data;
	size_t size;
	char errstr[200];
	char *json = NULL;
	uint8_t bytes[4096];

	(void)state;
	event.instance = "";
	assert_int_equal(event_encode(&event, &data, &size), 0);
	memcpy(bytes, data, size);
	framing_write(bytes, learn_older(&json)->fingerprint);
	assert_int_equal(event_decode(bytes, size - 1, &read, &storage, errstr, sizeof(errstr)), 0);
	assert_string_equal(read.instance, "");
	assert_string_equal(read.request_id, event.request_id);
	assert_int_equal(read.n_sampled_for, event.n_sampled_for);
	event_storage_free(storage);
	schema_free_all();
	free(json);
}

/* As other writers may: blocks with their size in bytes. */
static void a_list_in_several_blocks_is_one_list(void **state)
{
	struct event event = least_event(), read;
	struct event_storage *storage;
	struct avro_buffer buffer = {0};
	const void *data;
	size_t size, tail = strlen(event.instance) + 3; /* two empty lists, a length, a text */
	char errstr[200];

	(void)state;
	assert_int_equal(event_encode(&event, &data, &size), 0);
	avro_buffer_fixed(&buffer, data, size - tail);
	avro_buffer_long(&buffer, -1);
	avro_buffer_long(&buffer, 3);
	avro_buffer_string(&buffer, "a");
	avro_buffer_long(&buffer, 5);
	avro_buffer_long(&buffer, 1);
	avro_buffer_string(&buffer, "b");
	avro_buffer_long(&buffer, -6);
	avro_buffer_long(&buffer, 0);
	avro_buffer_fixed(&buffer, (const char *)data + size - tail + 1, tail - 1);
	assert_int_equal(
		event_decode(buffer.data, buffer.size, &read, &storage, errstr, sizeof(errstr)), 0);
	assert_int_equal(read.n_decisions, 2);
	assert_string_equal(read.decisions[0].test, "a");
	assert_int_equal(read.decisions[0].hash, 5);
	assert_string_equal(read.decisions[1].test, "b");
	assert_int_equal((int64_t)read.decisions[1].hash, -6);
	assert_int_equal(read.n_sampled_for, 0);
	assert_string_equal(read.instance, event.instance);
	event_storage_free(storage);
	avro_buffer_fini(&buffer);
}

/* The allocator's own book: bytes in use before and after. */
static void encoding_does_not_allocate_once_the_buffer_is_large_enough(void **state)
{
	struct event event = full_event();
	const void *data, *first;
	size_t size;

	(void)state;
	assert_int_equal(event_encode(&event, &first, &size), 0);

	size_t before = mallinfo2().uordblks;
	int64_t start = clock_monotonic_us();

	for (int i = 0; i < 100000; i++) {
		assert_int_equal(event_encode(&event, &data, &size), 0);
		assert_ptr_equal(data, first);
	}

	int64_t us = clock_monotonic_us() - start;

	assert_int_equal(mallinfo2().uordblks, before);
	print_message("event_encode: %.0f ns for %zu bytes\n", (double)us / 100, size);
}

static int free_everything(void **state)
{
	(void)state;
	event_free_buffers();
	schema_free_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back_as_it_was_written),
		cmocka_unit_test(the_bytes_are_those_that_avro_c_writes),
		cmocka_unit_test(text_that_is_not_utf8_does_not_make_an_event_unreadable),
		cmocka_unit_test(an_event_cut_anywhere_is_refused),
		cmocka_unit_test(events_beyond_our_bounds_are_refused),
		cmocka_unit_test(an_event_of_an_older_schema_is_read_too),
		cmocka_unit_test(a_list_in_several_blocks_is_one_list),
		cmocka_unit_test(encoding_does_not_allocate_once_the_buffer_is_large_enough),
	};

	return cmocka_run_group_tests(tests, NULL, free_everything);
}
