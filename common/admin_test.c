/* The admin port over a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/admin.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	struct admin *admin;
	int port;
};

/* Runs `open_admin` with standard error in a file, and finds the port in what was logged. */
static struct admin *open_and_find_port(struct fixture *f, const char *address)
{
	char problem[512], text[4096];
	FILE *file = tmpfile();
	int real = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	struct admin *admin = admin_open(f->loop, address, problem, sizeof(problem));
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	const char *found = strstr(text, "admin port ");
	f->port = found ? atoi(strrchr(found, ':') + 1) : 0; // NOLINT(cert-err34-c): our own log
	return admin;
}

static int setup(void **state)
{
	char problem[256];
	struct fixture *f = calloc(1, sizeof(*f));
	f->loop = loop_new(problem, sizeof(problem));
	f->admin = open_and_find_port(f, "127.0.0.1:0");
	*state = f;
	return f->loop && f->admin && f->port > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	admin_close(f->admin);
	loop_free(f->loop);
	metrics_free();
	free(f);
	return 0;
}

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turn(struct fixture *f)
{
	int64_t wait = admin_tick(f->admin);
	loop_wait(f->loop, NULL, wait < 0 || wait > 10000 ? 10000 : wait);
	admin_tick(f->admin);
}

/* Sends a request and turns the loop until the server has closed; the whole answer is static. */
static const char *ask(struct fixture *f, const char *request)
{
	static char answer[1 << 20];
	size_t size = 0;
	int fd = connect_to(f->port);
	(void)!send(fd, request, strlen(request), MSG_NOSIGNAL);
	int64_t deadline = clock_monotonic_us() + 10000000;
	for (;;) {
		turn(f);
		ssize_t n = recv(fd, answer + size, sizeof(answer) - 1 - size, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		size += n > 0 ? (size_t)n : 0;
		assert_true(clock_monotonic_us() < deadline);
	}
	answer[size] = '\0';
	close(fd);
	return answer;
}

static const char *get(struct fixture *f, const char *path)
{
	char request[256];
	snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	return ask(f, request);
}

static void assert_status(const char *answer, const char *status)
{
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, status, 3) != 0)
		fail_msg("expected %s, got: %s", status, answer);
}

static void it_is_alive_at_once_and_ready_when_told(void **state)
{
	struct fixture *f = *state;
	assert_status(get(f, "/livez"), "200");
	const char *answer = get(f, "/readyz");
	assert_status(answer, "503");
	assert_non_null(strstr(answer, "\r\n\r\nstarting\n"));
	admin_set_ready(f->admin, NULL);
	assert_status(get(f, "/readyz"), "200");
	char why[] = "topic churn.requests is missing";
	admin_set_ready(f->admin, why);
	why[0] = 'X';
	admin_set_ready(f->admin, "topic churn.requests is missing");
	answer = get(f, "/readyz");
	assert_status(answer, "503");
	assert_non_null(strstr(answer, "\r\n\r\ntopic churn.requests is missing\n"));
}

static void metrics_come_in_prometheus_format(void **state)
{
	struct fixture *f = *state;
	static struct metric_family family = {
		.name = "umbra_test_total", .type = METRIC_COUNTER, .help = "A test."};
	metric_get0(&family)->value = 7;
	const char *answer = get(f, "/metrics");
	assert_status(answer, "200");
	assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
	assert_non_null(strstr(answer, "\numbra_test_total 7\n"));
}

static void head_answers_without_a_body(void **state)
{
	struct fixture *f = *state;
	const char *answer = ask(f, "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	assert_status(answer, "200");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void what_it_does_not_know_it_refuses(void **state)
{
	struct fixture *f = *state;
	assert_status(get(f, "/"), "404");
	assert_status(get(f, "/livez/x"), "404");
	const char *answer = ask(f,
		"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: "
		"close\r\n\r\nbody");
	assert_status(answer, "405");
	assert_non_null(strstr(answer, "Allow: GET, HEAD"));
	assert_status(
		ask(f, "DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "405");
}

static void a_request_too_large_or_not_http_ends_its_connection_only(void **state)
{
	struct fixture *f = *state;
	char *request = malloc(100000);
	memset(request, 'a', 99999);
	request[99999] = '\0';
	memcpy(request, "GET /livez", 10);
	assert_null(strstr(ask(f, request), " 200 "));
	assert_null(strstr(ask(f, "\x16\x03\x01 hello\r\n\r\n"), " 200 "));
	free(request);
	assert_status(get(f, "/livez"), "200");
}

static void connections_are_bounded(void **state)
{
	struct fixture *f = *state;
	int fds[80], closed = 0;
	for (int i = 0; i < 80; i++) {
		fds[i] = connect_to(f->port);
		turn(f);
	}
	for (int i = 0; i < 20; i++)
		turn(f);
	char byte;
	for (int i = 0; i < 80; i++)
		closed += recv(fds[i], &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
	for (int i = 0; i < 80; i++)
		close(fds[i]);
	assert_true(closed <= 16);
	for (int i = 0; i < 20; i++)
		turn(f);
	assert_status(get(f, "/livez"), "200");
}

static void a_connection_that_stays_silent_wakes_the_loop_in_time(void **state)
{
	struct fixture *f = *state;
	int fd = connect_to(f->port);
	turn(f);
	turn(f);
	assert_in_range(admin_tick(f->admin), 1, 1000000);
	close(fd);
}

static void a_bad_address_is_named_at_the_start(void **state)
{
	struct fixture *f = *state;
	char problem[512], taken[64];
	snprintf(taken, sizeof(taken), "127.0.0.1:%d", f->port);
	assert_null(admin_open(f->loop, taken, problem, sizeof(problem)));
	assert_non_null(strstr(problem, ": Address already in use; choose another with --admin"));
	static const char *const bad[] = {"9300", "localhost:", "[::1:9300", "::1:9300",
		"127.0.0.1:x", "300.0.0.1:1", "203.0.113.1:9"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		problem[0] = '\0';
		assert_null(admin_open(f->loop, bad[i], problem, sizeof(problem)));
		assert_non_null(strstr(problem, bad[i]));
	}
	assert_null(admin_open(f->loop, "9300", problem, sizeof(problem)));
	assert_string_equal(problem,
		"the admin address \"9300\" is not HOST:PORT, as 127.0.0.1:9300 or [::1]:9300");
}

static void without_an_address_it_does_nothing(void **state)
{
	struct fixture *f = *state;
	char problem[512];
	static const char *const none[] = {NULL, ""};
	for (size_t i = 0; i < 2; i++) {
		struct admin *admin = admin_open(f->loop, none[i], problem, sizeof(problem));
		assert_non_null(admin);
		admin_set_ready(admin, NULL);
		assert_int_equal(admin_tick(admin), -1);
		admin_close(admin);
	}
	admin_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	log_open("admin_test", LOG_TEXT, LOG_INFO);
	const struct CMUnitTest tests[] = {
		TEST(it_is_alive_at_once_and_ready_when_told),
		TEST(metrics_come_in_prometheus_format),
		TEST(head_answers_without_a_body),
		TEST(what_it_does_not_know_it_refuses),
		TEST(a_request_too_large_or_not_http_ends_its_connection_only),
		TEST(connections_are_bounded),
		TEST(a_connection_that_stays_silent_wakes_the_loop_in_time),
		TEST(a_bad_address_is_named_at_the_start),
		TEST(without_an_address_it_does_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_flush();
	return failed;
}
