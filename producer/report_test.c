#include "producer/report.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *write_with(void (*write)(const struct report *, FILE *), const struct report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	write(report, out);
	fclose(out);
	return text;
}

static void fill(struct tally *tally)
{
	struct answer_kind kind;
	tally_init(tally);
	tally_set_word(kind.variant, "churn-v1", 8);
	tally_set_word(kind.outcome, "ok", 2);
	tally_set_word(kind.status, "200", 3);
	for (int i = 0; i < 3; i++)
		tally_add_kind(tally, &kind);
	latency_add(&tally->latency, 999);
	latency_add(&tally->latency, 1500);
	latency_add(&tally->latency, 2500000);
	tally->sent = tally->acknowledged = 15;
	tally->answered = 3;
	tally->start_us = 0;
	tally->end_us = 1500000;
	tally->behind_us = 12;
	for (int i = 4; i <= 15; i++)
		tally_add_missing(tally, i, (struct origin){-1, i + 1});
}

static void the_text_tells_answers_latency_and_who_is_missing(void **state)
{
	(void)state;
	struct tally tally;
	fill(&tally);
	struct report report = {&tally, "r1", "churn.requests", "churn.csv", true, false};
	char *text = write_with(report_write_text, &report);
	assert_string_equal(text,
		"Run r1 to churn.requests: 1.50 s, 2/s\n"
		"  sent                       15\n"
		"  acknowledged               15\n"
		"  answered                    3\n"
		"  unanswered                 12\n"
		"\n"
		"  VARIANT   OUTCOME          STATUS      ANSWERS\n"
		"  churn-v1  ok                  200            3\n"
		"\n"
		"  Latency from the intended time of sending to the answer\n"
		"  p50 1.50 ms  p90 2.50 s  p99 2.50 s  p99.9 2.50 s  max 2.50 s\n"
		"  Sent at most 12 us after the intended time\n"
		"\n"
		"  Without an answer\n"
		"  r1-4  (churn.csv:5)\n  r1-5  (churn.csv:6)\n  r1-6  (churn.csv:7)\n"
		"  r1-7  (churn.csv:8)\n  r1-8  (churn.csv:9)\n  r1-9  (churn.csv:10)\n"
		"  r1-10  (churn.csv:11)\n  r1-11  (churn.csv:12)\n  r1-12  (churn.csv:13)\n"
		"  r1-13  (churn.csv:14)\n  and 2 more\n");
	free(text);
	tally_fini(&tally);
}

static void without_waiting_the_text_speaks_of_acknowledgements(void **state)
{
	(void)state;
	struct tally tally;
	tally_init(&tally);
	tally.sent = tally.refused = tally.skipped = 1;
	tally.repeated = 2;
	tally_add_missing(&tally, 1, (struct origin){-1, 2});
	struct report report = {&tally, "r1", "t", "(standard input)", false, true};
	char *text = write_with(report_write_text, &report);
	assert_string_equal(text,
		"Run r1 to t: 0.00 s, 0/s, interrupted\n"
		"  sent                        1\n"
		"  acknowledged                0\n"
		"  not acknowledged            1\n"
		"  refused                     1\n"
		"  late, repeated              2\n"
		"  bad, skipped                1\n"
		"\n"
		"  Not acknowledged\n"
		"  r1-1  ((standard input):2)\n");
	free(text);
	tally_fini(&tally);
}

static void the_json_has_the_same_facts(void **state)
{
	(void)state;
	struct tally tally;
	json_int_t sent, answered, unanswered, p50, p999, line;
	const char *id, *variant;
	fill(&tally);
	struct report report = {&tally, "r1", "churn.requests", "churn.csv", true, false};
	char *text = write_with(report_write_json, &report);
	json_t *json = json_loads(text, 0, NULL);
	assert_int_equal(json_unpack(json, "{s:I, s:I, s:I, s:{s:I, s:I}}", "sent", &sent,
				 "answered", &answered, "unanswered", &unanswered, "latency_us",
				 "p50", &p50, "p999", &p999),
		0);
	assert_int_equal(sent, 15);
	assert_int_equal(answered, 3);
	assert_int_equal(unanswered, 12);
	assert_int_equal(p50, 1500);
	assert_int_equal(p999, 2500000);
	json_t *missing = json_object_get(json, "missing");
	assert_int_equal(json_array_size(missing), 12);
	assert_int_equal(json_unpack(json_array_get(missing, 0), "{s:s, s:I}", "request_id", &id,
				 "line", &line),
		0);
	assert_string_equal(id, "r1-4");
	assert_int_equal(line, 5);
	assert_int_equal(
		json_unpack(json_object_get(json, "answers"), "[{s:s}]", "variant", &variant), 0);
	assert_string_equal(variant, "churn-v1");
	json_decref(json);
	free(text);
	tally_fini(&tally);
}

static void a_record_of_a_topic_is_named_by_partition_and_offset(void **state)
{
	(void)state;
	struct tally tally;
	json_int_t partition, offset;
	tally_init(&tally);
	tally_add_missing(&tally, 1, (struct origin){3, 0});
	struct report report = {&tally, "r1", "churn.requests", "churn.captured", true, false};
	char *text = write_with(report_write_text, &report);
	assert_non_null(strstr(text, "  r1-1  (churn.captured/3:0)\n"));
	free(text);
	text = write_with(report_write_json, &report);
	json_t *json = json_loads(text, 0, NULL);
	assert_int_equal(json_unpack(json, "{s:[{s:I, s:I}]}", "missing", "partition", &partition,
				 "offset", &offset),
		0);
	assert_int_equal(partition, 3);
	assert_int_equal(offset, 0);
	json_decref(json);
	free(text);
	tally_fini(&tally);
}

static void without_waiting_the_json_speaks_of_acknowledgements(void **state)
{
	(void)state;
	struct tally tally;
	tally_init(&tally);
	struct report report = {&tally, "r1", "t", "x.csv", false, false};
	char *text = write_with(report_write_json, &report);
	json_t *json = json_loads(text, 0, NULL);
	assert_null(json_object_get(json, "answered"));
	assert_int_equal(json_integer_value(json_object_get(json, "unacknowledged")), 0);
	assert_non_null(json_object_get(json, "acknowledgement_latency_us"));
	json_decref(json);
	free(text);
	tally_fini(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_tells_answers_latency_and_who_is_missing),
		cmocka_unit_test(without_waiting_the_text_speaks_of_acknowledgements),
		cmocka_unit_test(the_json_has_the_same_facts),
		cmocka_unit_test(a_record_of_a_topic_is_named_by_partition_and_offset),
		cmocka_unit_test(without_waiting_the_json_speaks_of_acknowledgements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
