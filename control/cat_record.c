/* One record as one line of JSON. What is one of our Avro records is decoded, JSON is embedded with
 * its own words (a number read and printed again may look different), other text is a string, and everything else {"base64": ...}. */
#include "common/schema.h"
#include "common/text.h"
#include "control/cat.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Text as a string; NULL: it is not UTF-8, or holds what JSON text cannot be read back with. */
static json_t *text_to_json(const char *data, size_t size)
{
	return memchr(data, '\0', size) ? NULL : json_stringn(data, size);
}

static json_t *base64_to_json(const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((size + 2) / 3 * 4 + 1), *out = text;
	json_t *json;

	assert(text);
	for (size_t i = 0; i < size; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;

		bits |= i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= i + 2 < size ? data[i + 2] : 0;
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < size ? digits[bits & 63] : '=';
	}
	*out = '\0';
	json = json_pack("{s:s}", "base64", text);
	free(text);
	return json;
}

static json_t *bytes_to_json(const void *data, size_t size)
{
	json_t *json;

	if (!data)
		return json_null();
	json = text_to_json(data, size);
	return json ? json : base64_to_json(data, size);
}

static bool is_json(const char *data, size_t size)
{
	json_t *json = NULL;

	if (size > 0 && (*data == '{' || *data == '['))
		json = json_loadb(
			data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	json_decref(json);
	return json != NULL;
}

/* Valid JSON without the white space between its words. */
static void print_json(const char *data, size_t size)
{
	bool in_string = false;

	for (size_t i = 0; i < size; i++) {
		if (in_string || !strchr(" \t\r\n", data[i]))
			putchar(data[i]);
		if (in_string && data[i] == '\\')
			putchar(data[++i]);
		else if (data[i] == '"')
			in_string = !in_string;
	}
}

static void print_value(const void *data, size_t size)
{
	char why[256];
	json_t *json = data ? schema_to_json(data, size, why, sizeof(why)) : NULL;

	if (!json && data && is_json(data, size)) {
		print_json(data, size);
		return;
	}
	if (!json)
		json = bytes_to_json(data, size);
	json_dumpf(json, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	json_decref(json);
}

/* A list of [name, value], because names repeat and their order counts. */
static json_t *headers_to_json(const rd_kafka_message_t *rkm)
{
	rd_kafka_headers_t *headers;
	json_t *list = json_array();
	const char *name;
	const void *value;
	size_t size;

	if (rd_kafka_message_headers(rkm, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return list;
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; i++)
		json_array_append_new(list,
			json_pack("[o, o]", bytes_to_json(name, strlen(name)),
				bytes_to_json(value, size)));
	return list;
}

void cat_print_record(const rd_kafka_message_t *rkm)
{
	char time[TEXT_MAX];
	int64_t timestamp_ms = rd_kafka_message_timestamp(rkm, NULL);
	json_t *json = json_object(); /* all but the value */

	json_object_set_new(json, "partition", json_integer(rkm->partition));
	json_object_set_new(json, "offset", json_integer(rkm->offset));
	json_object_set_new(json, "timestamp",
		timestamp_ms < 0 ? json_null()
				 : json_string(text_format_time(timestamp_ms * 1000, time)));
	json_object_set_new(json, "key", bytes_to_json(rkm->key, rkm->key_len));
	json_object_set_new(json, "headers", headers_to_json(rkm));
	putchar('{');
	json_dumpf(json, stdout, JSON_COMPACT | JSON_EMBED);
	fputs(",\"value\":", stdout);
	print_value(rkm->payload, rkm->len);
	fputs("}\n", stdout);
	json_decref(json);
}
