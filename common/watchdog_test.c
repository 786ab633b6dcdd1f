#include "common/watchdog.h"
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Runs end() in a child; returns its wait status. */
static int status_of(void (*end)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(STDERR_FILENO);
		end();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void hang(void)
{
	watchdog_arm(1);
	for (;;)
		pause();
}

static void end_in_time(void)
{
	watchdog_arm(1);
	watchdog_disarm();
	sleep(2);
}

static void an_end_that_hangs_becomes_status_1(void **state)
{
	(void)state;
	int status = status_of(hang);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void an_end_in_time_is_left_alone(void **state)
{
	(void)state;
	int status = status_of(end_in_time);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_that_hangs_becomes_status_1),
		cmocka_unit_test(an_end_in_time_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
