/* Which addresses need what. The files of TLS are judged in integration/tests/test_console_security.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/file_mark.h"
#include "common/listen.h"
#include "consumers/console/access.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char errstr[500];

static bool passes(const struct access_settings *settings)
{
	return access_check(settings, errstr, sizeof errstr) == 0;
}

static void this_machine_may_read_without_a_word(void **state)
{
	(void)state;
	assert_true(passes(&(struct access_settings){.address = "127.0.0.1:0"}));
	assert_true(passes(&(struct access_settings){.address = "127.9.9.9:80"}));
	assert_true(passes(&(struct access_settings){.address = "[::1]:80"}));
}

static void others_need_tls_and_a_token_or_that_it_is_said(void **state)
{
	(void)state;
	static const char *const addresses[] = {"0.0.0.0:80", "[::]:80", ":80", "192.0.2.1:80"};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct access_settings settings = {.address = addresses[i]};
		assert_false(passes(&settings));
		assert_non_null(strstr(errstr, "--let-anyone-read"));
		assert_non_null(strstr(errstr, "--token-file"));
		settings.let_anyone_read = true;
		assert_true(passes(&settings));
	}
	struct access_settings half = {.address = ":80", .token_file = "t"};
	assert_int_equal(access_check_reach(&half, false, errstr, sizeof errstr), -1);
	half = (struct access_settings){.address = ":80", .tls_certificate = "c", .tls_key = "k"};
	assert_int_equal(access_check_reach(&half, false, errstr, sizeof errstr), -1);
	half.token_file = "t";
	assert_int_equal(access_check_reach(&half, false, errstr, sizeof errstr), 0);
}

static void a_certificate_needs_its_key_and_the_key_its_certificate(void **state)
{
	(void)state;
	assert_false(passes(&(struct access_settings){.address = "[::1]:80", .tls_key = "k"}));
	assert_string_equal(errstr, "--tls-key needs --tls-certificate");
	assert_false(
		passes(&(struct access_settings){.address = "[::1]:80", .tls_certificate = "c"}));
	assert_string_equal(errstr, "--tls-certificate needs --tls-key");
}

static void an_address_that_cannot_be_used_is_left_to_who_opens_it(void **state)
{
	(void)state;
	assert_true(listen_would_be_loopback("no address"));
	assert_true(listen_would_be_loopback("host.invalid:port"));
}

static void a_file_for_all_is_known(void **state)
{
	(void)state;
	char path[] = P_tmpdir "/umbra-access-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_false(file_is_for_all(path));
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_true(file_is_for_all(path));
	close(fd);
	unlink(path);
	assert_false(file_is_for_all(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_machine_may_read_without_a_word),
		cmocka_unit_test(others_need_tls_and_a_token_or_that_it_is_said),
		cmocka_unit_test(a_certificate_needs_its_key_and_the_key_its_certificate),
		cmocka_unit_test(an_address_that_cannot_be_used_is_left_to_who_opens_it),
		cmocka_unit_test(a_file_for_all_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
