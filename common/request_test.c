/* Requests and their headers, on real Kafka messages: a producer without a broker hands a purged
 * record back with its topic, key, value, headers and timestamp. */
#include "common/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/framing.h"
#include "common/schema.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_S = 1700000000 /* of the records */ };

static rd_kafka_t *rk;
static rd_kafka_queue_t *queue;

struct record {
	rd_kafka_event_t *event; /* owns the message */
	const rd_kafka_message_t *rkm;
};

struct pair {
	const char *name;
	const void *value;
	ssize_t size; /* -1: a text */
};

static rd_kafka_headers_t *make_headers(const struct pair *pairs)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(8);

	for (; pairs && pairs->name; pairs++)
		rd_kafka_header_add(headers, pairs->name, -1, pairs->value, pairs->size);
	return headers;
}

/* A record at churn.requests/3, offset 42. */
static struct record make(const void *value, size_t size, const struct pair *pairs)
{
	struct record record = {0};
	rd_kafka_resp_err_t err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("churn.requests"),
		RD_KAFKA_V_PARTITION(3), RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
		RD_KAFKA_V_KEY("key", 3), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_TIMESTAMP((int64_t)TIME_S * 1000),
		RD_KAFKA_V_HEADERS(make_headers(pairs)), RD_KAFKA_V_END);

	assert_int_equal(err, 0);
	rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE);
	record.event = rd_kafka_queue_poll(queue, 10000);
	assert_non_null(record.event);
	record.rkm = rd_kafka_event_message_next(record.event);
	assert_non_null(record.rkm);

	rd_kafka_message_t *rkm = (rd_kafka_message_t *)(uintptr_t)record.rkm;

	rkm->offset = 42;
	rkm->err = RD_KAFKA_RESP_ERR_NO_ERROR; /* as a consumed record */
	return record;
}

static struct endpoint raw_endpoint(void)
{
	return (struct endpoint){
		.name = "churn", .format = FORMAT_RAW, .content_type = "application/json"};
}

static struct endpoint avro_endpoint(void)
{
	struct endpoint endpoint = raw_endpoint();

	endpoint.format = FORMAT_AVRO;
	return endpoint;
}

/* Decodes a raw record with those headers. */
static struct request decode_raw(const struct endpoint *endpoint, const struct pair *pairs)
{
	struct record record = make("{\"a\":1}", 7, pairs);
	struct request_error error;
	struct request request;

	assert_int_equal(request_decode(endpoint, record.rkm, &request, &error), 0);
	assert_int_equal(request.payload_size, 7);
	assert_memory_equal(request.payload, "{\"a\":1}", 7);
	assert_true(request.time_us == (int64_t)TIME_S * 1000000);
	request_fini(&request);
	rd_kafka_event_destroy(record.event);
	return request;
}

#define OWN_ID "churn.requests-3-42"

static void a_raw_record_without_headers_has_an_own_id_and_the_endpoints_type(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	struct request request = decode_raw(&endpoint, NULL);

	(void)state;
	assert_string_equal(request.id, OWN_ID);
	assert_string_equal(request.content_type, "application/json");
	assert_string_equal(request.accept, "");
	assert_string_equal(request.target_variant, "");
}

static void the_id_comes_from_each_of_its_headers_in_any_case(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	const struct pair all[] = {{"CE_ID", "ce", -1}, {"X-Request-Id", "x", -1},
		{"x-My-id", "own", -1}, {NULL, NULL, 0}};

	(void)state;
	assert_string_equal(decode_raw(&endpoint, all + 1).id, "x");
	assert_string_equal(decode_raw(&endpoint, all).id, "ce");
	endpoint.request_id_header = "X-MY-ID";
	assert_string_equal(decode_raw(&endpoint, all).id, "own");
	endpoint.request_id_header = "x-request-id";
	assert_string_equal(decode_raw(&endpoint, all).id, "x");
}

static void the_last_of_a_repeated_header_counts(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	const struct pair pairs[] = {{"x-request-id", "first", -1},
		{"content-type", "text/csv", -1}, {"X-REQUEST-ID", "last", -1},
		{"Content-Type", "text/plain", -1}, {NULL, NULL, 0}};
	struct request request = decode_raw(&endpoint, pairs);

	(void)state;
	assert_string_equal(request.id, "last");
	assert_string_equal(request.content_type, "text/plain");
}

static void an_id_that_is_not_1_to_128_visible_bytes_is_replaced(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	char longest[129];
	const struct pair bad[] = {{"x-request-id", "", 0}, {"x-request-id", NULL, 0},
		{"x-request-id", "a b", -1}, {"x-request-id", "a\nb", -1},
		{"x-request-id", "a\0b", 3}, {"x-request-id", "\x7f", -1},
		{"x-request-id", "caf\xc3\xa9", -1}, {"x-request-id", longest, 129}};

	(void)state;
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct pair pairs[] = {bad[i], {NULL, NULL, 0}};

		assert_string_equal(decode_raw(&endpoint, pairs).id, OWN_ID);
	}

	const struct pair good[] = {{"x-request-id", longest, 128}, {NULL, NULL, 0}};

	assert_int_equal(strlen(decode_raw(&endpoint, good).id), 128);
}

static void umbra_headers_of_a_caller_are_ignored(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	const struct pair pairs[] = {{"umbra-request-id", "forged", -1},
		{"umbra-variant", "forged", -1}, {NULL, NULL, 0}};
	struct request request = decode_raw(&endpoint, pairs);

	(void)state;
	assert_string_equal(request.id, OWN_ID);
	assert_string_equal(request.target_variant, "");
}

static void the_content_type_has_two_names_and_must_be_fit_for_http(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	char huge[5000];
	const struct pair camel[] = {
		{"contentType", "text/csv; header=present", -1}, {NULL, NULL, 0}};
	const struct pair both[] = {{"content-type", "text/plain", -1},
		{"contentType", "text/csv", -1}, {NULL, NULL, 0}};
	const struct pair bad[] = {{"content-type", "text/csv\r\nx-evil: 1", -1},
		{"content-type", "", 0}, {"content-type", NULL, 0}, {"content-type", huge, 257},
		{"content-type", huge, sizeof(huge)}, {"content-type", " text/csv", -1}};

	(void)state;
	memset(huge, 'x', sizeof(huge));
	assert_string_equal(decode_raw(&endpoint, camel).content_type, "text/csv; header=present");
	assert_string_equal(decode_raw(&endpoint, both).content_type, "text/plain");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct pair pairs[] = {bad[i], {NULL, NULL, 0}};

		assert_string_equal(decode_raw(&endpoint, pairs).content_type, "application/json");
	}
}

static void accept_and_target_variant_come_from_headers(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	const struct pair pairs[] = {
		{"Accept", "text/csv", -1}, {"x-target-variant", "churn-v2", -1}, {NULL, NULL, 0}};
	struct request request = decode_raw(&endpoint, pairs);

	(void)state;
	assert_string_equal(request.accept, "text/csv");
	assert_string_equal(request.target_variant, "churn-v2");
}

static void a_cloudevent_in_binary_mode_needs_no_change(void **state)
{
	struct endpoint endpoint = raw_endpoint();
	const struct pair pairs[] = {{"ce_specversion", "1.0", -1}, {"ce_type", "com.example", -1},
		{"ce_source", "/crm", -1}, {"ce_id", "A234-1234-1234", -1},
		{"content-type", "text/csv", -1}, {NULL, NULL, 0}};
	struct request request = decode_raw(&endpoint, pairs);

	(void)state;
	assert_string_equal(request.id, "A234-1234-1234");
	assert_string_equal(request.content_type, "text/csv");
}

static void assert_refused(const struct endpoint *endpoint, const void *value, size_t size,
	const char *stage, const char *code)
{
	struct record record = make(value, size, NULL);
	struct request_error error;
	struct request request;

	assert_int_equal(request_decode(endpoint, record.rkm, &request, &error), -1);
	assert_string_equal(error.stage, stage);
	assert_string_equal(error.code, code);
	assert_true(*error.message != '\0');
	assert_true(*request.id != '\0');
	assert_null(request.decoded);
	rd_kafka_event_destroy(record.event);
}

static void a_tombstone_or_an_empty_value_is_a_dead_letter(void **state)
{
	struct endpoint raw = raw_endpoint(), avro = avro_endpoint();

	(void)state;
	assert_refused(&raw, NULL, 0, "decode", "empty");
	assert_refused(&raw, "", 0, "decode", "empty");
	assert_refused(&avro, NULL, 0, "decode", "empty");
	assert_refused(&avro, "", 0, "decode", "empty");
}

static void unknown_framings_and_schemas_are_dead_letters(void **state)
{
	struct endpoint endpoint = avro_endpoint();
	uint8_t data[12] = {0};

	(void)state;
	assert_refused(&endpoint, "{\"a\": 1}", 8, "framing", "unknown_framing");
	assert_refused(&endpoint, "\xc3\x01", 2, "framing", "unknown_framing");
	assert_refused(&endpoint, "\0\0\0\0\x07zz", 7, "framing", "no_registry");
	framing_write(data, 7);
	assert_refused(&endpoint, data, sizeof(data), "framing", "unknown_schema");
	framing_write(data, schema_get("invocation_event")->fingerprint);
	assert_refused(&endpoint, data, sizeof(data), "framing", "unknown_schema");
	framing_write(data, schema_get("inference_request")->fingerprint);
	assert_refused(&endpoint, data, sizeof(data), "decode", "bad_avro");
}

/* An InferenceRequest; NULL leaves a union's first branch. */
struct fields {
	const char *id, *content_type, *accept, *payload, *target_variant;
};

static void set_text(avro_value_t *record, const char *name, const char *text)
{
	avro_value_t field = {0}, branch = {0};

	avro_value_get_by_name(record, name, &field, NULL);
	if (avro_value_get_type(&field) == AVRO_UNION) {
		avro_value_set_branch(&field, text != NULL, &branch);
		field = branch;
	}
	if (text && avro_value_get_type(&field) == AVRO_BYTES)
		avro_value_set_bytes(&field, (void *)(uintptr_t)text, strlen(text));
	else if (text)
		avro_value_set_string(&field, text);
}

static uint8_t *write_avro(const struct fields *fields, size_t *size)
{
	const struct schema *schema = schema_get("inference_request");
	avro_value_t value;

	avro_generic_value_new(schema->iface, &value);
	set_text(&value, "request_id", fields->id);
	set_text(&value, "content_type", fields->content_type);
	set_text(&value, "accept", fields->accept);
	set_text(&value, "payload", fields->payload);
	set_text(&value, "target_variant", fields->target_variant);

	uint8_t *data = schema_encode(schema, &value, size);

	assert_non_null(data);
	avro_value_decref(&value);
	return data;
}

static void an_avro_request_is_what_its_fields_say(void **state)
{
	struct endpoint endpoint = avro_endpoint();
	const struct fields fields = {"r-1", "text/csv", "text/plain", "1,2,3", "churn-v2"};
	const struct pair pairs[] = {{"x-request-id", "header", -1},
		{"x-target-variant", "header", -1}, {NULL, NULL, 0}};
	size_t size;
	uint8_t *data = write_avro(&fields, &size);
	struct record record = make(data, size, pairs);
	struct request_error error;
	struct request request;

	(void)state;
	assert_int_equal(request_decode(&endpoint, record.rkm, &request, &error), 0);
	assert_string_equal(request.id, "r-1");
	assert_string_equal(request.content_type, "text/csv");
	assert_string_equal(request.accept, "text/plain");
	assert_string_equal(request.target_variant, "churn-v2");
	assert_int_equal(request.payload_size, 5);
	assert_memory_equal(request.payload, "1,2,3", 5);
	request_fini(&request);
	assert_null(request.payload);
	request_fini(&request);
	rd_kafka_event_destroy(record.event);
	free(data);
}

static void an_avro_request_with_bare_or_unfit_fields_gets_the_defaults(void **state)
{
	struct endpoint endpoint = avro_endpoint();
	const struct fields cases[] = {{"", "", NULL, "x", NULL}, {"a b", "a\nb", "\n", "x", "\n"}};
	const struct pair pairs[] = {{"x-target-variant", "churn-v2", -1}, {NULL, NULL, 0}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t size;
		uint8_t *data = write_avro(&cases[i], &size);
		struct record record = make(data, size, pairs);
		struct request_error error;
		struct request request;

		assert_int_equal(request_decode(&endpoint, record.rkm, &request, &error), 0);
		assert_string_equal(request.id, OWN_ID);
		assert_string_equal(request.content_type, "application/json");
		assert_string_equal(request.accept, "");
		assert_string_equal(request.target_variant, "churn-v2");
		request_fini(&request);
		rd_kafka_event_destroy(record.event);
		free(data);
	}
}

static void an_avro_request_cut_at_any_byte_or_without_payload_is_a_dead_letter(void **state)
{
	struct endpoint endpoint = avro_endpoint();
	const struct fields fields = {"r-1", "text/csv", "text/plain", "1,2,3", "churn-v2"};
	const struct fields bare = {"r-1", "", NULL, "", NULL};
	size_t size;
	uint8_t *data = write_avro(&fields, &size);

	(void)state;
	for (size_t cut = FRAMING_SINGLE_OBJECT_SIZE; cut < size; cut++)
		assert_refused(&endpoint, data, cut, "decode", "bad_avro");
	free(data);
	data = write_avro(&bare, &size);
	assert_refused(&endpoint, data, size, "decode", "empty");
	free(data);
}

static void assert_header(const rd_kafka_headers_t *headers, size_t i, const char *name,
	const void *value, ssize_t size)
{
	const char *got_name;
	const void *got;
	size_t got_size;

	assert_int_equal(rd_kafka_header_get_all(headers, i, &got_name, &got, &got_size), 0);
	assert_string_equal(got_name, name);
	if (!value) {
		assert_null(got);
		return;
	}
	assert_int_equal(got_size, size == -1 ? (ssize_t)strlen(value) : size);
	assert_memory_equal(got, value, got_size);
}

static const struct pair inbound[] = {{"a", "1", -1}, {"kafka_replyTopic", "answers", -1},
	{"KAFKA_replypartition", "\0\0\0\1", 4}, {"Authorization", "secret", -1}, {"a", NULL, 0},
	{"umbra-request-id", "forged", -1}, {"Umbra-Role", "forged", -1}, {"b", "", 0},
	{"kafka_correlationId", "\0\xff\1", 3}, {"x-correlation-id", "c", -1}, {"a", "3", -1},
	{"__umbra.errors.code", "earlier", -1}, {NULL, NULL, 0}};

static struct endpoint listing_endpoint(void)
{
	static char *correlation[] = {"X-Correlation-Id", "umbra-role"};
	static char *secret[] = {"authorization"};
	struct endpoint endpoint = raw_endpoint();

	endpoint.correlation_headers = (struct string_list){correlation, 2};
	endpoint.secret_headers = (struct string_list){secret, 1};
	return endpoint;
}

static void a_copy_has_the_records_headers_in_order_less_the_listed_ones(void **state)
{
	struct endpoint endpoint = listing_endpoint();
	struct record record = make("x", 1, inbound);
	rd_kafka_headers_t *headers = request_copy_headers(&endpoint, record.rkm);

	(void)state;
	assert_int_equal(rd_kafka_header_cnt(headers), 7);
	assert_header(headers, 0, "a", "1", -1);
	assert_header(headers, 1, "a", NULL, 0);
	assert_header(headers, 2, "b", "", 0);
	assert_header(headers, 3, "kafka_correlationId", "\0\xff\1", 3);
	assert_header(headers, 4, "x-correlation-id", "c", -1);
	assert_header(headers, 5, "a", "3", -1);
	assert_header(headers, 6, "__umbra.errors.code", "earlier", -1);
	rd_kafka_headers_destroy(headers);
	rd_kafka_event_destroy(record.event);
}

static void the_reply_topic_is_the_last_one_named_if_it_is_allowed(void **state)
{
	static char *allowed[] = {"answers", "others"};
	static const struct {
		struct pair headers[4];
		const char *topic;
		int32_t partition;
	} cases[] = {
		{{{"x", "1", -1}}, NULL, -1},
		{{{"kafka_replyTopic", "answers", -1}}, "answers", -1},
		{{{"KAFKA_REPLYTOPIC", "others", -1}}, "others", -1},
		{{{"kafka_replyTopic", "answer", -1}}, NULL, -1},
		{{{"kafka_replyTopic", "answers2", -1}}, NULL, -1},
		{{{"kafka_replyTopic", "", 0}}, NULL, -1},
		{{{"kafka_replyTopic", NULL, 0}}, NULL, -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyTopic", "others", -1}},
			"others", -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyTopic", "evil", -1}}, NULL, -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyPartition", "\0\0\1\2", 4}},
			"answers", 258},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyPartition", "7", 1}}, "answers",
			7},
		{{{"kafka_replyTopic", "answers", -1},
			 {"kafka_replyPartition", "\xff\xff\xff\xff", 4}},
			"answers", -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyPartition", "2147483648", -1}},
			"answers", -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyPartition", "1x", -1}},
			"answers", -1},
		{{{"kafka_replyTopic", "answers", -1}, {"kafka_replyPartition", NULL, 0}},
			"answers", -1},
	};
	struct endpoint endpoint = raw_endpoint();

	(void)state;
	endpoint.reply_topics = (struct string_list){allowed, 2};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record record = make("x", 1, cases[i].headers);
		int32_t partition = 99;
		const char *topic = request_reply_topic(&endpoint, record.rkm, &partition);

		if (cases[i].topic)
			assert_string_equal(topic, cases[i].topic);
		else
			assert_null(topic);
		assert_int_equal(partition, cases[i].partition);
		rd_kafka_event_destroy(record.event);
	}
}

static void an_answer_has_only_the_correlation_headers(void **state)
{
	struct endpoint endpoint = listing_endpoint();
	struct record record = make("x", 1, inbound);
	rd_kafka_headers_t *headers = request_reply_headers(&endpoint, record.rkm);

	(void)state;
	assert_int_equal(rd_kafka_header_cnt(headers), 2);
	assert_header(headers, 0, "kafka_correlationId", "\0\xff\1", 3);
	assert_header(headers, 1, "x-correlation-id", "c", -1);
	rd_kafka_headers_destroy(headers);
	rd_kafka_event_destroy(record.event);
}

static void a_dead_letter_has_all_but_the_secret_headers_and_the_reason(void **state)
{
	struct endpoint endpoint = listing_endpoint();
	const struct request_error error = {"framing", "unknown_framing", "why it is"};
	struct record record = make("x", 1, inbound);
	rd_kafka_headers_t *headers = request_dead_letter_headers(
		&endpoint, record.rkm, "group", "umbra-splitter", &error);

	(void)state;
	assert_int_equal(rd_kafka_header_cnt(headers), 11 + 9);
	assert_header(headers, 3, "a", NULL, 0);
	assert_header(headers, 4, "umbra-request-id", "forged", -1);
	assert_header(headers, 10, "__umbra.errors.code", "earlier", -1);
	assert_header(headers, 11, "__umbra.errors.topic", "churn.requests", -1);
	assert_header(headers, 12, "__umbra.errors.partition", "3", -1);
	assert_header(headers, 13, "__umbra.errors.offset", "42", -1);
	assert_header(headers, 14, "__umbra.errors.timestamp", "1700000000000", -1);
	assert_header(headers, 15, "__umbra.errors.group", "group", -1);
	assert_header(headers, 16, "__umbra.errors.component", "umbra-splitter", -1);
	assert_header(headers, 17, "__umbra.errors.stage", "framing", -1);
	assert_header(headers, 18, "__umbra.errors.code", "unknown_framing", -1);
	assert_header(headers, 19, "__umbra.errors.message", "why it is", -1);
	rd_kafka_headers_destroy(headers);
	rd_kafka_event_destroy(record.event);
}

/* A record that never had headers: librdkafka says so with an error. */
static void a_record_without_headers_has_empty_ones(void **state)
{
	struct endpoint endpoint = listing_endpoint();
	struct record record = make("x", 1, NULL);
	rd_kafka_headers_t *headers = request_copy_headers(&endpoint, record.rkm);

	(void)state;
	assert_int_equal(rd_kafka_header_cnt(headers), 0);
	rd_kafka_headers_destroy(headers);
	rd_kafka_message_detach_headers((rd_kafka_message_t *)(uintptr_t)record.rkm, &headers);
	rd_kafka_headers_destroy(headers);
	headers = request_reply_headers(&endpoint, record.rkm);
	assert_int_equal(rd_kafka_header_cnt(headers), 0);
	rd_kafka_headers_destroy(headers);
	rd_kafka_event_destroy(record.event);
}

/* Read with Avro C and shown as JSON: what was written by hand fits the schema. */
static void an_answer_in_avro_has_the_same_facts(void **state)
{
	const struct response response = {.request_id = "r-1",
		.variant = "churn-v1",
		.outcome = OUTCOME_OK,
		.outcome_word = "ok",
		.status_code = 200,
		.generation = 3,
		.content_type = "application/json",
		.payload = "[1]",
		.payload_size = 3,
		.created_at_us = 1700000000000001};
	const struct response failed = {
		.request_id = "r-2", .outcome_word = "undeliverable", .created_at_us = -1};
	char errstr[200];
	size_t size;
	void *data = response_encode(&response, &size);
	json_t *json = schema_to_json(data, size, errstr, sizeof(errstr));
	char *text = json_dumps(json, JSON_COMPACT);

	(void)state;
	assert_string_equal(text,
		"{\"request_id\":\"r-1\",\"variant\":\"churn-v1\",\"outcome\":\"ok\","
		"\"status_code\":200,\"generation\":3,\"content_type\":\"application/json\","
		"\"payload\":\"[1]\",\"created_at\":1700000000000001}");
	free(text);
	free(data);
	json_decref(json);
	data = response_encode(&failed, &size);
	json = schema_to_json(data, size, errstr, sizeof(errstr));
	assert_string_equal(json_string_value(json_object_get(json, "payload")), "");
	assert_string_equal(json_string_value(json_object_get(json, "outcome")), "undeliverable");
	free(data);
	json_decref(json);
}

static int open_producer(void **state)
{
	char errstr[200];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	(void)state;
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
	queue = rk ? rd_kafka_queue_get_main(rk) : NULL;
	return queue ? 0 : -1;
}

static int close_producer(void **state)
{
	(void)state;
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	schema_free_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_raw_record_without_headers_has_an_own_id_and_the_endpoints_type),
		cmocka_unit_test(the_id_comes_from_each_of_its_headers_in_any_case),
		cmocka_unit_test(the_last_of_a_repeated_header_counts),
		cmocka_unit_test(an_id_that_is_not_1_to_128_visible_bytes_is_replaced),
		cmocka_unit_test(umbra_headers_of_a_caller_are_ignored),
		cmocka_unit_test(the_content_type_has_two_names_and_must_be_fit_for_http),
		cmocka_unit_test(accept_and_target_variant_come_from_headers),
		cmocka_unit_test(a_cloudevent_in_binary_mode_needs_no_change),
		cmocka_unit_test(a_tombstone_or_an_empty_value_is_a_dead_letter),
		cmocka_unit_test(unknown_framings_and_schemas_are_dead_letters),
		cmocka_unit_test(an_avro_request_is_what_its_fields_say),
		cmocka_unit_test(an_avro_request_with_bare_or_unfit_fields_gets_the_defaults),
		cmocka_unit_test(
			an_avro_request_cut_at_any_byte_or_without_payload_is_a_dead_letter),
		cmocka_unit_test(a_copy_has_the_records_headers_in_order_less_the_listed_ones),
		cmocka_unit_test(the_reply_topic_is_the_last_one_named_if_it_is_allowed),
		cmocka_unit_test(an_answer_has_only_the_correlation_headers),
		cmocka_unit_test(a_dead_letter_has_all_but_the_secret_headers_and_the_reason),
		cmocka_unit_test(a_record_without_headers_has_empty_ones),
		cmocka_unit_test(an_answer_in_avro_has_the_same_facts),
	};

	return cmocka_run_group_tests(tests, open_producer, close_producer);
}
