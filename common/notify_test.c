/* What systemd would read, by a datagram socket in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/notify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd = -1;
static char received[1000];

/* A name without a file that the kernel makes up. */
static int listen_anywhere(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof address.sun_family;
	char name[sizeof address.sun_path + 1] = "@";
	(void)state;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0)
		return -1;
	size = sizeof address;
	getsockname(fd, (struct sockaddr *)&address, &size);
	memcpy(name + 1, address.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
	setenv("NOTIFY_SOCKET", name, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static int stop_listening(void **state)
{
	(void)state;
	close(fd);
	return 0;
}

/* The next datagram; "": there is none. */
static const char *receive(void)
{
	ssize_t n = recv(fd, received, sizeof received - 1, 0);
	received[n > 0 ? n : 0] = '\0';
	return received;
}

static struct notify *must_open(void)
{
	char errstr[200];
	struct notify *notify = notify_open(errstr, sizeof errstr);
	assert_non_null(notify);
	return notify;
}

static void readiness_is_told_once_and_each_new_line_as_it_comes(void **state)
{
	struct notify *notify = must_open();
	(void)state;
	notify_tell(notify, "starting");
	assert_string_equal(receive(), "STATUS=starting\n");
	notify_tell(notify, "starting");
	assert_string_equal(receive(), "");
	notify_tell(notify, NULL);
	assert_string_equal(receive(), "READY=1\nSTATUS=ready\n");
	notify_tell(notify, "a partition stopped");
	assert_string_equal(receive(), "STATUS=a partition stopped\n");
	notify_tell(notify, NULL);
	assert_string_equal(receive(), "STATUS=ready\n");
	notify_close(notify);
}

static void a_line_end_in_the_status_forges_no_assignment(void **state)
{
	char endless[5000];
	struct notify *notify = must_open();
	(void)state;
	notify_tell(notify, "no\nREADY=1\n");
	assert_string_equal(receive(), "STATUS=no READY=1 \n");
	memset(endless, 'x', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	notify_tell(notify, endless);
	assert_in_range(strlen(receive()), 100, 300);
	assert_int_equal(received[strlen(received) - 1], '\n');
	notify_close(notify);
}

static void the_start_asks_for_time_until_it_is_ready(void **state)
{
	struct notify *notify = must_open();
	(void)state;
	assert_int_equal(notify_tick(notify, 5000000), 10000000);
	assert_string_equal(receive(), "EXTEND_TIMEOUT_USEC=30000000\n");
	assert_int_equal(notify_tick(notify, 6000000), 9000000);
	assert_string_equal(receive(), "");
	notify_tick(notify, 15000000);
	assert_string_equal(receive(), "EXTEND_TIMEOUT_USEC=30000000\n");
	notify_tell(notify, NULL);
	receive();
	assert_int_equal(notify_tick(notify, 25000000), -1);
	assert_string_equal(receive(), "");
	notify_close(notify);
}

static void the_watchdog_gets_three_beats_in_its_time(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "3000000", 1);
	struct notify *notify = must_open();
	notify_tell(notify, NULL);
	receive();
	assert_int_equal(notify_tick(notify, 7000000), 1000000);
	assert_string_equal(receive(), "WATCHDOG=1\n");
	notify_tick(notify, 7999999);
	assert_string_equal(receive(), "");
	notify_tick(notify, 8000000);
	assert_string_equal(receive(), "WATCHDOG=1\n");
	notify_close(notify);
}

static void the_watchdog_of_another_process_gets_none(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	struct notify *notify = must_open();
	notify_tell(notify, NULL);
	receive();
	assert_int_equal(notify_tick(notify, 7000000), -1);
	assert_string_equal(receive(), "");
	notify_close(notify);
}

static void the_stop_is_told_and_asks_for_time_at_once(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "60000000", 1);
	struct notify *notify = must_open();
	notify_tell(notify, NULL);
	notify_tick(notify, 1000000);
	receive();
	receive();
	notify_stopping(notify);
	assert_string_equal(receive(), "STOPPING=1\n");
	notify_tick(notify, 1000001);
	assert_string_equal(receive(), "EXTEND_TIMEOUT_USEC=30000000\nWATCHDOG=1\n");
	notify_tell(notify, NULL);
	assert_string_equal(receive(), "");
	notify_close(notify);
}

static void a_word_that_could_not_be_said_is_said_later(void **state)
{
	char name[200];
	(void)state;
	struct notify *notify = must_open();
	snprintf(name, sizeof name, "%s", getenv("NOTIFY_SOCKET"));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof address;
	getsockname(fd, (struct sockaddr *)&address, &size);
	close(fd);
	notify_tell(notify, NULL);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	notify_tell(notify, NULL);
	assert_string_equal(receive(), "READY=1\nSTATUS=ready\n");
	notify_close(notify);
}

static void a_socket_may_be_a_file(void **state)
{
	char folder[] = "umbra-notify-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)state;
	assert_non_null(mkdtemp(folder));
	char *path = realpath(folder, NULL);
	assert_non_null(path);
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/s", path);
	assert_in_range(n, 3, sizeof address.sun_path - 1);
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	struct notify *notify = must_open();
	notify_tell(notify, "hello");
	assert_string_equal(receive(), "STATUS=hello\n");
	notify_close(notify);
	unlink(address.sun_path);
	rmdir(folder);
	free(path);
}

static void without_systemd_nothing_happens(void **state)
{
	char errstr[200] = "x";
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_null(notify_open(errstr, sizeof errstr));
	assert_string_equal(errstr, "");
	notify_tell(NULL, NULL);
	notify_stopping(NULL);
	assert_int_equal(notify_tick(NULL, 0), -1);
	notify_close(NULL);
}

static void a_socket_that_is_none_is_refused_with_a_sentence(void **state)
{
	char errstr[200], name[300];
	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	const char *const wrong[] = {"relative", "/", name};
	for (size_t i = 0; i < 3; i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		assert_null(notify_open(errstr, sizeof errstr));
		assert_non_null(strstr(errstr, "NOTIFY_SOCKET"));
	}
}

#define promise(function) cmocka_unit_test_setup_teardown(function, listen_anywhere, stop_listening)

int main(void)
{
	const struct CMUnitTest tests[] = {
		promise(readiness_is_told_once_and_each_new_line_as_it_comes),
		promise(a_line_end_in_the_status_forges_no_assignment),
		promise(the_start_asks_for_time_until_it_is_ready),
		promise(the_watchdog_gets_three_beats_in_its_time),
		promise(the_watchdog_of_another_process_gets_none),
		promise(the_stop_is_told_and_asks_for_time_at_once),
		promise(a_word_that_could_not_be_said_is_said_later),
		promise(a_socket_may_be_a_file),
		promise(without_systemd_nothing_happens),
		promise(a_socket_that_is_none_is_refused_with_a_sentence),
	};
	log_open("notify_test", LOG_TEXT, LOG_OFF);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_flush();
	return failed;
}
