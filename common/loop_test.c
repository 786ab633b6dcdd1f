/* One loop: descriptors, signals, time, with curl and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/loop.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	int fd, other_fd, calls, other_calls;
};

static struct loop *open_loop(void)
{
	char problem[256];
	struct loop *loop = loop_new(problem, sizeof(problem));
	assert_non_null(loop);
	return loop;
}

static void wake(int fd)
{
	uint64_t one = 1;
	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void count(void *opaque)
{
	struct fixture *f = opaque;
	f->calls++;
}

static void count_other(void *opaque)
{
	struct fixture *f = opaque;
	f->other_calls++;
}

static void an_eventfd_is_drained_and_calls_once_a_wait(void **state)
{
	(void)state;
	struct fixture f = {.loop = open_loop()};
	f.fd = loop_eventfd(f.loop, count, &f);
	int silent = loop_eventfd(f.loop, NULL, NULL);
	wake(f.fd);
	wake(f.fd);
	wake(silent);
	loop_wait(f.loop, NULL, 5000000);
	assert_int_equal(f.calls, 1);
	loop_wait(f.loop, NULL, 0);
	assert_int_equal(f.calls, 1);
	loop_close_eventfd(f.loop, f.fd);
	loop_close_eventfd(f.loop, silent);
	loop_free(f.loop);
}

static void a_watch_is_called_as_long_as_there_is_something_to_read(void **state)
{
	(void)state;
	struct fixture f = {.loop = open_loop()};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	loop_watch(f.loop, ends[0], count, &f);
	assert_int_equal(write(ends[1], "x", 1), 1);
	loop_wait(f.loop, NULL, 5000000);
	loop_wait(f.loop, NULL, 5000000);
	assert_int_equal(f.calls, 2);
	loop_unwatch(f.loop, ends[0]);
	loop_wait(f.loop, NULL, 0);
	assert_int_equal(f.calls, 2);
	close(ends[0]);
	close(ends[1]);
	loop_free(f.loop);
}

/* Whichever of the two is called first takes the other away, and puts a stranger in its place. */
static void replace_other(struct fixture *f, int *mine, int *other)
{
	(void)mine;
	if (*other < 0)
		return;
	loop_close_eventfd(f->loop, *other);
	int fresh = loop_eventfd(f->loop, count_other, f);
	assert_int_equal(fresh, *other);
	*other = -1;
	f->calls++;
}

static void first(void *opaque)
{
	struct fixture *f = opaque;
	replace_other(f, &f->fd, &f->other_fd);
}

static void second(void *opaque)
{
	struct fixture *f = opaque;
	replace_other(f, &f->other_fd, &f->fd);
}

static void a_watch_that_was_removed_is_not_called_even_if_its_event_is_at_hand(void **state)
{
	(void)state;
	struct fixture f = {.loop = open_loop()};
	f.fd = loop_eventfd(f.loop, first, &f);
	f.other_fd = loop_eventfd(f.loop, second, &f);
	int fds[] = {f.fd, f.other_fd};
	wake(f.fd);
	wake(f.other_fd);
	loop_wait(f.loop, NULL, 5000000);
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.other_calls, 0);
	loop_close_eventfd(f.loop, fds[0]);
	loop_close_eventfd(f.loop, fds[1]);
	loop_free(f.loop);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
	(void)state;
	struct loop *loop = open_loop();
	CURLM *multi = curl_multi_init();
	for (int i = 0; i < 2; i++) {
		int64_t started = clock_monotonic_us();
		loop_wait(loop, i ? multi : NULL, 20001);
		assert_true(clock_monotonic_us() - started >= 20001);
	}
	loop_wait(loop, multi, 0);
	loop_wait(loop, NULL, 0);
	curl_multi_cleanup(multi);
	loop_free(loop);
}

static void an_event_ends_the_wait_of_curl(void **state)
{
	(void)state;
	struct fixture f = {.loop = open_loop()};
	CURLM *multi = curl_multi_init();
	f.fd = loop_eventfd(f.loop, count, &f);
	wake(f.fd);
	loop_wait(f.loop, multi, -1);
	assert_int_equal(f.calls, 1);
	loop_close_eventfd(f.loop, f.fd);
	curl_multi_cleanup(multi);
	loop_free(f.loop);
}

static void hup_asks_once_for_a_reload(void **state)
{
	(void)state;
	struct loop *loop = open_loop();
	assert_false(loop_take_reload(loop));
	kill(getpid(), SIGHUP);
	loop_wait(loop, NULL, 5000000);
	assert_true(loop_take_reload(loop));
	assert_false(loop_take_reload(loop));
	assert_false(loop_is_stopping(loop));
	loop_free(loop);
}

/* Runs `program` in a child; returns its wait status. */
static int run(void (*program)(void))
{
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		program();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void end_on_first_signal(void)
{
	char problem[256];
	struct loop *loop = loop_new(problem, sizeof(problem));
	kill(getpid(), SIGTERM);
	while (!loop_is_stopping(loop))
		loop_wait(loop, NULL, -1);
	loop_free(loop);
	_exit(42);
}

static void hang_after_first_signal(void)
{
	char problem[256];
	struct loop *loop = loop_new(problem, sizeof(problem));
	kill(getpid(), SIGINT);
	while (!loop_is_stopping(loop))
		loop_wait(loop, NULL, -1);
	kill(getpid(), SIGTERM);
	for (;;) /* hangs: nobody waits in the loop any more */
		pause();
}

static void write_into_a_broken_pipe(void)
{
	char problem[256];
	int ends[2];
	struct loop *loop = loop_new(problem, sizeof(problem));
	if (!loop || pipe(ends) < 0)
		_exit(1);
	close(ends[0]);
	_exit(write(ends[1], "x", 1) < 0 ? 42 : 2);
}

static void the_first_term_is_a_request_and_the_second_ends_even_a_hanging_process(void **state)
{
	(void)state;
	int status = run(end_on_first_signal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	status = run(hang_after_first_signal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void a_broken_pipe_is_an_error_not_a_death(void **state)
{
	(void)state;
	int status = run(write_into_a_broken_pipe);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void without_descriptors_there_is_no_loop_but_a_sentence(void **state)
{
	(void)state;
	struct rlimit old, none;
	char problem[256] = "";
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct loop *loop = loop_new(problem, sizeof(problem));
	setrlimit(RLIMIT_NOFILE, &old);
	assert_null(loop);
	assert_string_equal(problem, "cannot make the event loop: Too many open files");
}

static void the_earlier_of_two_waits_counts(void **state)
{
	(void)state;
	assert_int_equal(loop_earlier(-1, -1), -1);
	assert_int_equal(loop_earlier(-1, 5), 5);
	assert_int_equal(loop_earlier(5, -1), 5);
	assert_int_equal(loop_earlier(5, 3), 3);
	assert_int_equal(loop_earlier(0, -1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_eventfd_is_drained_and_calls_once_a_wait),
		cmocka_unit_test(a_watch_is_called_as_long_as_there_is_something_to_read),
		cmocka_unit_test(
			a_watch_that_was_removed_is_not_called_even_if_its_event_is_at_hand),
		cmocka_unit_test(a_wait_ends_when_its_time_is_over),
		cmocka_unit_test(an_event_ends_the_wait_of_curl),
		cmocka_unit_test(hup_asks_once_for_a_reload),
		cmocka_unit_test(
			the_first_term_is_a_request_and_the_second_ends_even_a_hanging_process),
		cmocka_unit_test(a_broken_pipe_is_an_error_not_a_death),
		cmocka_unit_test(without_descriptors_there_is_no_loop_but_a_sentence),
		cmocka_unit_test(the_earlier_of_two_waits_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
