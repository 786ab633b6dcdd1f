/* Who is let in by a token, and which files hold one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consumers/console/token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef"

static char path[] = P_tmpdir "/umbra-token-XXXXXX";

static void write_file(const char *content)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
}

static bool is_let_in(const struct token *token, const char *header)
{
	return token_is_in(token, header, header ? strlen(header) : 0);
}

static void only_the_whole_token_lets_in(void **state)
{
	(void)state;
	char errstr[300], big[10000];
	static const char *const wrong[] = {NULL, "", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN,
		"Bearer 0123456789abcde", "Bearer " TOKEN "0", "Bearer 0123456789abcdeF",
		"Bearer " TOKEN " ", "Bearer " TOKEN "\n", "Bearer\t" TOKEN, "Bearer \x01\x7f\xff"};
	write_file(TOKEN "\n");
	struct token *token = token_open(path, errstr, sizeof errstr);
	assert_non_null(token);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(is_let_in(token, wrong[i]));
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	memcpy(big, "Bearer " TOKEN, strlen("Bearer " TOKEN));
	assert_false(is_let_in(token, big));
	assert_false(token_is_in(token, "Bearer " TOKEN "\0", strlen("Bearer " TOKEN) + 1));
	assert_true(is_let_in(token, "Bearer " TOKEN));
	assert_true(is_let_in(token, "bearer  " TOKEN));
	token_free(token);
}

static void a_file_that_holds_no_token_is_refused_without_a_word_of_it(void **state)
{
	(void)state;
	static const struct {
		const char *content, *problem;
	} files[] = {{"", "has an empty first line"}, {"\n" TOKEN, "has an empty first line"},
		{"secret-is-short\n", "has a token of fewer than 16 characters"},
		{"secret with blanks in it\n", "holds a blank or a byte"},
		{"secret-with-\xc3\xa4-in-it\n", "holds a blank or a byte"}};
	char errstr[300];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		write_file(files[i].content);
		assert_null(token_open(path, errstr, sizeof errstr));
		assert_non_null(strstr(errstr, files[i].problem));
		assert_non_null(strstr(errstr, path));
		assert_null(strstr(errstr, "secret"));
	}
	assert_null(token_open("/nowhere/token", errstr, sizeof errstr));
	assert_string_equal(errstr, "cannot read /nowhere/token: No such file or directory");
}

static void a_changed_file_counts_after_a_second_and_a_bad_one_never(void **state)
{
	(void)state;
	char errstr[300];
	write_file(TOKEN);
	struct token *token = token_open(path, errstr, sizeof errstr);
	token_refresh(token, 5000000);
	write_file("a-second-token-longer\n");
	token_refresh(token, 5999999);
	assert_true(is_let_in(token, "Bearer " TOKEN));
	token_refresh(token, 6000000);
	assert_false(is_let_in(token, "Bearer " TOKEN));
	assert_true(is_let_in(token, "Bearer a-second-token-longer"));
	write_file("short");
	token_refresh(token, 8000000);
	assert_true(is_let_in(token, "Bearer a-second-token-longer"));
	assert_int_equal(unlink(path), 0);
	token_refresh(token, 10000000);
	assert_true(is_let_in(token, "Bearer a-second-token-longer"));
	token_free(token);
	token_free(NULL);
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_whole_token_lets_in),
		cmocka_unit_test(a_file_that_holds_no_token_is_refused_without_a_word_of_it),
		cmocka_unit_test(a_changed_file_counts_after_a_second_and_a_bad_one_never),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
