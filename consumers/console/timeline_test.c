/* Who changed what, when and why, the newest first. */
#include "consumers/console/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static void note(struct timeline *timeline, int64_t generation, const char *name, bool is_delete)
{
	char definition[] = "{\"name\": \"x\"}";
	struct control_change change = {.kind = OBJECT_TEST,
		.name = (char *)name,
		.action = is_delete ? CHANGE_DELETE : CHANGE_PUT,
		.definition = is_delete ? NULL : definition};
	struct control_record record = {.generation = generation,
		.author = (char *)"ann",
		.reason = (char *)"because",
		.changes = &change,
		.n_changes = 1};
	timeline_note(timeline, &record, generation * SECOND);
}

static const char *text_at(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static int64_t generation_at(const json_t *list, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(list, i), "generation"));
}

static void the_newest_is_told_first_with_who_when_and_why(void **opaque)
{
	struct timeline *timeline = timeline_new();
	(void)opaque;
	note(timeline, 1, "a", false);
	note(timeline, 2, "a", true);
	json_t *list = timeline_to_json(timeline, NULL, 10);
	assert_int_equal(2, json_array_size(list));
	assert_int_equal(2, generation_at(list, 0));
	assert_string_equal("ann", text_at(list, 0, "who"));
	assert_string_equal("because", text_at(list, 0, "why"));
	assert_string_equal("1970-01-01T00:00:02Z", text_at(list, 0, "time"));
	json_t *deleted = json_object_get(json_array_get(list, 0), "changes");
	assert_string_equal("delete", text_at(deleted, 0, "action"));
	assert_true(json_is_null(json_object_get(json_array_get(deleted, 0), "definition")));
	json_t *put = json_object_get(json_array_get(list, 1), "changes");
	assert_string_equal("put", text_at(put, 0, "action"));
	assert_true(json_is_object(json_object_get(json_array_get(put, 0), "definition")));
	json_decref(list);
	timeline_free(timeline);
}

static void one_object_has_its_own_history_and_a_limit_cuts_the_oldest(void **opaque)
{
	struct timeline *timeline = timeline_new();
	(void)opaque;
	for (int64_t i = 1; i <= 10; i++)
		note(timeline, i, i % 2 ? "odd" : "even", false);
	json_t *list = timeline_to_json(timeline, "odd", 3);
	assert_int_equal(3, json_array_size(list));
	assert_int_equal(9, generation_at(list, 0));
	assert_int_equal(5, generation_at(list, 2));
	json_decref(list);
	list = timeline_to_json(timeline, "none", 3);
	assert_int_equal(0, json_array_size(list));
	json_decref(list);
	timeline_free(timeline);
}

static void every_generation_keeps_its_time_though_only_the_newest_are_told(void **opaque)
{
	enum { MANY = 6000, TOLD = 5000 };
	struct timeline *timeline = timeline_new();
	(void)opaque;
	for (int64_t i = 1; i <= MANY; i++)
		note(timeline, 2 * i, "a", true);
	assert_int_equal(2 * SECOND, timeline_time(timeline, 2));
	assert_int_equal(2 * MANY * SECOND, timeline_time(timeline, 2 * MANY));
	assert_int_equal(0, timeline_time(timeline, 3));
	assert_int_equal(0, timeline_time(timeline, 2 * MANY + 2));
	json_t *list = timeline_to_json(timeline, NULL, MANY);
	assert_int_equal(TOLD, json_array_size(list));
	assert_int_equal(2 * MANY, generation_at(list, 0));
	json_decref(list);
	timeline_free(timeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_is_told_first_with_who_when_and_why),
		cmocka_unit_test(one_object_has_its_own_history_and_a_limit_cuts_the_oldest),
		cmocka_unit_test(every_generation_keeps_its_time_though_only_the_newest_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
