/* libmicrohttpd in epoll mode without a thread: its epoll descriptor is one of the loop's watches,
 * and it runs when that descriptor is ready or when a connection's time is up. The listening socket
 * is made here, so that a bad address or a taken port gets a sentence of ours. */
#include "common/admin.h"
#include "common/clock.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/metrics.h"
#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct admin {
	struct loop *loop;
	struct MHD_Daemon *daemon; /* NULL: no port */
	int epoll_fd;
	bool is_woken; /* the server has work now */
	int64_t due_us; /* monotonic: when it has work at the latest */
	char *why_not; /* NULL: ready */
};

enum { MAX_CONNECTIONS = 64, CONNECTION_MEMORY = 16 * 1024, CONNECTION_TIMEOUT_S = 10 };

/* At its limit of connections the server takes the listening socket out of its epoll set, and puts
 * it back only when it runs the next time: nothing would wake it. So it runs once a second. */
enum { MAX_SLEEP_MS = 1000 };

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
	char *body, size_t size)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_text(
	struct MHD_Connection *connection, unsigned status, const char *text)
{
	char *body = NULL;
	int size = asprintf(&body, "%s\n", text);
	if (size < 0)
		return MHD_NO;
	return answer(connection, status, "text/plain; charset=utf-8", body, (size_t)size);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection)
{
	size_t size;
	char *text = metrics_text(&size);
	return answer(
		connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

// NOLINTNEXTLINE(readability-function-size): the server wants eight parameters
static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request)
{
	const struct admin *admin = opaque;
	(void)version, (void)upload, (void)upload_size, (void)request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"only GET and HEAD are answered here");
	if (strcmp(url, "/livez") == 0)
		return answer_text(connection, MHD_HTTP_OK, "ok");
	if (strcmp(url, "/readyz") == 0 && admin->why_not)
		return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, admin->why_not);
	if (strcmp(url, "/readyz") == 0)
		return answer_text(connection, MHD_HTTP_OK, "ready");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(connection);
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "try /livez, /readyz or /metrics");
}

static void on_server_log(void *opaque, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void on_server_log(void *opaque, const char *format, va_list arguments)
{
	char text[512];
	(void)opaque;
	int size = vsnprintf(text, sizeof(text), format, arguments);
	while (size > 0 && (size_t)size < sizeof(text) && text[size - 1] == '\n')
		text[--size] = '\0';
	log_warn("admin port", "%s", text);
}

static void on_ready(void *opaque)
{
	struct admin *admin = opaque;
	admin->is_woken = true;
}

/* The daemon owns the socket from here, also when this fails. */
static int start(struct admin *admin, int fd, char *errstr, size_t errstr_size)
{
	admin->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, admin, MHD_OPTION_EXTERNAL_LOGGER, on_server_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	if (!admin->daemon) {
		snprintf(errstr, errstr_size, "cannot start the admin port's server");
		close(fd);
		return -1;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(admin->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info);
	admin->epoll_fd = info->epoll_fd;
	loop_watch(admin->loop, admin->epoll_fd, on_ready, admin);
	return 0;
}

struct admin *admin_open(struct loop *loop, const char *address, char *errstr, size_t errstr_size)
{
	static const struct listen_words words = {"admin address",
		"choose another with --admin HOST:PORT, or none with --admin=",
		"127.0.0.1:9300 or [::1]:9300"};
	int fd = -1;
	if (address && *address) {
		fd = listen_on(address, &words, errstr, errstr_size);
		if (fd < 0)
			return NULL;
	}
	struct admin *admin = calloc(1, sizeof(*admin));
	memory_need(admin);
	admin->loop = loop;
	admin->why_not = strdup("starting");
	if (fd < 0)
		return admin;
	char bound[LISTEN_TEXT_MAX];
	log_info(NULL, "admin port %s", listen_text(fd, bound));
	if (start(admin, fd, errstr, errstr_size) < 0) {
		admin_close(admin);
		return NULL;
	}
	return admin;
}

void admin_close(struct admin *admin)
{
	if (!admin)
		return;
	if (admin->daemon) {
		loop_unwatch(admin->loop, admin->epoll_fd);
		MHD_stop_daemon(admin->daemon);
	}
	free(admin->why_not);
	free(admin);
}

void admin_set_ready(struct admin *admin, const char *why_not)
{
	if (!why_not && admin->why_not)
		log_info(NULL, "ready");
	else if (why_not && !admin->why_not)
		log_info(NULL, "not ready: %s", why_not);
	if (why_not && admin->why_not && strcmp(why_not, admin->why_not) == 0)
		return;
	free(admin->why_not);
	admin->why_not = why_not ? strdup(why_not) : NULL;
}

const char *admin_why_not(const struct admin *admin)
{
	return admin->why_not;
}

int64_t admin_tick(struct admin *admin)
{
	if (!admin->daemon)
		return -1;
	int64_t now_us = clock_monotonic_us();
	if (admin->is_woken || now_us >= admin->due_us) {
		MHD_UNSIGNED_LONG_LONG timeout_ms;
		admin->is_woken = false;
		MHD_run(admin->daemon);
		if (MHD_get_timeout(admin->daemon, &timeout_ms) != MHD_YES ||
			timeout_ms > MAX_SLEEP_MS)
			timeout_ms = MAX_SLEEP_MS;
		admin->due_us = now_us + (int64_t)timeout_ms * 1000;
	}
	return admin->due_us > now_us ? admin->due_us - now_us : 0;
}
