/* Every field of a definition, once. The shadow variants of a test have the fields of a production
 * variant, less the weight, which is why the weight stands first. */
#include "common/definition_fields.h"
#include "common/control.h"
#include <string.h>

#define TABLE(rows, type) \
	{ \
		rows, sizeof(rows) / sizeof((rows)[0]), sizeof(type) \
	}
#define MINUTE INT64_C(60000000)
#define DAY (1440 * MINUTE)

static const struct field installation_rows[] = {
	{"event_partitions", "event_partitions", FIELD_INT, .required = true, .min = 1,
		.max = 10000},
};

static const struct field header_rows[] = {
	{"name", "name", FIELD_HEADER, .offset = offsetof(struct model_header, name),
		.required = true},
	{"value", "value", FIELD_TEXT, .offset = offsetof(struct model_header, value)},
	{"value_file", "value_file", FIELD_TEXT,
		.offset = offsetof(struct model_header, value_file)},
};

static const struct field metric_rows[] = {
	{"url", "url", FIELD_URL, .offset = offsetof(struct variant, metrics_url)},
	{"cpu", "cpu", FIELD_TEXT, .offset = offsetof(struct variant, metrics_cpu)},
	{"memory", "memory", FIELD_TEXT, .offset = offsetof(struct variant, metrics_memory)},
	{"disk", "disk", FIELD_TEXT, .offset = offsetof(struct variant, metrics_disk)},
};

static const struct field variant_rows[] = {
	{"weight", "weight", FIELD_INT, .offset = offsetof(struct variant, weight), .max = 1000000,
		.fallback = "1"},
	{"name", "name", FIELD_NAME, .offset = offsetof(struct variant, name), .required = true},
	{"url", "url", FIELD_URL, .offset = offsetof(struct variant, url), .required = true},
	{"timeout", "timeout_us", FIELD_DURATION, .offset = offsetof(struct variant, timeout_us),
		.min = 1000, .max = 60 * MINUTE, .fallback = "10s"},
	{"max_in_flight", "max_in_flight", FIELD_INT,
		.offset = offsetof(struct variant, max_in_flight), .min = 1, .max = 65536,
		.fallback = "64"},
	{"max_response_bytes", "max_response_bytes", FIELD_SIZE,
		.offset = offsetof(struct variant, max_response_bytes), .min = 1, .max = 64 << 20,
		.fallback = "6MiB"},
	{"retries", "retries", FIELD_INT, .offset = offsetof(struct variant, retries), .max = 20,
		.fallback = "2"},
	{"retry_on", "retry_on", FIELD_TEXTS, .offset = offsetof(struct variant, retry_on)},
	{"backoff", "backoff_us", FIELD_DURATION, .offset = offsetof(struct variant, backoff_us),
		.max = 10000000, .fallback = "50ms"},
	{"breaker_failures", "breaker_failures", FIELD_INT,
		.offset = offsetof(struct variant, breaker_failures), .max = 1000000,
		.fallback = "50"},
	{"breaker_cooldown", "breaker_cooldown_us", FIELD_DURATION,
		.offset = offsetof(struct variant, breaker_cooldown_us), .min = 1000,
		.max = 60 * MINUTE, .fallback = "5s"},
	{"answer_path", "answer_path", FIELD_POINTER,
		.offset = offsetof(struct variant, answer_path)},
	{"instances", "instances", FIELD_INT, .offset = offsetof(struct variant, instances),
		.min = 1, .max = 100000, .fallback = "1"},
	{"ca_file", "ca_file", FIELD_TEXT, .offset = offsetof(struct variant, ca_file)},
	{"cert_file", "cert_file", FIELD_TEXT, .offset = offsetof(struct variant, cert_file)},
	{"key_file", "key_file", FIELD_TEXT, .offset = offsetof(struct variant, key_file)},
	{"metrics", "metrics", FIELD_GROUP, .table = TABLE(metric_rows, struct variant)},
	{"headers", "headers", FIELD_LIST, .offset = offsetof(struct variant, headers),
		offsetof(struct variant, n_headers),
		.table = TABLE(header_rows, struct model_header)},
};
#define SHADOW_VARIANT_TABLE \
	{ \
		variant_rows + 1, sizeof(variant_rows) / sizeof(variant_rows[0]) - 1, \
			sizeof(struct variant) \
	}

static const struct field topic_rows[] = {
	{"requests", "requests", FIELD_TOPIC, .offset = offsetof(struct endpoint, requests_topic),
		.required = true},
	{"responses", "responses", FIELD_TOPIC,
		.offset = offsetof(struct endpoint, responses_topic), .required = true},
	{"dead_letter", "dead_letter", FIELD_TOPIC,
		.offset = offsetof(struct endpoint, dead_letter_topic), .required = true},
};

static const struct field budget_rows[] = {
	{"copies_per_second", "copies_per_second", FIELD_INT,
		.offset = offsetof(struct endpoint, budget_copies), .max = 1000000000,
		.fallback = "0"},
	{"bytes_per_second", "bytes_per_second", FIELD_SIZE,
		.offset = offsetof(struct endpoint, budget_bytes), .max = INT64_C(1) << 40,
		.fallback = "0"},
};

static const char *const orders[] = {"none", "key", NULL};
static const char *const formats[] = {"raw", "avro", NULL};
static const char *const positions[] = {"now", "earliest", NULL};

static const struct field endpoint_rows[] = {
	{"name", "name", FIELD_NAME, .offset = offsetof(struct endpoint, name), .required = true},
	{"format", "format", FIELD_CHOICE, .offset = offsetof(struct endpoint, format),
		.choices = formats, .fallback = "raw"},
	{"content_type", "content_type", FIELD_TEXT,
		.offset = offsetof(struct endpoint, content_type), .fallback = "application/json"},
	{"from", NULL, FIELD_WHEN, .choices = positions},
	{"partitions", "partitions", FIELD_INT, .offset = offsetof(struct endpoint, partitions),
		.min = 1, .max = 10000, .fallback = "4"},
	{"replication", "replication", FIELD_INT, .offset = offsetof(struct endpoint, replication),
		.min = -1, .max = 100, .fallback = "-1"},
	{"max_uncommitted", "max_uncommitted", FIELD_INT,
		.offset = offsetof(struct endpoint, max_uncommitted), .min = 1, .max = 1000000,
		.fallback = "1000"},
	{"max_age", "max_age_us", FIELD_DURATION, .offset = offsetof(struct endpoint, max_age_us),
		.max = 30 * DAY, .fallback = "0"},
	{"order", "order", FIELD_CHOICE, .offset = offsetof(struct endpoint, order),
		.choices = orders, .fallback = "none"},
	{"budget", "budget", FIELD_GROUP, .table = TABLE(budget_rows, struct endpoint)},
	{"request_id_header", "request_id_header", FIELD_TEXT,
		.offset = offsetof(struct endpoint, request_id_header)},
	{"correlation_headers", "correlation_headers", FIELD_TEXTS,
		.offset = offsetof(struct endpoint, correlation_headers)},
	{"reply_topics", "reply_topics", FIELD_TEXTS,
		.offset = offsetof(struct endpoint, reply_topics)},
	{"secret_headers", "secret_headers", FIELD_TEXTS,
		.offset = offsetof(struct endpoint, secret_headers)},
	{"topics", "topics", FIELD_GROUP, .required = true,
		.table = TABLE(topic_rows, struct endpoint)},
	{"variants", "variants", FIELD_LIST, .offset = offsetof(struct endpoint, variants),
		offsetof(struct endpoint, n_variants), .required = true,
		.table = TABLE(variant_rows, struct variant)},
	{NULL, "start", FIELD_OFFSETS, .offset = offsetof(struct endpoint, start),
		offsetof(struct endpoint, n_start), .required = true},
	{NULL, "epoch", FIELD_INT, .offset = offsetof(struct endpoint, epoch), .required = true,
		.min = 1, .max = INT64_MAX},
};

static const char *const sample_bys[] = {"id", "key", NULL};
static const char *const ends[] = {"created", "running", "completed", "cancelled", NULL};
static const char *const starts[] = {"now", NULL};

static const struct field compare_rows[] = {
	{"kind", "kind", FIELD_CHOICE, .offset = offsetof(struct test, compare.kind),
		.choices = compare_kind_names, .fallback = "auto"},
	{"absolute", "absolute", FIELD_REAL, .offset = offsetof(struct test, compare.absolute),
		.fallback = "0"},
	{"relative", "relative", FIELD_REAL, .offset = offsetof(struct test, compare.relative),
		.max = 1, .fallback = "0"},
	{"ignore", "ignore", FIELD_POINTERS, .offset = offsetof(struct test, compare.ignore)},
	{"unordered", "unordered", FIELD_POINTERS,
		.offset = offsetof(struct test, compare.unordered)},
	{"mask", "mask", FIELD_POINTERS, .offset = offsetof(struct test, compare.mask)},
	{"label", "label", FIELD_LABEL, .offset = offsetof(struct test, compare.label)},
	{"threshold", "threshold", FIELD_REAL, .offset = offsetof(struct test, compare.threshold),
		.min = INT64_MIN},
};

static const struct field test_rows[] = {
	{"name", "name", FIELD_NAME, .offset = offsetof(struct test, name), .required = true},
	{"endpoint", "endpoint", FIELD_NAME, .offset = offsetof(struct test, endpoint),
		.required = true},
	{"sampling", "sampling", FIELD_PERCENT, .offset = offsetof(struct test, sampling),
		.required = true},
	{"baseline", "baseline", FIELD_PERCENT, .offset = offsetof(struct test, baseline)},
	{"sample_by", "sample_by", FIELD_CHOICE, .offset = offsetof(struct test, sample_by),
		.choices = sample_bys, .fallback = "id"},
	{"start", NULL, FIELD_WHEN, .choices = starts},
	{"duration", NULL, FIELD_DURATION, .min = 1000000, .max = 3660 * DAY},
	{NULL, "start_us", FIELD_TIME, .offset = offsetof(struct test, start_us), .label = "start",
		.required = true},
	{"end", "end_us", FIELD_TIME, .offset = offsetof(struct test, end_us), .required = true},
	{"compare_bytes", "compare_bytes", FIELD_SIZE,
		.offset = offsetof(struct test, compare_bytes), .max = 512 << 10,
		.fallback = "64KiB"},
	{"compare", "compare", FIELD_GROUP, .table = TABLE(compare_rows, struct test)},
	{"variants", "variants", FIELD_LIST, .offset = offsetof(struct test, variants),
		offsetof(struct test, n_variants), .required = true, .table = SHADOW_VARIANT_TABLE},
	{NULL, "ended", FIELD_CHOICE, .offset = offsetof(struct test, ended), .choices = ends},
	{NULL, "ended_us", FIELD_TIME, .offset = offsetof(struct test, ended_us),
		.label = "ended_at"},
};

const struct field_table definition_installation_table = TABLE(installation_rows, int64_t);
const struct field_table definition_endpoint_table = TABLE(endpoint_rows, struct endpoint);
const struct field_table definition_test_table = TABLE(test_rows, struct test);

const char *field_label(const struct field *field)
{
	if (field->label)
		return field->label;
	return field->name ? field->name : field->key;
}

const struct field *field_by_name(const struct field_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].name && strcmp(table->fields[i].name, name) == 0)
			return &table->fields[i];
	return NULL;
}

const struct field *field_by_key(const struct field_table *table, const char *key)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].key && strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}
