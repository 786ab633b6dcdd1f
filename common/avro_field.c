/* Getters over Avro C's values, whose errors can only be bugs here. */
#include "common/avro_field.h"

#include <assert.h>

avro_value_t avro_field(const avro_value_t *record, const char *name)
{
	avro_value_t value = {0}, branch = {0};
	int rc = avro_value_get_by_name(record, name, &value, NULL);

	assert(rc == 0 && value.iface);
	if (avro_value_get_type(&value) != AVRO_UNION)
		return value;
	rc = avro_value_get_current_branch(&value, &branch);
	assert(rc == 0 && branch.iface);
	return branch;
}

int64_t avro_field_number(const avro_value_t *record, const char *name)
{
	avro_value_t value = avro_field(record, name);
	int32_t small = 0;
	int64_t number = 0;

	if (avro_value_get_type(&value) == AVRO_INT32) {
		avro_value_get_int(&value, &small);
		return small;
	}

	if (avro_value_get_type(&value) == AVRO_BOOLEAN) {
		int truth = 0;

		avro_value_get_boolean(&value, &truth);
		return truth;
	}

	int rc = avro_value_get_long(&value, &number);

	assert(rc == 0);
	return number;
}

int avro_field_enum(const avro_value_t *record, const char *name)
{
	avro_value_t value = avro_field(record, name);
	int index = 0;
	int rc = avro_value_get_enum(&value, &index);

	assert(rc == 0);
	return index;
}

const char *avro_field_string(const avro_value_t *record, const char *name, size_t *size)
{
	avro_value_t value = avro_field(record, name);
	const char *text = NULL;
	size_t with_nul = 1;

	if (avro_value_get_type(&value) != AVRO_NULL) {
		int rc = avro_value_get_string(&value, &text, &with_nul);

		assert(rc == 0 && text);
	}
	if (size)
		*size = with_nul - 1;
	return text;
}

/* bytes and fixed. */
const void *avro_field_bytes(const avro_value_t *record, const char *name, size_t *size)
{
	avro_value_t value = avro_field(record, name);
	const void *data = NULL;
	int rc = 0;

	*size = 0;
	if (avro_value_get_type(&value) == AVRO_NULL)
		return NULL;
	if (avro_value_get_type(&value) == AVRO_FIXED)
		rc = avro_value_get_fixed(&value, &data, size);
	else
		rc = avro_value_get_bytes(&value, &data, size);
	assert(rc == 0);
	return data ? data : "";
}

size_t avro_field_count(const avro_value_t *record, const char *name)
{
	avro_value_t list = avro_field(record, name);
	size_t n = 0;
	int rc = avro_value_get_size(&list, &n);

	assert(rc == 0);
	return n;
}

avro_value_t avro_field_item(const avro_value_t *record, const char *name, size_t i)
{
	avro_value_t list = avro_field(record, name), item = {0};
	int rc = avro_value_get_by_index(&list, i, &item, NULL);

	assert(rc == 0 && item.iface);
	return item;
}
