/* Which of a record's headers go on with its copy, its answer and its dead letter. Values are
 * carried byte for byte, null ones too, and in order. Names are compared without case. */
#include "common/kafka.h"
#include "common/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ADDED_MAX = 12 /* headers that the caller or we add: room for them at once */ };

static bool is_listed(const struct string_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcasecmp(list->items[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_ours(const char *name)
{
	return strncasecmp(name, "umbra-", 6) == 0;
}

static bool goes_with_copy(const struct endpoint *endpoint, const char *name)
{
	return !is_ours(name) && strcasecmp(name, "kafka_replyTopic") != 0 &&
		strcasecmp(name, "kafka_replyPartition") != 0 &&
		!is_listed(&endpoint->secret_headers, name);
}

static bool goes_with_answer(const struct endpoint *endpoint, const char *name)
{
	return !is_ours(name) &&
		(strcasecmp(name, "kafka_correlationId") == 0 ||
			is_listed(&endpoint->correlation_headers, name));
}

static bool goes_with_dead_letter(const struct endpoint *endpoint, const char *name)
{
	return !is_listed(&endpoint->secret_headers, name);
}

static rd_kafka_headers_t *headers_where(const rd_kafka_message_t *rkm,
	const struct endpoint *endpoint, bool (*goes)(const struct endpoint *, const char *))
{
	rd_kafka_headers_t *from, *to;
	const char *name;
	const void *value;
	size_t size, n = 0;

	if (rd_kafka_message_headers(rkm, &from) == RD_KAFKA_RESP_ERR_NO_ERROR)
		n = rd_kafka_header_cnt(from);
	to = rd_kafka_headers_new(n + ADDED_MAX);
	for (size_t i = 0; to && i < n; i++) {
		rd_kafka_header_get_all(from, i, &name, &value, &size);
		if (goes(endpoint, name))
			rd_kafka_header_add(to, name, -1, value, (ssize_t)size);
	}
	return to;
}

rd_kafka_headers_t *request_copy_headers(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm)
{
	return headers_where(rkm, endpoint, goes_with_copy);
}

rd_kafka_headers_t *request_reply_headers(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm)
{
	return headers_where(rkm, endpoint, goes_with_answer);
}

static int32_t read_partition(const void *value, size_t size)
{
	const uint8_t *bytes = value;
	int64_t number = 0;

	if (size == 4) {
		uint32_t big = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			(uint32_t)bytes[2] << 8 | bytes[3];
		return big <= INT32_MAX ? (int32_t)big : -1;
	}
	if (size == 0 || size > 10)
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return -1;
		number = number * 10 + (bytes[i] - '0');
	}
	return number <= INT32_MAX ? (int32_t)number : -1;
}

const char *request_reply_topic(
	const struct endpoint *endpoint, const rd_kafka_message_t *rkm, int32_t *partition)
{
	rd_kafka_headers_t *headers = NULL;
	const void *value;
	size_t size;

	*partition = -1;
	if (endpoint->reply_topics.n == 0 || rd_kafka_message_headers(rkm, &headers) != 0 ||
		!kafka_header_last(headers, "kafka_replyTopic", &value, &size))
		return NULL;
	for (size_t i = 0; i < endpoint->reply_topics.n; i++) {
		const char *topic = endpoint->reply_topics.items[i];

		if (strlen(topic) != size || memcmp(topic, value, size) != 0)
			continue;
		if (kafka_header_last(headers, "kafka_replyPartition", &value, &size))
			*partition = read_partition(value, size);
		return topic;
	}
	return NULL;
}

static void add_text(rd_kafka_headers_t *headers, const char *name, const char *text)
{
	char full[64];

	snprintf(full, sizeof(full), "__umbra.errors.%s", name);
	rd_kafka_header_add(headers, full, -1, text, -1);
}

static void add_number(rd_kafka_headers_t *headers, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	add_text(headers, name, text);
}

rd_kafka_headers_t *request_dead_letter_headers(const struct endpoint *endpoint,
	const rd_kafka_message_t *rkm, const char *group, const char *component,
	const struct request_error *error)
{
	rd_kafka_headers_t *headers = headers_where(rkm, endpoint, goes_with_dead_letter);

	if (!headers)
		return NULL;
	add_text(headers, "topic", rd_kafka_topic_name(rkm->rkt));
	add_number(headers, "partition", rkm->partition);
	add_number(headers, "offset", rkm->offset);
	add_number(headers, "timestamp", rd_kafka_message_timestamp(rkm, NULL));
	add_text(headers, "group", group);
	add_text(headers, "component", component);
	add_text(headers, "stage", error->stage);
	add_text(headers, "code", error->code);
	add_text(headers, "message", error->message);
	return headers;
}
