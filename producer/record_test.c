#include "producer/record.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buffer out;

static void write_result(struct record_reader *reader, enum parse result)
{
	char text[300];
	if (result == PARSE_BAD) {
		snprintf(text, sizeof text, "%d:%d: %s\n", (int)reader->error.line,
			(int)reader->error.column, reader->error.message);
		buffer_add_text(&out, text);
		return;
	}
	snprintf(text, sizeof text, "%d ", (int)reader->line);
	buffer_add_text(&out, text);
	if (reader->has_key) {
		buffer_add(&out, reader->key_text.data, reader->key_text.size);
		buffer_add_text(&out, " = ");
	}
	buffer_add(&out, reader->body.data, reader->body.size);
	buffer_add_text(&out, "\n");
}

static void read_all(const struct record_config *config, const char *data, size_t size)
{
	struct record_reader reader;
	enum parse result;
	size_t used;
	buffer_clear(&out);
	record_reader_init(&reader, config);
	for (size_t at = 0; at < size && !reader.is_broken; at += used) {
		result = record_parse(&reader, data + at, size - at, &used);
		if (result != PARSE_MORE)
			write_result(&reader, result);
	}
	result = reader.is_broken ? PARSE_MORE : record_end(&reader);
	if (result != PARSE_MORE)
		write_result(&reader, result);
	record_reader_fini(&reader);
	buffer_add_byte(&out, '\0');
}

static void assert_records(
	const struct record_config *config, const char *text, const char *expected)
{
	read_all(config, text, strlen(text));
	assert_string_equal(out.data, expected);
}

static int free_out(void **state)
{
	(void)state;
	buffer_fini(&out);
	return 0;
}

static const struct record_config plain = {.format = INPUT_CSV, .form = BODY_JSON};
static const struct record_config lines = {.format = INPUT_JSONL};

static void a_row_becomes_an_object_in_the_order_of_the_columns(void **state)
{
	(void)state;
	assert_records(&plain, "b,a\n1,x\n2.50,\n",
		"2 {\"b\":1,\"a\":\"x\"}\n3 {\"b\":2.50,\"a\":\"\"}\n");
}

static void only_what_json_calls_a_number_is_one(void **state)
{
	(void)state;
	assert_records(&plain, "a,b,c,d\n007,-1e5,NaN, 1\n",
		"2 {\"a\":\"007\",\"b\":-1e5,\"c\":\"NaN\",\"d\":\" 1\"}\n");
}

static void texts_are_escaped_in_names_and_values(void **state)
{
	(void)state;
	assert_records(&plain, "\"a\"\"\\\n\"\n\"x\"\"\\\ty\n\"\n",
		"3 {\"a\\\"\\\\\\u000a\":\"x\\\"\\\\\\u0009y\\u000a\"}\n");
}

static void the_label_is_left_out_and_the_key_stays(void **state)
{
	(void)state;
	struct record_config config = plain;
	config.label = "churn";
	config.key = "id";
	assert_records(&config, "id,n,churn\nx 1,5,yes\n,6,no\n",
		"2 x 1 = {\"id\":\"x 1\",\"n\":5}\n3  = {\"id\":\"\",\"n\":6}\n");
	config.label = "id";
	assert_records(&config, "id,n\nx,5\n", "2 x = {\"n\":5}\n");
	assert_records(&config, "id\nx\n", "2 x = {}\n");
}

static void a_row_as_csv_is_quoted_where_it_must_be(void **state)
{
	(void)state;
	struct record_config config = {.format = INPUT_CSV, .form = BODY_CSV, .label = "b"};
	assert_records(&config, "a,b,c\n\"1\",no,\"x,y\"\n\"q\"\"\",no,\"l\nm\"\n",
		"2 1,\"x,y\"\n3 \"q\"\"\",\"l\nm\"\n");
}

static void a_row_of_the_wrong_length_is_bad_and_its_neighbours_are_not(void **state)
{
	(void)state;
	assert_records(&plain, "a,b\n1,2\n1\n1,2,3\n3,4\n",
		"2 {\"a\":1,\"b\":2}\n3:1: 1 fields, the header has 2\n"
		"4:5: 3 fields, the header has 2\n5 {\"a\":3,\"b\":4}\n");
}

static void text_that_is_not_utf8_is_bad(void **state)
{
	(void)state;
	assert_records(&plain, "a,b\n1,\xff\n1,\xc3\xa4\n",
		"2:3: not UTF-8\n3 {\"a\":1,\"b\":\"\xc3\xa4\"}\n");
}

static void a_bad_header_breaks_the_input(void **state)
{
	(void)state;
	assert_records(&plain, "a,,c\n1,2,3\n", "1:3: a column without a name\n");
	assert_records(&plain, "a,b,a\n1,2,3\n", "1:5: a second column \"a\"\n");
	assert_records(&plain, "\xff\n1\n", "1:1: not UTF-8\n");
	assert_records(
		&plain, "a\"b\n1\n", "1:2: a quote in a field that does not begin with one\n");
	assert_records(&plain, "", "1:1: no header: the input is empty\n");
	assert_records(&plain, "\n\n", "1:1: no header: the input is empty\n");
}

static void a_quote_that_never_closes_breaks_the_input(void **state)
{
	(void)state;
	assert_records(&plain, "a,b\n1,2\n3,\"4\n5,6\n7,8\n",
		"2 {\"a\":1,\"b\":2}\n3:3: the quote that opens here never closes\n");
}

static void a_column_that_is_not_there_is_said_with_the_nearest(void **state)
{
	(void)state;
	struct record_config config = plain;
	config.label = "chrun";
	assert_records(
		&config, "id,churn\n1,2\n", "1:1: no column \"chrun\"; did you mean \"churn\"?\n");
	config.label = NULL;
	config.key = "something else";
	assert_records(&config, "id,churn\n1,2\n", "1:1: no column \"something else\"\n");
}

static void a_header_alone_is_no_record_and_no_fault(void **state)
{
	(void)state;
	assert_records(&plain, "a,b\n", "");
	assert_records(&plain, "a,b", "");
	assert_records(&lines, "", "");
}

static void json_lines_stay_as_they_are(void **state)
{
	(void)state;
	assert_records(&lines, "\xef\xbb\xbf{\"a\": 0.10, \"b\":1}\r\n\n  \n[1]\n2",
		"1 {\"a\": 0.10, \"b\":1}\n4 [1]\n5 2\n");
}

static void a_bad_line_is_named_by_line_and_column(void **state)
{
	(void)state;
	assert_records(&lines, "{}\n{\"\xc3\xa4\":}\n{}\n", "1 {}\n2:6: not a JSON value\n3 {}\n");
	assert_records(&lines, "{", "1:2: a member's name in quotes is missing\n");
}

static void a_line_beyond_the_bound_is_bad_and_the_next_is_read(void **state)
{
	(void)state;
	size_t size = RECORD_MAX + 10;
	char *text = malloc(size + 1);
	memset(text, ' ', size);
	strcpy(text + size - 4, "\n{}\n");
	read_all(&lines, text, size);
	assert_string_equal(out.data, "1:1: a line of more than 16 MiB\n2 {}\n");
	free(text);
}

static void the_label_is_cut_out_of_a_line(void **state)
{
	(void)state;
	struct record_config config = {.format = INPUT_JSONL, .label = "y"};
	assert_records(&config,
		"{\"y\": 1, \"a\": 1.0}\n{\"a\": 1 , \"y\" : [1,2] }\n{ \"y\":1 }\n",
		"1 {\"a\": 1.0}\n2 {\"a\": 1  }\n3 { }\n");
	assert_records(&config, "{\"y\":1,\"a\":{\"y\":2},\"y\":3}\n", "1 {\"a\":{\"y\":2}}\n");
	assert_records(
		&config, " {\"a\":1}\n[1]\n", "1:2: no member \"y\"\n2:1: no member \"y\"\n");
}

static void the_key_of_a_line_is_the_text_of_a_member(void **state)
{
	(void)state;
	struct record_config config = {.format = INPUT_JSONL, .key = "k"};
	assert_records(&config,
		"{\"k\":\"a\\u00e4\\n\"}\n{\"k\":1.50}\n{\"k\":null}\n{\"k\":[1]}\n",
		"1 a\xc3\xa4\n = {\"k\":\"a\\u00e4\\n\"}\n2 1.50 = {\"k\":1.50}\n"
		"3 {\"k\":null}\n4 [1] = {\"k\":[1]}\n");
	assert_records(&config, "{}\n", "1:1: no member \"k\"\n");
}

/* Whatever the members, the line without its label is what another parser makes of it. */
static void a_cut_line_is_still_json(void **state)
{
	(void)state;
	struct record_config config = {.format = INPUT_JSONL, .label = "y"};
	static const char *const spaces[] = {"", " ", "\t "};
	srand(7);
	for (int round = 0; round < 3000; round++) {
		struct buffer line = {0};
		int n = 1 + rand() % 4, label = rand() % n;
		for (int i = 0; i < n; i++) {
			buffer_add_text(&line, i ? "," : "{");
			buffer_add_text(&line, spaces[rand() % 3]);
			buffer_add_text(&line, i == label ? "\"y\"" : "\"abcd\"");
			buffer_add_text(&line, spaces[rand() % 3]);
			buffer_add_text(&line, rand() % 2 ? ":1" : ":{\"y\":[]}");
			buffer_add_text(&line, spaces[rand() % 3]);
		}
		buffer_add_text(&line, "}");
		json_t *expected = json_loadb(line.data, line.size, 0, NULL);
		json_object_del(expected, "y");
		read_all(&config, line.data, line.size);
		json_t *json = json_loads(out.data + 2, 0, NULL);
		assert_true(json_equal(json, expected));
		json_decref(json);
		json_decref(expected);
		buffer_fini(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_an_object_in_the_order_of_the_columns),
		cmocka_unit_test(only_what_json_calls_a_number_is_one),
		cmocka_unit_test(texts_are_escaped_in_names_and_values),
		cmocka_unit_test(the_label_is_left_out_and_the_key_stays),
		cmocka_unit_test(a_row_as_csv_is_quoted_where_it_must_be),
		cmocka_unit_test(a_row_of_the_wrong_length_is_bad_and_its_neighbours_are_not),
		cmocka_unit_test(text_that_is_not_utf8_is_bad),
		cmocka_unit_test(a_bad_header_breaks_the_input),
		cmocka_unit_test(a_quote_that_never_closes_breaks_the_input),
		cmocka_unit_test(a_column_that_is_not_there_is_said_with_the_nearest),
		cmocka_unit_test(a_header_alone_is_no_record_and_no_fault),
		cmocka_unit_test(json_lines_stay_as_they_are),
		cmocka_unit_test(a_bad_line_is_named_by_line_and_column),
		cmocka_unit_test(a_line_beyond_the_bound_is_bad_and_the_next_is_read),
		cmocka_unit_test(the_label_is_cut_out_of_a_line),
		cmocka_unit_test(the_key_of_a_line_is_the_text_of_a_member),
		cmocka_unit_test(a_cut_line_is_still_json),
	};
	return cmocka_run_group_tests(tests, NULL, free_out);
}
