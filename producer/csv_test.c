#include "producer/csv.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Parses the whole text in pieces of `piece` bytes (the first has 3 at least) and writes what comes
 * out: [a|b] for a row, !LINE:COLUMN for a bad one. */
struct reading {
	struct csv csv;
	struct buffer out;
};

static void write_result(struct reading *reading, enum parse result)
{
	char place[64];
	struct csv *csv = &reading->csv;
	if (result == PARSE_BAD) {
		snprintf(place, sizeof place, "!%d:%d", (int)csv->error.line,
			(int)csv->error.column);
		buffer_add_text(&reading->out, place);
		return;
	}
	for (size_t i = 0; i < csv->n_fields; i++) {
		buffer_add_text(&reading->out, i ? "|" : "[");
		buffer_add(&reading->out, csv_text(csv, i), csv->fields[i].size);
	}
	buffer_add_text(&reading->out, "]");
}

static void feed(struct reading *reading, const char *data, size_t size)
{
	size_t at = 0, used;
	while (at < size) {
		enum parse result = csv_parse(&reading->csv, data + at, size - at, &used);
		at += used;
		if (result != PARSE_MORE)
			write_result(reading, result);
	}
}

static char *read_in_pieces(const char *text, size_t size, size_t piece)
{
	struct reading reading = {0};
	csv_init(&reading.csv);
	for (size_t at = 0; at < size;) {
		size_t n = at == 0 && piece < 3 ? 3 : piece;
		n = n < size - at ? n : size - at;
		feed(&reading, text + at, n);
		at += n;
	}
	enum parse last = csv_end(&reading.csv);
	if (last != PARSE_MORE)
		write_result(&reading, last);
	csv_fini(&reading.csv);
	buffer_add_byte(&reading.out, '\0');
	return reading.out.data;
}

static void assert_rows(const char *text, const char *expected)
{
	for (size_t piece = 1; piece < 20; piece += 6) {
		char *rows = read_in_pieces(text, strlen(text), piece);
		assert_string_equal(rows, expected);
		free(rows);
	}
}

static void lines_end_with_lf_or_crlf_or_the_input(void **state)
{
	(void)state;
	assert_rows("aaa,bbb\r\nzzz,yyy\r\n", "[aaa|bbb][zzz|yyy]");
	assert_rows("aaa,bbb\nzzz,yyy", "[aaa|bbb][zzz|yyy]");
	assert_rows("", "");
	assert_rows("a", "[a]");
}

static void a_field_in_quotes_holds_commas_lines_and_doubled_quotes(void **state)
{
	(void)state;
	assert_rows("\"aaa\",\"b\r\nbb\",\"c,c\"\nz,y,x\n", "[aaa|b\r\nbb|c,c][z|y|x]");
	assert_rows("\"aaa\",\"b\"\"bb\",\"\"\"\"\n", "[aaa|b\"bb|\"]");
	assert_rows("\"\"", "[]");
}

static void empty_fields_are_fields(void **state)
{
	(void)state;
	assert_rows(",\n", "[|]");
	assert_rows("a,,\r\n,", "[a||][|]");
	assert_rows("\"\",\n", "[|]");
}

static void a_row_of_empty_fields_has_texts_even_at_the_beginning(void **state)
{
	struct csv csv;
	size_t used;

	(void)state;
	csv_init(&csv);
	assert_int_equal(PARSE_RECORD, csv_parse(&csv, ",\n\n", 3, &used));
	assert_int_equal(2, csv.n_fields);
	assert_non_null(csv_text(&csv, 1));
	csv_fini(&csv);
}

static void spaces_belong_to_the_field(void **state)
{
	(void)state;
	assert_rows(" a , b\n", "[ a | b]");
}

static void a_line_without_characters_is_skipped(void **state)
{
	(void)state;
	assert_rows("a\n\n\r\nb\n\n", "[a][b]");
}

static void a_byte_order_mark_is_no_text(void **state)
{
	(void)state;
	assert_rows("\xef\xbb\xbf\"a\",b\n", "[a|b]");
	assert_rows("\xef\xbb\xbf\"a", "!1:1");
	assert_rows("x\xef\xbb\xbf\n", "[x\xef\xbb\xbf]");
}

static void a_bad_row_is_named_by_line_and_column_and_the_next_is_read(void **state)
{
	(void)state;
	assert_rows("a,b\nc,d\"e,f\ng,h\n", "[a|b]!2:4[g|h]");
	assert_rows("\"a\"b,c\nd\n", "!1:4[d]");
	assert_rows("a\rb\nc\n", "!1:3[c]");
	assert_rows("\rb\nc\n", "!1:2[c]");
	assert_rows("a\r", "!1:3");
}

static void columns_count_characters_not_bytes(void **state)
{
	(void)state;
	assert_rows("\xc3\xa4\xe2\x82\xac,b\"\n", "!1:5");
}

static void a_quote_that_never_closes_is_named_where_it_opens(void **state)
{
	(void)state;
	assert_rows("a,b\nc,\"d\ne,f\n", "[a|b]!2:3");
}

/* The message of the first bad row of `text`, and whether nothing can be read after it. */
static void assert_refused(
	const char *text, size_t size, const char *place, const char *message, bool is_lost)
{
	struct csv csv;
	size_t used = 0;
	enum parse result = PARSE_RECORD;
	char found[64];
	csv_init(&csv);
	for (size_t at = 0; at < size && result == PARSE_RECORD; at += used)
		result = csv_parse(&csv, text + at, size - at, &used);
	if (result == PARSE_MORE)
		result = csv_end(&csv);
	assert_int_equal(result, PARSE_BAD);
	snprintf(found, sizeof found, "%d:%d", (int)csv.error.line, (int)csv.error.column);
	assert_string_equal(found, place);
	assert_non_null(strstr(csv.error.message, message));
	assert_int_equal(csv.is_lost, is_lost);
	csv_fini(&csv);
}

static void a_quote_that_never_closes_loses_what_follows(void **state)
{
	(void)state;
	const char *text = "a,b\nc,\"d\ne,f\n";
	assert_refused(text, strlen(text), "2:3", "the quote that opens here never closes", true);
}

static void a_quote_that_takes_more_than_the_bound_is_named_where_it_opens(void **state)
{
	(void)state;
	size_t size = RECORD_MAX + 1000;
	char *text = malloc(size);
	for (size_t i = 0; i < size; i++)
		text[i] = "x,y\n"[i % 4];
	text[402] = '"'; /* in place of the y in line 101 */
	assert_refused(text, size, "101:3", "does not close within 16 MiB", true);
	free(text);
}

static void a_quote_that_the_next_one_closed_is_named_with_its_line(void **state)
{
	(void)state;
	const char *text = "1,\"a\n2,\"b\"\n";
	assert_refused(text, strlen(text), "2:4", "that opened in line 1, column 3", false);
	text = "1,\"a\"b\n";
	assert_refused(text, strlen(text), "1:6", "a quote within is written twice", false);
}

static void places_are_right_after_a_field_of_several_lines(void **state)
{
	(void)state;
	assert_rows("\"a\n\n\",b\nx\"\n", "[a\n\n|b]!4:2");
}

static void a_row_beyond_the_bound_is_bad_and_the_next_is_read(void **state)
{
	(void)state;
	size_t size = RECORD_MAX + 10;
	char *text = malloc(size + 1);
	memset(text, 'x', size);
	strcpy(text + size - 3, "\na\n");
	char *rows = read_in_pieces(text, size, 65536);
	assert_string_equal(rows, "!1:1[a]");
	free(rows);
	free(text);
}

static void a_row_of_too_many_fields_is_bad(void **state)
{
	(void)state;
	size_t size = COLUMNS_MAX + 2;
	char *text = malloc(size + 1);
	memset(text, ',', size);
	strcpy(text + size - 3, "\na\n");
	char *rows = read_in_pieces(text, size, 65536);
	assert_int_equal(rows[0], '[');
	free(rows);
	memset(text, ',', size);
	strcpy(text + size - 2, "\na");
	rows = read_in_pieces(text, size, 65536);
	assert_string_equal(rows, "!1:65537[a]");
	free(rows);
	free(text);
}

/* A field of up to 6 characters out of those that matter. */
static void add_random_field(struct buffer *csv, struct buffer *expected)
{
	static const char alphabet[] = "ab,\"\r\n ";
	bool quoted = rand() % 2;
	buffer_add_text(csv, quoted ? "\"" : "");
	for (int n = rand() % 6; n > 0; n--) {
		char c = alphabet[rand() % (quoted ? 7 : 2)];
		buffer_add_byte(csv, c);
		if (c == '"')
			buffer_add_byte(csv, c);
		buffer_add_byte(expected, c);
	}
	buffer_add_text(csv, quoted ? "\"" : "");
}

static void add_random_row(struct buffer *csv, struct buffer *expected)
{
	buffer_add_text(csv, "x"); /* never an empty line */
	buffer_add_text(expected, "[x");
	for (int n = rand() % 4; n > 0; n--) {
		buffer_add_text(csv, ",");
		buffer_add_text(expected, "|");
		add_random_field(csv, expected);
	}
	buffer_add_text(csv, rand() % 2 ? "\r\n" : "\n");
	buffer_add_text(expected, "]");
}

static void what_was_written_is_read_in_pieces_of_any_size(void **state)
{
	(void)state;
	srand(4180);
	for (int round = 0; round < 2000; round++) {
		struct buffer csv = {0}, expected = {0};
		for (int n = rand() % 5; n >= 0; n--)
			add_random_row(&csv, &expected);
		buffer_add_byte(&expected, '\0');
		char *rows = read_in_pieces(csv.data, csv.size, 1 + (size_t)rand() % 9);
		assert_string_equal(rows, expected.data);
		free(rows);
		buffer_fini(&csv);
		buffer_fini(&expected);
	}
}

static void no_bytes_whatever_lead_astray(void **state)
{
	(void)state;
	static const char alphabet[] = "a,\"\r\n\xc3\xff\0";
	srand(1);
	for (int round = 0; round < 5000; round++) {
		char text[40];
		size_t size = (size_t)rand() % sizeof text;
		for (size_t i = 0; i < size; i++)
			text[i] = alphabet[rand() % 8];
		char *whole = read_in_pieces(text, size, 100);
		char *pieces = read_in_pieces(text, size, 1);
		assert_string_equal(whole, pieces);
		free(whole);
		free(pieces);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_with_lf_or_crlf_or_the_input),
		cmocka_unit_test(a_field_in_quotes_holds_commas_lines_and_doubled_quotes),
		cmocka_unit_test(empty_fields_are_fields),
		cmocka_unit_test(a_row_of_empty_fields_has_texts_even_at_the_beginning),
		cmocka_unit_test(spaces_belong_to_the_field),
		cmocka_unit_test(a_line_without_characters_is_skipped),
		cmocka_unit_test(a_byte_order_mark_is_no_text),
		cmocka_unit_test(a_bad_row_is_named_by_line_and_column_and_the_next_is_read),
		cmocka_unit_test(columns_count_characters_not_bytes),
		cmocka_unit_test(a_quote_that_never_closes_is_named_where_it_opens),
		cmocka_unit_test(a_quote_that_never_closes_loses_what_follows),
		cmocka_unit_test(a_quote_that_takes_more_than_the_bound_is_named_where_it_opens),
		cmocka_unit_test(a_quote_that_the_next_one_closed_is_named_with_its_line),
		cmocka_unit_test(places_are_right_after_a_field_of_several_lines),
		cmocka_unit_test(a_row_beyond_the_bound_is_bad_and_the_next_is_read),
		cmocka_unit_test(a_row_of_too_many_fields_is_bad),
		cmocka_unit_test(what_was_written_is_read_in_pieces_of_any_size),
		cmocka_unit_test(no_bytes_whatever_lead_astray),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
