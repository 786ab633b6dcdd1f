/* The two clocks, and the seam by which a test moves one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void the_monotonic_clock_never_goes_back(void **state)
{
	(void)state;
	int64_t last = clock_monotonic_us();
	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_monotonic_us();
		assert_true(now >= last);
		last = now;
	}
}

static int64_t ahead_of_real_time(void)
{
	return clock_wall_us() / 1000000 - (int64_t)time(NULL);
}

static void set_clock(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void a_file_moves_the_wall_clock_within_a_second(void **state)
{
	(void)state;
	char path[] = P_tmpdir "/umbra-clock-XXXXXX";
	close(mkstemp(path));
	assert_in_range(ahead_of_real_time() + 10, 9, 11);
	set_clock(path, "3600000000\n");
	setenv("UMBRA_TEST_CLOCK", path, 1);
	assert_in_range(ahead_of_real_time(), 3599, 3601);
	set_clock(path, "7200000000\n");
	int64_t deadline = clock_monotonic_us() + 10000000;
	while (ahead_of_real_time() < 7000 && clock_monotonic_us() < deadline)
		usleep(20000);
	assert_in_range(ahead_of_real_time(), 7199, 7201);
	unlink(path);
	deadline = clock_monotonic_us() + 10000000;
	while (ahead_of_real_time() > 10 && clock_monotonic_us() < deadline)
		usleep(20000);
	assert_in_range(ahead_of_real_time() + 10, 9, 11);
	unsetenv("UMBRA_TEST_CLOCK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
		cmocka_unit_test(a_file_moves_the_wall_clock_within_a_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
