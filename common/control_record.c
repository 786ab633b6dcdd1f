/* Records of umbra.control as Avro: written straight into a buffer, read with Avro C. What they mean
 * is common/control.c's. */
#include "common/control.h"

#include "common/avro_buffer.h"
#include "common/avro_field.h"
#include "common/framing.h"
#include "common/memory.h"
#include "common/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *control_record_encode(const struct control_record *record, size_t *size)
{
	struct avro_buffer buffer = {0};

	avro_buffer_begin(&buffer, schema_get("control_record")->fingerprint);
	avro_buffer_long(&buffer, record->generation);
	avro_buffer_string(&buffer, record->write_id);
	avro_buffer_string(&buffer, record->author);
	avro_buffer_long(&buffer, record->time_us);
	avro_buffer_string(&buffer, record->reason);
	if (record->n_changes)
		avro_buffer_long(&buffer, (int64_t)record->n_changes);
	for (size_t i = 0; i < record->n_changes; i++) {
		avro_buffer_long(&buffer, record->changes[i].kind);
		avro_buffer_long(&buffer, record->changes[i].action);
		avro_buffer_string(&buffer, record->changes[i].name);
		avro_buffer_optional_string(&buffer, record->changes[i].definition);
	}
	avro_buffer_long(&buffer, 0);
	*size = buffer.size;
	if (!buffer.failed)
		return buffer.data;
	avro_buffer_fini(&buffer);
	return NULL;
}

void control_record_fini(struct control_record *record)
{
	for (size_t i = 0; i < record->n_changes; i++) {
		free(record->changes[i].name);
		free(record->changes[i].definition);
	}
	free(record->changes);
	free(record->author);
	free(record->reason);
	*record = (struct control_record){0};
}

/* A copy of a text, NULL for null. -1: a NUL within. */
static int get_string(const avro_value_t *from, const char *name, char **copy)
{
	size_t size;
	const char *text = avro_field_string(from, name, &size);

	*copy = NULL;
	if (!text)
		return 0;
	if (strlen(text) != size)
		return -1;
	*copy = strdup(text);
	memory_need(*copy);
	return 0;
}

static int get_change(const avro_value_t *from, struct control_change *change)
{
	change->kind = (enum object_kind)avro_field_enum(from, "kind");
	change->action = (enum change_action)avro_field_enum(from, "action");
	if (get_string(from, "name", &change->name) == -1 ||
		get_string(from, "definition", &change->definition) == -1)
		return -1;
	return (change->action == CHANGE_PUT) == (change->definition != NULL) ? 0 : -1;
}

static int get_changes(const avro_value_t *from, struct control_record *record)
{
	size_t n = avro_field_count(from, "changes");

	record->changes = calloc(n + 1, sizeof(*record->changes));
	memory_need(record->changes); /* a record that is passed over would be lost for good */
	for (size_t i = 0; i < n; i++) {
		avro_value_t item = avro_field_item(from, "changes", i);

		record->n_changes = i + 1;
		if (get_change(&item, &record->changes[i]) == -1)
			return -1;
	}
	return 0;
}

static int get_record(const avro_value_t *from, struct control_record *record)
{
	const char *write_id = avro_field_string(from, "write_id", NULL);

	if (strlen(write_id) != sizeof(record->write_id) - 1)
		return -1;
	memcpy(record->write_id, write_id, sizeof(record->write_id));
	record->generation = avro_field_number(from, "generation");
	record->time_us = avro_field_number(from, "time");
	if (get_string(from, "author", &record->author) == -1 ||
		get_string(from, "reason", &record->reason) == -1)
		return -1;
	return get_changes(from, record);
}

int control_record_decode(const void *data, size_t size, struct control_record *record,
	char *errstr, size_t errstr_size)
{
	const struct schema *schema = schema_get("control_record");
	avro_value_t value;
	uint64_t id;

	*record = (struct control_record){0};
	if (framing_read(data, size, &id) == FRAMING_SINGLE_OBJECT && !schema_find(id)) {
		snprintf(errstr, errstr_size, "A control record of a newer kind (%016llx)",
			(unsigned long long)id);
		return -2;
	}
	memory_need(avro_generic_value_new(schema->iface, &value) == 0);

	int rc = schema_decode(schema, data, size, &value, errstr, errstr_size);

	if (rc == 0 && get_record(&value, record) == -1) {
		snprintf(errstr, errstr_size, "A control record with a field that may not be so");
		control_record_fini(record);
		rc = -1;
	}
	avro_value_decref(&value);
	return rc;
}
