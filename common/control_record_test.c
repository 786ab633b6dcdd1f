/* Control records: written by hand, read with Avro C. */
#include "common/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/framing.h"
#include "common/schema.h"
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_ID "01234567-89ab-4def-8123-456789abcdef"

static struct control_change changes[] = {
	{OBJECT_ENDPOINT, CHANGE_PUT, "churn", "{\"name\": \"churn\"}"},
	{OBJECT_TEST, CHANGE_DELETE, "churn-v2-vs-v1", NULL},
	{OBJECT_INSTALLATION, CHANGE_PUT, "installation", ""}};

static struct control_record make(void)
{
	return (struct control_record){.generation = 7,
		.write_id = WRITE_ID,
		.author = "ada@host",
		.time_us = 1700000000000001,
		.reason = "h\xc3\xa9",
		.changes = changes,
		.n_changes = 3};
}

static void every_field_comes_back_as_it_was_written(void **state)
{
	struct control_record record = make(), read;
	char errstr[200];
	size_t size;
	void *data = control_record_encode(&record, &size);

	(void)state;
	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), 0);
	assert_int_equal(read.generation, 7);
	assert_string_equal(read.write_id, WRITE_ID);
	assert_string_equal(read.author, "ada@host");
	assert_int_equal(read.time_us, 1700000000000001);
	assert_string_equal(read.reason, "h\xc3\xa9");
	assert_int_equal(read.n_changes, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(read.changes[i].kind, changes[i].kind);
		assert_int_equal(read.changes[i].action, changes[i].action);
		assert_string_equal(read.changes[i].name, changes[i].name);
		if (changes[i].definition)
			assert_string_equal(read.changes[i].definition, changes[i].definition);
		else
			assert_null(read.changes[i].definition);
	}
	control_record_fini(&read);
	free(data);
}

static void a_record_without_changes_is_a_record(void **state)
{
	struct control_record record = make(), read;
	char errstr[200];
	size_t size;

	(void)state;
	record.n_changes = 0;

	void *data = control_record_encode(&record, &size);

	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), 0);
	assert_int_equal(read.n_changes, 0);
	control_record_fini(&read);
	control_record_fini(&read);
	free(data);
}

static void the_enums_have_the_order_of_the_schema(void **state)
{
	avro_schema_t change = avro_schema_array_items(
		avro_schema_record_field_get(schema_get("control_record")->avro, "changes"));
	avro_schema_t kind = avro_schema_record_field_get(change, "kind");
	avro_schema_t action = avro_schema_record_field_get(change, "action");

	(void)state;
	assert_string_equal(avro_schema_enum_get(kind, OBJECT_INSTALLATION), "INSTALLATION");
	assert_string_equal(avro_schema_enum_get(kind, OBJECT_ENDPOINT), "ENDPOINT");
	assert_string_equal(avro_schema_enum_get(kind, OBJECT_TEST), "TEST");
	assert_string_equal(avro_schema_enum_get(action, CHANGE_PUT), "PUT");
	assert_string_equal(avro_schema_enum_get(action, CHANGE_DELETE), "DELETE");
}

static void a_record_of_a_newer_schema_is_told_from_a_bad_one(void **state)
{
	struct control_record record = make(), read;
	char errstr[200];
	size_t size;
	uint8_t *data = control_record_encode(&record, &size);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		assert_int_equal(
			control_record_decode(data, cut, &read, errstr, sizeof(errstr)), -1);
	}
	framing_write(data, schema_get("event_tick")->fingerprint);
	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), -1);
	framing_write(data, 1);
	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), -2);
	assert_non_null(strstr(errstr, "newer"));
	assert_null(read.author);
	free(data);
}

static void assert_refused(const struct control_record *record)
{
	struct control_record read;
	char errstr[200];
	size_t size;
	void *data = control_record_encode(record, &size);

	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), -1);
	assert_null(read.changes);
	free(data);
}

static void impossible_fields_are_refused(void **state)
{
	struct control_change put = {OBJECT_TEST, CHANGE_PUT, "t", NULL};
	struct control_change del = {OBJECT_TEST, CHANGE_DELETE, "t", "{}"};
	struct control_record record = make();

	(void)state;
	record.n_changes = 1;
	record.changes = &put;
	assert_refused(&record);
	record.changes = &del;
	assert_refused(&record);
	record = make();
	record.write_id[3] = '\0';
	assert_refused(&record);
}

/* A NUL in a text would cut it short in C: "ada\0host". */
static void text_with_a_nul_is_refused(void **state)
{
	struct control_record record = make(), read;
	char errstr[200];
	size_t size;
	uint8_t *data = control_record_encode(&record, &size);
	uint8_t *at = memmem(data, size, "ada@", 4);

	(void)state;
	at[3] = '\0';
	assert_int_equal(control_record_decode(data, size, &read, errstr, sizeof(errstr)), -1);
	free(data);
}

static int free_everything(void **state)
{
	(void)state;
	schema_free_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back_as_it_was_written),
		cmocka_unit_test(a_record_without_changes_is_a_record),
		cmocka_unit_test(the_enums_have_the_order_of_the_schema),
		cmocka_unit_test(a_record_of_a_newer_schema_is_told_from_a_bad_one),
		cmocka_unit_test(impossible_fields_are_refused),
		cmocka_unit_test(text_with_a_nul_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, free_everything);
}
