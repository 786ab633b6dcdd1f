/* Prometheus' text format: what is a sample is taken, what is not is skipped. */
#include "common/exposition.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Each sample as "name{labels} value" in one text, a ^ behind counters. */
struct written {
	char text[4096];
	size_t skipped;
};

static void write_sample(void *opaque, const struct exposition_sample *sample)
{
	struct written *written = opaque;
	size_t size = strlen(written->text);

	snprintf(written->text + size, sizeof written->text - size, "%.*s{%.*s} %g%s\n",
		(int)sample->name_size, sample->name, (int)sample->labels_size, sample->labels,
		sample->value, sample->is_counter ? "^" : "");
}

static struct written read_page(const char *page)
{
	struct written written = {.text = ""};

	written.skipped = exposition_read(page, strlen(page), write_sample, &written);
	return written;
}

static void each_line_is_a_sample_a_comment_or_skipped(void **opaque)
{
	static const struct {
		const char *line, *sample; /* NULL: it is skipped */
	} lines[] = {
		{"a 1", "a{} 1\n"},
		{"a:b_9 1.5e3", "a:b_9{} 1500\n"},
		{" \t a\t-2 ", "a{} -2\n"},
		{"a{} 1", "a{} 1\n"},
		{"a { b = \"c\" , } 1", "a{ b = \"c\" , } 1\n"},
		{"a{b=\"}\\\"\\\\\"} 1", "a{b=\"}\\\"\\\\\"} 1\n"},
		{"a{b=\"\"} 1 1700000000000", "a{b=\"\"} 1\n"},
		{"a +Inf -5", "a{} inf\n"},
		{"a -Inf", "a{} -inf\n"},
		{"", ""},
		{"   ", ""},
		{"#", ""},
		{"# HELP a b", ""},
		{"# EOF", ""},
		{"a", NULL},
		{"1 1", NULL},
		{"a x", NULL},
		{"a 0x10", NULL},
		{"a 1 2 3", NULL},
		{"a 1 x", NULL},
		{"a 1 -", NULL},
		{"a 1e", NULL},
		{"a{b} 1", NULL},
		{"a{b=c} 1", NULL},
		{"a{b=\"c} 1", NULL},
		{"a{b=\"c\\", NULL},
		{"a{b=\"c\" d=\"e\"} 1", NULL},
		{"a{b=\"c\",,d=\"e\"} 1", NULL},
		{"a{1=\"c\"} 1", NULL},
		{"a{b:c=\"c\"} 1", NULL},
		{"a{b=\"c\"", NULL},
		{"a{", NULL},
		{"a 1111111111111111111111111111111111111111111111111111111111111111", NULL},
	};

	(void)opaque;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct written written = read_page(lines[i].line);

		assert_string_equal(lines[i].sample ? lines[i].sample : "", written.text);
		assert_int_equal(lines[i].sample ? 0 : 1, written.skipped);
	}
}

static void a_bad_line_does_not_hide_its_neighbours(void **opaque)
{
	struct written written = read_page("a 1\n<html>\nb{ 2\nc 3");

	(void)opaque;
	assert_string_equal("a{} 1\nc{} 3\n", written.text);
	assert_int_equal(2, written.skipped);
}

static void a_counter_is_known_by_its_type_or_by_its_name(void **opaque)
{
	struct written written = read_page("# TYPE a counter\na 1\n# TYPE b gauge\nb 1\nb_total 1\n"
					   "# TYPE c_total gauge\nc_total 1\n_total 1\n");

	(void)opaque;
	assert_string_equal("a{} 1^\nb{} 1\nb_total{} 1^\nc_total{} 1\n_total{} 1\n", written.text);
}

static void zero_bytes_are_no_end(void **opaque)
{
	static const char page[] = "a\0 1\nb 2";
	struct written written = {.text = ""};

	(void)opaque;
	assert_int_equal(1, exposition_read(page, sizeof page - 1, write_sample, &written));
	assert_string_equal("b{} 2\n", written.text);
}

static void check_labels(void *opaque, const struct exposition_sample *sample)
{
	struct exposition_label label;
	size_t place = 0;

	assert_true(exposition_next_label(sample, &place, &label));
	assert_true(exposition_value_is(&label, "x\n\"\\", 4));
	assert_false(exposition_value_is(&label, "x\n\"", 3));
	assert_false(exposition_value_is(&label, "x\n\"\\y", 5));
	assert_true(exposition_next_label(sample, &place, &label));
	assert_memory_equal("second", label.name, label.name_size);
	assert_true(exposition_value_is(&label, "", 0));
	assert_false(exposition_next_label(sample, &place, &label));
	*(bool *)opaque = true;
}

static void labels_are_read_one_by_one_with_their_escapes_undone(void **opaque)
{
	static const char page[] = "a{first=\"x\\n\\\"\\\\\", second=\"\",} 1";
	bool was_called = false;

	(void)opaque;
	exposition_read(page, sizeof page - 1, check_labels, &was_called);
	assert_true(was_called);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_a_sample_a_comment_or_skipped),
		cmocka_unit_test(a_bad_line_does_not_hide_its_neighbours),
		cmocka_unit_test(a_counter_is_known_by_its_type_or_by_its_name),
		cmocka_unit_test(zero_bytes_are_no_end),
		cmocka_unit_test(labels_are_read_one_by_one_with_their_escapes_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
