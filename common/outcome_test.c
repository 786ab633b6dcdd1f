/* The words and their enums. */
#include "common/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/schema.h"
#include <cmocka.h>

static void every_word_is_parsed_to_the_outcome_that_has_it(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_parse(outcome_name((enum outcome)i)), i);
	for (int i = 0; i < ROLE_COUNT; i++)
		assert_int_equal(role_parse(role_name((enum role)i)), i);
	assert_int_equal(outcome_parse("unknown"), -1);
	assert_int_equal(outcome_parse(""), -1);
	assert_int_equal(role_parse("Shadow"), -1);
}

static void the_order_is_that_of_the_schema(void **state)
{
	avro_schema_t event = schema_get("invocation_event")->avro;
	avro_schema_t outcome = avro_schema_record_field_get(event, "outcome");
	avro_schema_t role = avro_schema_record_field_get(event, "role");

	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_string_equal(
			avro_schema_enum_get(outcome, i), outcome_name((enum outcome)i));
	for (int i = 0; i < ROLE_COUNT; i++)
		assert_string_equal(avro_schema_enum_get(role, i), role_name((enum role)i));
	assert_int_equal(avro_schema_enum_number_of_symbols(role), ROLE_COUNT);
	assert_int_equal(avro_schema_enum_number_of_symbols(outcome), OUTCOME_COUNT + 1);
	schema_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_parsed_to_the_outcome_that_has_it),
		cmocka_unit_test(the_order_is_that_of_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
