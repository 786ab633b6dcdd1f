/* libmicrohttpd in epoll mode without a thread, as the admin port: its epoll descriptor is one of the
 * loop's watches. An answer is made at once from the view, for whom gate.c lets in.
 * No header lets the pages of other sites read anything, and nothing is changed. */
#include "consumers/console/server.h"
#include "common/clock.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "consumers/console/counters.h"
#include "consumers/console/files.h"
#include "consumers/console/gate.h"
#include "consumers/console/gzip.h"
#include "consumers/console/percent.h"
#include "consumers/console/route.h"
#include "consumers/console/stream.h"
#include "consumers/console/tls.h"
#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>

struct server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	const struct view *view;
	struct streams *streams;
	struct gate gate;
	int epoll_fd;
	bool is_woken;
	bool is_draining;
	int64_t due_us; /* monotonic */
};

enum {
	MAX_CONNECTIONS = 2000,
	OTHER_FILES = 200,
	CONNECTION_MEMORY = 32 * 1024,
	CONNECTION_TIMEOUT_S = 30
};
enum { MAX_SLEEP_MS = 1000, LEAST_TO_PACK = 1000 };

#define API "/api/v1/"

static const struct route {
	const char *head, *tail; /* around the name; tail NULL: there is no name */
	api_handler *handler;
} routes[] = {
	{"endpoints", NULL, api_endpoints},
	{"tests", NULL, api_tests},
	{"history", NULL, api_history},
	{"system", NULL, api_system},
	{"openapi.yaml", NULL, api_description},
	{"tests/", "", api_test},
	{"tests/", "/report", api_report},
	{"tests/", "/accounting", api_accounting},
	{"tests/", "/series", api_series},
	{"tests/", "/histogram", api_histogram},
	{"tests/", "/mismatches", api_mismatches},
};

static void answer_api(
	const struct view *view, const char *path, struct request *request, struct reply *reply)
{
	char name[ROUTE_NAME_MAX];
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (route_matches(routes[i].head, routes[i].tail, path, name)) {
			request->name = routes[i].tail ? name : NULL;
			routes[i].handler(view, request, reply);
			return;
		}
	reply_problem(reply, 404, "there is nothing at " API "%.200s", path);
}

static void answer_file(const char *name, struct reply *reply)
{
	const struct file *file = files_find(name);
	if (file)
		reply_fixed(reply, file->type, file->data, file->size);
	else
		reply_problem(reply, 404, "there is no file \"%.100s\"", name);
}

static void answer_metrics(struct reply *reply)
{
	size_t size;
	char *text = metrics_text(&size);
	reply_fini(reply);
	*reply = (struct reply){.status = 200,
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.body = text,
		.size = size};
}

static void answer_stream(const struct server *server, bool is_asked_well, struct reply *reply)
{
	if (is_asked_well && streams_are_full(server->streams))
		reply_problem(reply, 503, "too many streams are open");
	else
		reply->is_stream = is_asked_well;
}

/* The head of a stream is an answer like others, without an end to wait for. */
static void keep_head(struct reply *reply)
{
	*reply = (struct reply){.status = 200, .type = "text/event-stream", .fixed = ""};
}

static void answer_path(
	struct server *server, const char *path, struct request *request, struct reply *reply)
{
	static const char *const no_names[] = {NULL};
	const struct view *view = server->view;
	if (!strcmp(path, API "changes"))
		answer_stream(server, query_check(&request->query, no_names, reply), reply);
	else if (!strncmp(path, API, strlen(API)))
		answer_api(view, path + strlen(API), request, reply);
	else if (!strncmp(path, "/api/", 5))
		reply_problem(reply, 404, "the interface is at " API);
	else if (!strncmp(path, "/static/", 8))
		answer_file(path + 8, reply);
	else if (!strcmp(path, "/livez"))
		reply_text(reply, 200, "ok");
	else if (!strcmp(path, "/readyz"))
		reply_text(
			reply, view->trouble ? 503 : 200, view->trouble ? view->trouble : "ready");
	else if (!strcmp(path, "/metrics"))
		answer_metrics(reply);
	else
		answer_file("index.html", reply);
}

static enum MHD_Result take_parameter(
	void *opaque, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct query *query = opaque;
	(void)kind;
	if (query->n == QUERY_MAX) {
		query->wrong = "there are too many parameters";
		return MHD_NO;
	}
	query->items[query->n].name = name;
	query->items[query->n++].value = value ? value : "";
	return MHD_YES;
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(
		response, "Cache-Control", reply->may_keep ? "no-cache" : "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
}

static const void *bytes_of(const struct reply *reply)
{
	return reply->body ? (const void *)reply->body : reply->fixed;
}

/* Of what may be kept: a browser that has these bytes, packed or not, is told so. */
static bool is_known(struct MHD_Connection *connection, const struct reply *reply, char tag[40])
{
	const char *has = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
	int size = snprintf(tag, 40, "\"%016llx\"",
		(unsigned long long)XXH3_64bits(bytes_of(reply), reply->size));
	if (reply->is_packed)
		snprintf(tag + size - 1, 7, "-gzip\"");
	return reply->status == 200 && has &&
		(!strcmp(has, "*") || memmem(has, strlen(has), tag, (size_t)size - 1));
}

static void pack(struct reply *reply)
{
	size_t size;
	char *packed = gzip_pack(bytes_of(reply), reply->size, &size);
	free(reply->body);
	reply->body = packed;
	reply->size = size;
}

/* The headers that depend on what this caller has and takes. */
static void add_own_headers(
	struct MHD_Response *response, const struct reply *reply, unsigned status, const char *tag)
{
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (*tag)
		MHD_add_response_header(response, "ETag", tag);
	if (reply->is_packed && status != MHD_HTTP_NOT_MODIFIED)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* Takes what the reply owns. */
static enum MHD_Result send_reply(struct MHD_Connection *connection, struct reply *reply)
{
	char tag[40] = "";
	unsigned status = reply->status;
	reply->is_packed = reply->size >= LEAST_TO_PACK &&
		gzip_is_accepted(MHD_lookup_connection_value(
			connection, MHD_HEADER_KIND, "Accept-Encoding"));
	if (reply->may_keep && is_known(connection, reply, tag)) {
		status = MHD_HTTP_NOT_MODIFIED;
		reply->size = 0;
	} else if (reply->is_packed) {
		pack(reply);
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->size, (void *)(uintptr_t)bytes_of(reply), MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	add_headers(response, reply);
	add_own_headers(response, reply, status, tag);
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static void answer(struct server *server, struct MHD_Connection *connection, const char *url,
	const char *method, struct reply *reply)
{
	struct request request = {.query = {.n = 0}};
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		reply_problem(reply, 405, "only GET and HEAD are answered here");
	else if (!gate_passes(&server->gate, connection, url, reply))
		return;
	else if (server->is_draining)
		reply_problem(reply, 503, "the console is stopping");
	else {
		MHD_get_connection_values(
			connection, MHD_GET_ARGUMENT_KIND, take_parameter, &request.query);
		answer_path(server, url, &request, reply);
		if (reply->is_stream && strcmp(method, "HEAD") == 0)
			keep_head(reply);
	}
}

// NOLINTNEXTLINE(readability-function-size): the server wants eight parameters
static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **context)
{
	static int seen;
	struct server *server = opaque;
	struct reply reply = {0};
	int64_t begin_us = clock_monotonic_us();
	(void)version, (void)upload;
	if (!*context) { /* first the headers; an answer is given when the body, if any, is in */
		*context = &seen;
		return MHD_YES;
	}
	if (*upload_size) { /* is not read by anyone */
		*upload_size = 0;
		return MHD_YES;
	}
	answer(server, connection, url, method, &reply);
	enum MHD_Result result = reply.is_stream ? streams_add(server->streams, connection)
						 : send_reply(connection, &reply);
	counters_answer(reply.is_stream ? 200 : reply.status, clock_monotonic_us() - begin_us);
	reply_fini(&reply);
	return result;
}

/* The server would end a text at "%00". */
static size_t on_encoded(void *opaque, struct MHD_Connection *connection, char *text)
{
	(void)opaque, (void)connection;
	return percent_decode(text);
}

static void on_server_log(void *opaque, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void on_server_log(void *opaque, const char *format, va_list arguments)
{
	char text[512];
	(void)opaque;
	int size = vsnprintf(text, sizeof text, format, arguments);
	while (size > 0 && (size_t)size < sizeof text && text[size - 1] == '\n')
		text[--size] = '\0';
	log_warn("http", "%s", text);
}

static void on_ready(void *opaque)
{
	struct server *server = opaque;
	server->is_woken = true;
}

/* As many as there may be, and files for them. */
static unsigned connections_max(void)
{
	struct rlimit files = {0};
	const rlim_t wanted = MAX_CONNECTIONS + OTHER_FILES;
	(void)getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < wanted) {
		files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= wanted)
		return MAX_CONNECTIONS;
	return files.rlim_cur > 2 * OTHER_FILES ? (unsigned)files.rlim_cur - OTHER_FILES
						: OTHER_FILES;
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd, const struct tls *tls)
{
	struct MHD_OptionItem own[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
	if (tls->key)
		flags |= MHD_USE_TLS;
	else
		own[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_server_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, connections_max(), MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_UNESCAPE_CALLBACK, on_encoded, NULL,
		MHD_OPTION_ARRAY, own, MHD_OPTION_END);
}

/* The daemon owns the socket from here, also when this fails. */
static int start(
	struct server *server, int fd, const struct tls *tls, char *errstr, size_t errstr_size)
{
	server->daemon = start_daemon(server, fd, tls);
	if (!server->daemon) {
		snprintf(errstr, errstr_size, "cannot start the %s server",
			tls->key ? "HTTPS" : "HTTP");
		close(fd);
		return -1;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info);
	server->epoll_fd = info->epoll_fd;
	loop_watch(server->loop, server->epoll_fd, on_ready, server);
	return 0;
}

/* A socket that may be listened on; -1 and errstr. */
static int open_socket(const struct access_settings *settings, char *errstr, size_t errstr_size)
{
	static const struct listen_words words = {"address to listen on",
		"choose another with --listen HOST:PORT", "127.0.0.1:9380 or [::1]:9380"};
	int fd = listen_on(settings->address, &words, errstr, errstr_size);
	if (fd < 0 || !access_check_reach(settings, listen_is_loopback(fd), errstr, errstr_size))
		return fd;
	close(fd);
	return -1;
}

/* The key stays nowhere but in the daemon. */
static int start_guarded(struct server *server, int fd, const struct access_settings *settings,
	char *errstr, size_t errstr_size)
{
	struct tls tls = {0};
	if (gate_open(&server->gate, settings, listen_is_loopback(fd), errstr, errstr_size) ||
		(settings->tls_key &&
			tls_read(&tls, settings->tls_certificate, settings->tls_key, errstr,
				errstr_size))) {
		close(fd);
		return -1;
	}
	int result = start(server, fd, &tls, errstr, errstr_size);
	tls_fini(&tls);
	return result;
}

struct server *server_open(
	struct loop *loop, const struct server_settings *settings, char *errstr, size_t errstr_size)
{
	const struct access_settings *access = &settings->access;
	char bound[LISTEN_TEXT_MAX];
	int fd = open_socket(access, errstr, errstr_size);
	if (fd < 0)
		return NULL;
	struct server *server = calloc(1, sizeof *server);
	memory_need(server);
	server->loop = loop;
	server->view = settings->view;
	server->streams = streams_new();
	access_warn(access, listen_is_loopback(fd));
	log_info(NULL, "the page is at %s://%s/", access->tls_key ? "https" : "http",
		listen_text(fd, bound));
	if (start_guarded(server, fd, access, errstr, errstr_size)) {
		server_close(server);
		return NULL;
	}
	return server;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	if (server->daemon) {
		loop_unwatch(server->loop, server->epoll_fd);
		streams_end(server->streams);
		MHD_stop_daemon(server->daemon);
	}
	streams_free(server->streams);
	gate_close(&server->gate);
	free(server);
}

void server_tell(struct server *server, json_t *change)
{
	streams_tell(server->streams, change);
	server->is_woken = true;
	json_decref(change);
}

void server_drain(struct server *server)
{
	server->is_draining = true;
	server->is_woken = true;
	streams_end(server->streams);
}

int64_t server_tick(struct server *server)
{
	int64_t now_us = clock_monotonic_us();
	if (streams_tick(server->streams, now_us))
		server->is_woken = true;
	if (server->is_woken || now_us >= server->due_us) {
		MHD_UNSIGNED_LONG_LONG timeout_ms;
		server->is_woken = false;
		MHD_run(server->daemon);
		if (MHD_get_timeout(server->daemon, &timeout_ms) != MHD_YES ||
			timeout_ms > MAX_SLEEP_MS)
			timeout_ms = MAX_SLEEP_MS;
		server->due_us = now_us + (int64_t)timeout_ms * 1000;
	}
	return server->due_us > now_us ? server->due_us - now_us : 0;
}
