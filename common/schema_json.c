/* Records as JSON, for people: umbractl cat, capture. Fields stand in the schema's order. */
#include "common/schema.h"

#include "common/framing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *to_json(const avro_value_t *value);

static json_t *base64(const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(size / 3 * 4 + 5), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i += 3) {
		uint32_t a = data[i], b = i + 1 < size ? data[i + 1] : 0,
			 c = i + 2 < size ? data[i + 2] : 0;
		uint32_t bits = a << 16 | b << 8 | c;

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < size ? digits[bits & 63] : '=';
	}

	json_t *json = json_stringn(text, (size_t)(out - text));

	free(text);
	return json_pack("{s:o}", "base64", json);
}

static json_t *bytes_to_json(const avro_value_t *value)
{
	const void *data = NULL;
	size_t size = 0;

	avro_value_get_bytes(value, &data, &size);
	return schema_is_utf8(data, size) ? json_stringn(size ? data : "", size)
					  : base64(data, size);
}

static json_t *string_to_json(const avro_value_t *value)
{
	const char *text = "";
	size_t size = 1; /* with the NUL */

	avro_value_get_string(value, &text, &size);
	return json_stringn(text, size - 1);
}

static json_t *fixed_to_json(const avro_value_t *value)
{
	const uint8_t *data = NULL;
	size_t size = 0;
	char text[129];

	avro_value_get_fixed(value, (const void **)&data, &size);
	for (size_t i = 0; i < size && i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return json_stringn(text, size < 64 ? 2 * size : 128);
}

static json_t *enum_to_json(const avro_value_t *value)
{
	int index = 0;

	avro_value_get_enum(value, &index);
	return json_string(avro_schema_enum_get(avro_value_get_schema(value), index));
}

/* JSON has no NaN and no infinity: null. */
static json_t *real_to_json(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

static json_t *number_to_json(const avro_value_t *value)
{
	int64_t big = 0;
	int32_t small = 0;
	double real = 0;
	float single = 0;
	int boolean = 0;

	switch (avro_value_get_type(value)) {
	case AVRO_INT32:
		avro_value_get_int(value, &small);
		return json_integer(small);
	case AVRO_INT64:
		avro_value_get_long(value, &big);
		return json_integer(big);
	case AVRO_FLOAT:
		avro_value_get_float(value, &single);
		return real_to_json((double)single);
	case AVRO_DOUBLE:
		avro_value_get_double(value, &real);
		return real_to_json(real);
	case AVRO_BOOLEAN:
		avro_value_get_boolean(value, &boolean);
		return json_boolean(boolean);
	default:
		return json_null();
	}
}

static json_t *array_to_json(const avro_value_t *value)
{
	json_t *array = json_array();
	avro_value_t item;
	size_t n = 0;

	avro_value_get_size(value, &n);
	for (size_t i = 0; array && i < n; i++) {
		if (avro_value_get_by_index(value, i, &item, NULL) != 0 ||
			json_array_append_new(array, to_json(&item)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Records and maps. */
static json_t *object_to_json(const avro_value_t *value)
{
	json_t *object = json_object();
	avro_value_t item;
	const char *name;
	size_t n = 0;

	avro_value_get_size(value, &n);
	for (size_t i = 0; object && i < n; i++) {
		if (avro_value_get_by_index(value, i, &item, &name) != 0 ||
			json_object_set_new(object, name, to_json(&item)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *to_json(const avro_value_t *value)
{
	avro_value_t branch = {0};

	switch (avro_value_get_type(value)) {
	case AVRO_STRING:
		return string_to_json(value);
	case AVRO_BYTES:
		return bytes_to_json(value);
	case AVRO_FIXED:
		return fixed_to_json(value);
	case AVRO_ENUM:
		return enum_to_json(value);
	case AVRO_ARRAY:
		return array_to_json(value);
	case AVRO_RECORD:
	case AVRO_MAP:
		return object_to_json(value);
	case AVRO_UNION:
		if (avro_value_get_current_branch(value, &branch) != 0)
			return NULL;
		return to_json(&branch);
	default:
		return number_to_json(value);
	}
}

json_t *schema_to_json(const void *data, size_t size, char *errstr, size_t errstr_size)
{
	uint64_t id;
	avro_value_t value;
	const struct schema *schema = NULL;

	if (framing_read(data, size, &id) == FRAMING_SINGLE_OBJECT)
		schema = schema_find(id);
	if (!schema) {
		snprintf(errstr, errstr_size, "Not a record of a schema of ours");
		return NULL;
	}
	snprintf(errstr, errstr_size, "No memory");
	if (avro_generic_value_new(schema->iface, &value) != 0)
		return NULL;

	json_t *json = NULL;

	if (schema_decode(schema, data, size, &value, errstr, errstr_size) == 0)
		json = to_json(&value);
	avro_value_decref(&value);
	return json;
}
