#include "consumers/shadow/copy.h"
#include "common/kafka.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

/* The headers come from a topic that others may write to: each is bounded and checked. */
static int read_text(const rd_kafka_headers_t *headers, const char *name, char *text, size_t size)
{
	const void *value;
	size_t value_size;
	if (!headers || !kafka_header_last(headers, name, &value, &value_size) ||
		!text_is_visible(value, value_size, size - 1))
		return -1;
	memcpy(text, value, value_size);
	text[value_size] = 0;
	return 0;
}

static int read_number(const rd_kafka_headers_t *headers, const char *name, int64_t *number)
{
	char text[24];
	return read_text(headers, name, text, sizeof text) || text_parse_int(text, number) ? -1 : 0;
}

static int read_role(const rd_kafka_headers_t *headers, enum role *role)
{
	char text[24];
	if (read_text(headers, "umbra-role", text, sizeof text))
		return -1;
	int parsed = role_parse(text);
	if (parsed != ROLE_SHADOW && parsed != ROLE_BASELINE)
		return -1;
	*role = (enum role)parsed;
	return 0;
}

/* TOPIC/PARTITION/OFFSET, read from its end: a topic's name has no slash. */
static int read_source(const rd_kafka_headers_t *headers, struct copy *copy)
{
	char text[300];
	int64_t partition;
	if (read_text(headers, "umbra-source", text, sizeof text))
		return -1;
	char *offset = strrchr(text, '/');
	if (!offset)
		return -1;
	*offset++ = 0;
	char *number = strrchr(text, '/');
	if (!number)
		return -1;
	*number++ = 0;
	if (text_parse_int(number, &partition) || text_parse_int(offset, &copy->source_offset) ||
		partition < 0 || partition > INT32_MAX || copy->source_offset < 0 || !text[0] ||
		strlen(text) >= sizeof copy->source_topic)
		return -1;
	copy->source_partition = (int32_t)partition;
	memcpy(copy->source_topic, text, strlen(text) + 1);
	return 0;
}

static const char *broken_header(const rd_kafka_headers_t *headers, struct copy *copy)
{
	if (read_text(headers, "umbra-request-id", copy->request_id, sizeof copy->request_id))
		return "umbra-request-id";
	if (read_text(headers, "umbra-endpoint", copy->endpoint, sizeof copy->endpoint))
		return "umbra-endpoint";
	if (read_text(headers, "umbra-test", copy->test, sizeof copy->test))
		return "umbra-test";
	if (read_text(headers, "umbra-variant", copy->variant, sizeof copy->variant))
		return "umbra-variant";
	if (read_role(headers, &copy->role))
		return "umbra-role";
	if (read_source(headers, copy))
		return "umbra-source";
	if (read_number(headers, "umbra-epoch", &copy->epoch))
		return "umbra-epoch";
	if (read_number(headers, "umbra-generation", &copy->generation))
		return "umbra-generation";
	if (read_number(headers, "umbra-time", &copy->time_us))
		return "umbra-time";
	return NULL;
}

int copy_decode(
	const rd_kafka_headers_t *headers, struct copy *copy, char *errstr, size_t errstr_size)
{
	memset(copy, 0, sizeof *copy);
	const char *broken = broken_header(headers, copy);
	if (!broken)
		return 0;
	snprintf(errstr, errstr_size, "header %s is missing or broken", broken);
	return -1;
}
