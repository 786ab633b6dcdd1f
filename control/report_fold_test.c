/* The report as promises: records of umbra.aggregates in, numbers out. */
#include "common/schema.h"
#include "control/report.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW_US = 10000000 };

/* A record; what is not set is 0. */
struct window {
	const char *test, *variant;
	enum role role;
	int number; /* of the window */
	int partition;
	bool is_provisional, is_unwritten;
	int64_t invocations, sampled, paired, compared, match, lost, pending, wrong_decisions;
	int64_t latency_us; /* of each compared request of the arm; production's is 1000 */
};

static char errstr[300];

static const struct report_query all = {
	.endpoint = "e", .test = "t", .from_us = 0, .to_us = INT64_MAX};

static void write_counts(struct avro_buffer *buffer, const char *name, int64_t n)
{
	if (n) {
		avro_buffer_long(buffer, 1);
		avro_buffer_string(buffer, name);
		avro_buffer_long(buffer, n);
	}
	avro_buffer_long(buffer, 0);
}

static void write_latency(struct avro_buffer *buffer, int64_t us, int64_t n)
{
	struct histogram histogram = {0};
	for (int64_t i = 0; i < n; i++)
		histogram_record(&histogram, us);
	histogram_write(&histogram, buffer);
	histogram_fini(&histogram);
}

/* Field by field in the schema's order. */
static void write_window(struct avro_buffer *buffer, const struct window *window)
{
	avro_buffer_begin(buffer, schema_get("window_aggregate")->fingerprint);
	avro_buffer_string(buffer, "e");
	avro_buffer_optional_string(buffer, window->test);
	avro_buffer_string(buffer, window->variant);
	avro_buffer_long(buffer, window->role);
	avro_buffer_long(buffer, (int64_t)window->number * WINDOW_US);
	avro_buffer_long(buffer, WINDOW_US);
	avro_buffer_long(buffer, window->partition);
	avro_buffer_fixed(buffer, window->is_provisional ? "\1" : "\0", 1);
	avro_buffer_long(buffer, window->invocations);
	write_counts(buffer, "ok", window->invocations);
	avro_buffer_long(buffer, window->sampled);
	avro_buffer_long(buffer, window->paired);
	avro_buffer_long(buffer, window->compared);
	avro_buffer_long(buffer, window->match);
	avro_buffer_long(buffer, window->compared - window->match);
	write_counts(buffer, "candidate_failed", window->paired - window->compared);
	write_counts(buffer, "shed", window->lost);
	avro_buffer_long(buffer, window->pending);
	avro_buffer_long(buffer, 0); /* late */
	avro_buffer_long(buffer, 0); /* unsolicited */
	avro_buffer_long(buffer, window->wrong_decisions);
	for (int i = 0; i < 3; i++)
		avro_buffer_long(buffer, 0); /* given up, bytes */
	write_latency(buffer, 1000, window->invocations);
	avro_buffer_long(buffer, 0); /* no overhead latency */
	avro_buffer_long(buffer, 0); /* no queue */
	write_latency(buffer, window->latency_us, window->compared);
	write_latency(buffer, 1000, window->compared);
	write_latency(buffer, window->latency_us - 1000, window->compared);
	avro_buffer_long(buffer, 0); /* no difference of numbers */
	avro_buffer_long(buffer, 0); /* no labels */
	avro_buffer_long(buffer, 0); /* no examples */
	for (int i = 0; i < 10; i++)
		avro_buffer_long(buffer, 0); /* no truth */
	avro_buffer_long(buffer, 0); /* no decisions */
	avro_buffer_long(buffer, 0);
	avro_buffer_long(buffer, window->is_unwritten);
}

static void take(struct report_fold *fold, const char *key, const struct window *window)
{
	struct avro_buffer buffer = {0};
	write_window(&buffer, window);
	if (report_fold_take(
		    fold, key, strlen(key), buffer.data, buffer.size, errstr, sizeof errstr))
		fail_msg("%s", errstr);
	avro_buffer_fini(&buffer);
}

static struct window shadow_window(int number, int partition)
{
	return (struct window){.test = "t",
		.variant = "v2",
		.role = ROLE_SHADOW,
		.number = number,
		.partition = partition,
		.invocations = 4,
		.sampled = 5,
		.paired = 4,
		.compared = 3,
		.match = 2,
		.lost = 1,
		.latency_us = 2000};
}

static const struct aggregate *ended_arm(struct report_fold *fold)
{
	report_fold_end(fold);
	const struct aggregate *arm = report_arm(fold, ROLE_SHADOW, "v2");
	assert_non_null(arm);
	return arm;
}

static void windows_and_partitions_add_up(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	for (int i = 0; i < 12; i++)
		take(fold, "k", &(struct window){.variant = "v1", .number = i, .invocations = 10});
	for (int i = 0; i < 2000; i++) {
		struct window window = shadow_window(i / 2, i % 2);
		take(fold, "k", &window);
	}
	const struct aggregate *arm = ended_arm(fold);
	assert_int_equal(arm->sampled, 10000);
	assert_int_equal(arm->compared, 6000);
	assert_int_equal(arm->match, 4000);
	assert_int_equal(counts_of(&arm->losses, "shed"), 2000);
	assert_int_equal(counts_of(&arm->not_comparable, "candidate_failed"), 2000);
	assert_int_equal(arm->compared_latency.count, 6000);
	assert_int_equal(report_arm(fold, ROLE_PRODUCTION, "v1")->invocations, 120);
	report_fold_free(fold);
}

static void a_final_record_counts_once_however_often_it_was_written(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window window = shadow_window(1, 0);
	for (int i = 0; i < 3; i++)
		take(fold, "final", &window);
	assert_int_equal(ended_arm(fold)->sampled, 5);
	report_fold_free(fold);
}

static void of_provisional_records_the_last_counts_and_none_beside_the_final_one(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window open = shadow_window(3, 0), closed = shadow_window(2, 0);
	open.is_provisional = closed.is_provisional = true;
	open.sampled = 1;
	take(fold, "open", &open);
	open.sampled = 2;
	take(fold, "open", &open);
	take(fold, "closed", &closed);
	closed.is_provisional = false;
	closed.sampled = 7;
	take(fold, "final", &closed);
	closed.is_provisional = true; /* of a process that did not know */
	closed.sampled = 100;
	take(fold, "closed", &closed);
	const struct aggregate *arm = ended_arm(fold);
	assert_int_equal(arm->sampled, 9);
	assert_true(arm->is_provisional);
	report_fold_free(fold);
}

static void a_tombstone_takes_back_what_its_key_said(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window one = shadow_window(1, 0), other = shadow_window(2, 0);
	one.is_provisional = other.is_provisional = true;
	take(fold, "one", &one);
	take(fold, "other", &other);
	assert_int_equal(report_fold_take(fold, "one", 3, NULL, 0, errstr, sizeof errstr), 0);
	assert_int_equal(ended_arm(fold)->sampled, 5);
	report_fold_free(fold);
}

static int64_t missing(const struct report_fold *fold)
{
	const struct aggregate *row = report_arm(fold, ROLE_PRODUCTION, "");
	return row ? row->unwritten_windows : 0;
}

/* A process that published them died, and their events were deleted before they were read again. */
static void of_a_window_that_is_missing_no_provisional_record_counts(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window open[] = {shadow_window(1, 0), shadow_window(2, 0), shadow_window(2, 1)};
	for (size_t i = 0; i < 3; i++) {
		open[i].is_provisional = true;
		take(fold, "k", &open[i]);
	}
	take(fold, "u", &(struct window){.variant = "", .number = 2, .is_unwritten = true});
	/* Of partition 0 the window 1 did not close before 2; partition 1 tells nothing. */
	assert_int_equal(ended_arm(fold)->sampled, 5);
	assert_int_equal(missing(fold), 2);
	report_fold_free(fold);
}

static void what_is_pending_in_a_closed_window_is_accounted_for_by_nobody(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window closed = shadow_window(1, 0), open = shadow_window(2, 0);
	closed.pending = open.pending = 1;
	closed.lost = open.lost = 0;
	open.is_provisional = true;
	take(fold, "closed", &closed);
	take(fold, "open", &open);
	const struct aggregate *arm = ended_arm(fold);
	assert_int_equal(arm->pending, 1);
	assert_int_equal(arm->sampled, arm->paired + arm->pending + 1);
	report_fold_free(fold);
}

static void tell_clock(
	struct report_fold *fold, int32_t partition, int64_t clock_s, int64_t final_s)
{
	struct avro_buffer buffer = {0};
	struct partition_clock clock = {partition, clock_s * 1000000, final_s * 1000000};
	partition_clock_write(&clock, &buffer);
	if (report_fold_take(fold, "c", 1, buffer.data, buffer.size, errstr, sizeof errstr))
		fail_msg("%s", errstr);
	avro_buffer_fini(&buffer);
}

static struct report_progress progress_of(const struct report_fold *fold, int64_t to_s)
{
	struct report_progress progress;
	const struct report report = {
		.fold = fold, .partitions = 2, .query = {.to_us = to_s * 1000000}};
	report_progress(&report, &progress);
	return progress;
}

static void numbers_are_complete_as_far_as_all_partitions_are(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	assert_true(progress_of(fold, 50).newest_us == REPORT_UNTOLD);
	tell_clock(fold, 1, 100, 30);
	struct report_progress one = progress_of(fold, 50);
	assert_true(one.counted_us == REPORT_UNTOLD && one.final_us == REPORT_UNTOLD);
	tell_clock(fold, 0, 90, 70);
	tell_clock(fold, 0, 80, 60); /* of one that stalled */
	struct report_progress both = progress_of(fold, 20);
	assert_int_equal(both.counted_us, 90000000);
	assert_int_equal(both.final_us, 30000000);
	assert_true(both.is_final);
	assert_false(progress_of(fold, 21).is_final); /* a window of 10 s may begin at 20 */
	report_fold_free(fold);
}

static char *alarm_of(const struct report_fold *fold, int64_t to_s)
{
	const struct report report = {
		.fold = fold, .partitions = 2, .query = {.to_us = to_s * 1000000}};
	return report_alarm(&report, 0);
}

static void a_partition_that_lags_behind_the_others_is_an_alarm(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	tell_clock(fold, 0, 500, 0);
	assert_null(alarm_of(fold, 1000));
	tell_clock(fold, 1, 440, 0);
	assert_null(alarm_of(fold, 1000)); /* silent ones have a tick every 20 s */
	tell_clock(fold, 0, 501, 0);
	assert_null(alarm_of(fold, 450)); /* it is beyond what was asked for */
	char *alarm = alarm_of(fold, 1000);
	assert_non_null(
		strstr(alarm, "partition 1 of umbra.events is counted up to 1970-01-01T00:07:20Z"));
	free(alarm);
	report_fold_free(fold);
}

static void a_window_that_the_clock_has_passed_without_a_final_record_is_missing(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window closed = shadow_window(1, 0), open = shadow_window(2, 0);
	closed.is_provisional = open.is_provisional = true;
	take(fold, "a", &closed);
	take(fold, "b", &open);
	tell_clock(fold, 0, 40, 20);
	assert_int_equal(ended_arm(fold)->sampled, 5);
	assert_int_equal(missing(fold), 1);
	report_fold_free(fold);
}

static void a_window_that_closed_without_a_final_record_is_missing(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct window lost = shadow_window(1, 0), production = {.variant = "v1", .number = 1};
	struct window later = shadow_window(2, 0), of_another = {.variant = "v1", .number = 3};
	lost.is_provisional = production.is_provisional = later.is_provisional = true;
	of_another.test = "another";
	take(fold, "a", &lost);
	take(fold, "b", &production);
	later.number = 3;
	take(fold, "c", &later);
	take(fold, "d", &of_another); /* whatever is final tells how far the partition is */
	assert_int_equal(ended_arm(fold)->sampled, 5);
	assert_true(report_arm(fold, ROLE_SHADOW, "v2")->is_provisional);
	assert_int_equal(missing(fold), 1);
	report_fold_free(fold);
}

static void other_tests_endpoints_and_times_do_not_count(void **state)
{
	(void)state;
	struct report_query query = all;
	query.from_us = 2 * WINDOW_US;
	query.to_us = 4 * WINDOW_US;
	struct report_fold *fold = report_fold_new(&query);
	for (int i = 0; i < 10; i++) {
		struct window window = shadow_window(i, 0);
		take(fold, "k", &window);
		window.test = "another";
		take(fold, "k", &window);
	}
	assert_int_equal(ended_arm(fold)->sampled, 10);
	assert_int_equal(report_rows(fold), 1);
	report_fold_free(fold);
}

static void bytes_that_are_no_window_are_refused(void **state)
{
	(void)state;
	struct report_fold *fold = report_fold_new(&all);
	struct avro_buffer buffer = {0};
	struct window window = shadow_window(1, 0);
	write_window(&buffer, &window);
	for (size_t size = 0; size < buffer.size; size++)
		assert_int_equal(
			report_fold_take(fold, "k", 1, buffer.data, size, errstr, sizeof errstr),
			-1);
	avro_buffer_fini(&buffer);
	window.sampled = -1;
	write_window(&buffer, &window);
	assert_int_equal(
		report_fold_take(fold, "k", 1, buffer.data, buffer.size, errstr, sizeof errstr),
		-1);
	avro_buffer_fini(&buffer);
	report_fold_end(fold);
	assert_int_equal(report_rows(fold), 0);
	report_fold_free(fold);
}

static struct variant production = {.name = (char[]){"v1"}}, shadow = {.name = (char[]){"v2"}};
static const struct endpoint endpoint = {.name = "e", .variants = &production, .n_variants = 1};
static const struct test test = {
	.name = "t", .endpoint = "e", .generation = 3, .variants = &shadow, .n_variants = 1};

static struct report report_of(const struct window *window)
{
	struct report_fold *fold = report_fold_new(&all);
	take(fold, "p", &(struct window){.variant = "v1", .number = 1, .invocations = 10});
	take(fold, "k", window);
	report_fold_end(fold);
	return (struct report){.test = &test,
		.endpoint = &endpoint,
		.state = "running",
		.query = {.endpoint = "e", .test = "t", .to_us = WINDOW_US},
		.fold = fold,
		.least = 3};
}

static void end(struct report *report)
{
	report_fold_free((struct report_fold *)(uintptr_t)report->fold);
}

static void a_sound_report_has_no_alarm_and_says_whether_it_is_enough(void **state)
{
	(void)state;
	struct window window = shadow_window(1, 0);
	struct report report = report_of(&window);
	assert_null(report_alarm(&report, 0));
	assert_true(report_is_enough(&report));
	report.least = 4;
	assert_false(report_is_enough(&report));
	end(&report);
}

static void books_that_do_not_close_and_wrong_decisions_are_alarms(void **state)
{
	(void)state;
	struct window window = shadow_window(1, 0);
	window.sampled = 6;
	window.wrong_decisions = 2;
	struct report report = report_of(&window);
	char *first = report_alarm(&report, 0), *second = report_alarm(&report, 1);
	assert_string_equal(
		first, "the books of v2 do not close: 6 copies were sampled, 5 are accounted for");
	assert_string_equal(second, "2 sampling decisions are not what their hash says (v2)");
	assert_null(report_alarm(&report, 2));
	free(first);
	free(second);
	end(&report);
}

static void the_json_has_both_arms_for_the_same_requests(void **state)
{
	(void)state;
	struct window window = shadow_window(1, 0);
	struct report report = report_of(&window);
	json_t *json = report_to_json(&report), *variants = json_object_get(json, "variants");
	const char *const names[] = {"v1", "v2", "v1", "v2"};
	const char *const populations[] = {"all", "all", "compared", "compared"};
	const int64_t invocations[] = {10, 4, 3, 3};
	assert_int_equal(json_array_size(variants), 4);
	for (size_t i = 0; i < 4; i++) {
		const json_t *one = json_array_get(variants, i);
		assert_string_equal(json_string_value(json_object_get(one, "name")), names[i]);
		assert_string_equal(
			json_string_value(json_object_get(one, "population")), populations[i]);
		assert_int_equal(
			json_integer_value(json_object_get(one, "invocations")), invocations[i]);
	}
	const json_t *latency = json_object_get(json_array_get(variants, 3), "model_latency_us");
	assert_int_equal(json_integer_value(json_object_get(latency, "max")), 2000);
	assert_true(json_is_null(
		json_object_get(json_object_get(json_array_get(variants, 0), "queue_us"), "p50")));
	json_decref(json);
	end(&report);
}

static void every_variant_in_the_json_has_every_key_of_the_contract(void **state)
{
	static const char *const keys[] = {"name", "role", "population", "invocations", "outcomes",
		"model_latency_us", "overhead_latency_us", "queue_us"};
	static const char *const numbers[] = {
		"count", "min", "mean", "p50", "p90", "p99", "p999", "max"};
	(void)state;
	struct window window = shadow_window(1, 0);
	struct report report = report_of(&window);
	json_t *json = report_to_json(&report), *variants = json_object_get(json, "variants");
	for (size_t i = 0; i < json_array_size(variants); i++) {
		const json_t *one = json_array_get(variants, i);
		for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++)
			assert_non_null(json_object_get(one, keys[j]));
		for (size_t j = 5; j < sizeof keys / sizeof keys[0]; j++)
			for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
				assert_non_null(
					json_object_get(json_object_get(one, keys[j]), numbers[k]));
	}
	json_decref(json);
	end(&report);
}

static void enough_is_enough_also_by_window(void **state)
{
	(void)state;
	struct report_query query = all;
	query.by_window = true;
	struct report_fold *fold = report_fold_new(&query);
	for (int i = 0; i < 4; i++) {
		struct window window = shadow_window(i, 0);
		take(fold, "k", &window);
	}
	report_fold_end(fold);
	struct report report = {.test = &test, .fold = fold, .query = query, .least = 12};
	assert_true(report_is_enough(&report));
	report.least = 13;
	assert_false(report_is_enough(&report));
	report_fold_free(fold);
}

static char *printed(const struct report *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	if (report->query.by_window)
		report_print_csv(report->fold, out);
	else
		report_print(report, out);
	fclose(out);
	return text;
}

static void people_see_the_same_requests_side_by_side(void **state)
{
	(void)state;
	struct window window = shadow_window(1, 0);
	struct report report = report_of(&window);
	char *text = printed(&report);
	assert_non_null(strstr(text, "model latency p50"));
	assert_non_null(strstr(text, "+100.0 %"));
	assert_non_null(strstr(text,
		"66.67 %: 2 of 3 compared answers match; "
		"not comparable (candidate_failed 1)"));
	assert_non_null(strstr(text, "sampled 5 = paired 4 + lost 1 (shed 1) + pending 0"));
	assert_null(strstr(text, "ALARM"));
	free(text);
	end(&report);
}

static void csv_has_a_line_for_each_window_and_arm_in_order(void **state)
{
	(void)state;
	struct report_query query = all;
	query.by_window = true;
	struct report report = {.query = query};
	struct report_fold *fold = report_fold_new(&query);
	for (int i = 3; i-- > 0;)
		for (int partition = 0; partition < 2; partition++) {
			struct window window = shadow_window(i, partition);
			take(fold, "k", &window);
		}
	report_fold_end(fold);
	report.fold = fold;
	char *text = printed(&report);
	assert_int_equal(report_rows(fold), 3);
	assert_non_null(
		strstr(text, "\n1970-01-01T00:00:10Z,t,v2,shadow,false,8,8,10,8,2,0,6,4,2,"));
	assert_true(strstr(text, "T00:00:00Z") < strstr(text, "T00:00:10Z"));
	free(text);
	report_fold_free(fold);
}

static void rows_by_window_are_whole_beyond_any_number_of_them(void **state)
{
	enum { WINDOWS = 3000, PARTITIONS = 3 };
	(void)state;
	struct report_query query = all;
	query.by_window = true;
	struct report_fold *fold = report_fold_new(&query);
	for (int partition = 0; partition < PARTITIONS; partition++)
		for (int i = 0; i < WINDOWS; i++) {
			struct window window = shadow_window(i, partition);
			take(fold, "k", &window);
		}
	report_fold_end(fold);
	assert_int_equal(report_rows(fold), WINDOWS);
	for (int i = 0; i < WINDOWS; i++) {
		const struct aggregate *row = report_row(fold, (size_t)i);
		assert_int_equal(row->window_start_us, (int64_t)i * WINDOW_US);
		assert_int_equal(row->sampled, 5 * PARTITIONS);
		assert_int_equal(row->compared_latency.count, 3 * PARTITIONS);
	}
	report_fold_free(fold);
}

static int free_schemas(void **state)
{
	(void)state;
	schema_free_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_and_partitions_add_up),
		cmocka_unit_test(a_final_record_counts_once_however_often_it_was_written),
		cmocka_unit_test(
			of_provisional_records_the_last_counts_and_none_beside_the_final_one),
		cmocka_unit_test(a_tombstone_takes_back_what_its_key_said),
		cmocka_unit_test(of_a_window_that_is_missing_no_provisional_record_counts),
		cmocka_unit_test(what_is_pending_in_a_closed_window_is_accounted_for_by_nobody),
		cmocka_unit_test(numbers_are_complete_as_far_as_all_partitions_are),
		cmocka_unit_test(a_partition_that_lags_behind_the_others_is_an_alarm),
		cmocka_unit_test(
			a_window_that_the_clock_has_passed_without_a_final_record_is_missing),
		cmocka_unit_test(a_window_that_closed_without_a_final_record_is_missing),
		cmocka_unit_test(other_tests_endpoints_and_times_do_not_count),
		cmocka_unit_test(bytes_that_are_no_window_are_refused),
		cmocka_unit_test(a_sound_report_has_no_alarm_and_says_whether_it_is_enough),
		cmocka_unit_test(books_that_do_not_close_and_wrong_decisions_are_alarms),
		cmocka_unit_test(the_json_has_both_arms_for_the_same_requests),
		cmocka_unit_test(every_variant_in_the_json_has_every_key_of_the_contract),
		cmocka_unit_test(enough_is_enough_also_by_window),
		cmocka_unit_test(people_see_the_same_requests_side_by_side),
		cmocka_unit_test(csv_has_a_line_for_each_window_and_arm_in_order),
		cmocka_unit_test(rows_by_window_are_whole_beyond_any_number_of_them),
	};
	return cmocka_run_group_tests(tests, NULL, free_schemas);
}
