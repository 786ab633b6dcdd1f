/* A request's body is gathered (64 KiB at most), then its answer is decided at once; when a knob
 * delays it, the connection is suspended and stands in a list by due time. */
#include "integration/models/service.h"

#include "common/clock.h"
#include "common/metrics.h"
#include "integration/models/invocation.h"
#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { BODY_MAX = 64 * 1024, SWALLOW_MAX = 16 * 1024 * 1024, HANG_US = 60 * 1000000 };
enum { CONNECTIONS = 4096, CONNECTION_TIMEOUT_S = 120 };

struct request {
	struct service *service;
	struct MHD_Connection *connection;
	char *body; /* BODY_MAX bytes, kept from request to request */
	size_t size;
	struct invocation_answer answer;
	bool is_decided, is_delayed, is_hung;
	int64_t due_us;
	struct request *next, *prev; /* among the delayed, by due_us; or among the idle */
};

struct service {
	struct service_parts parts;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct request *idle;
	struct request *first, *last; /* delayed */
	struct metric *counts[600]; /* by status */
};

static struct metric_family requests_total = {
	.name = "umbra_demo_model_requests_total",
	.type = METRIC_COUNTER,
	.help = "Requests to /invocations by the status of their answer; 0: never answered.",
	.labels = {"status"},
};

static struct metric_family disk_used_bytes = {
	.name = "umbra_demo_model_disk_used_bytes",
	.type = METRIC_GAUGE,
	.help = "What is used of the file system on which the model lies.",
};

static void measure_disk(const struct service *service)
{
	struct statvfs disk;
	if (statvfs(service->parts.model, &disk) == 0)
		metric_get0(&disk_used_bytes)->value =
			(int64_t)((disk.f_blocks - disk.f_bfree) * disk.f_frsize);
}

static void count(struct service *service, unsigned status)
{
	if (!service->counts[status]) {
		char text[12];
		snprintf(text, sizeof text, "%u", status);
		service->counts[status] = metric_get(&requests_total, (const char *[]){text});
	}
	service->counts[status]->value++;
}

static struct request *request_new(struct service *service, struct MHD_Connection *connection)
{
	struct request *request = service->idle;
	if (request)
		service->idle = request->next;
	else
		request = calloc(1, sizeof *request);
	assert(request);
	char *body = request->body ? request->body : malloc(BODY_MAX);
	assert(body);
	*request = (struct request){.service = service, .connection = connection, .body = body};
	return request;
}

/* By due time; most delays are alike, so the place is near the end. */
static void delay(struct service *service, struct request *request)
{
	struct request *before = service->last;
	while (before && before->due_us > request->due_us)
		before = before->prev;
	request->prev = before;
	request->next = before ? before->next : service->first;
	*(before ? &before->next : &service->first) = request;
	*(request->next ? &request->next->prev : &service->last) = request;
	request->is_delayed = true;
	MHD_suspend_connection(request->connection);
}

static void resume(struct service *service, struct request *request)
{
	*(request->prev ? &request->prev->next : &service->first) = request->next;
	*(request->next ? &request->next->prev : &service->last) = request->prev;
	request->next = request->prev = NULL;
	request->is_delayed = false;
	MHD_resume_connection(request->connection);
}

static void on_completed(void *opaque, struct MHD_Connection *connection, void **place,
	enum MHD_RequestTerminationCode code)
{
	(void)connection, (void)code;
	struct service *service = opaque;
	struct request *request = *place;
	if (!request)
		return;
	assert(!request->is_delayed);
	request->next = service->idle;
	service->idle = request;
	*place = NULL;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
	const struct invocation_answer *answer, const char *allow)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->size, (void *)answer->body, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	if (allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_error(
	struct MHD_Connection *connection, unsigned status, const char *message, const char *allow)
{
	struct invocation_answer answer;
	invocation_fail(&answer, status, message);
	return send_answer(connection, &answer, allow);
}

static enum MHD_Result send_text(
	struct MHD_Connection *connection, const char *type, char *text, size_t size)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void decide(struct service *service, struct request *request)
{
	enum fate fate = knobs_draw_fate(service->parts.knobs);
	struct invocation invocation = {
		.body = request->body,
		.size = request->size,
		.content_type = header(request->connection, MHD_HTTP_HEADER_CONTENT_TYPE),
		.accept = header(request->connection, MHD_HTTP_HEADER_ACCEPT),
	};
	int64_t delay_us = knobs_draw_delay_us(service->parts.knobs);
	request->is_decided = true;
	request->is_hung = fate == FATE_HANG;
	if (request->size > BODY_MAX)
		invocation_fail(&request->answer, 413, "a request may hold 65536 bytes");
	else if (fate == FATE_ERROR)
		invocation_fail(&request->answer, 500, "an error, as the knobs wish");
	else if (fate == FATE_GARBAGE)
		invocation_garbage(&request->answer);
	else
		invocation_run(service->parts.features, service->parts.predictor, &invocation,
			&request->answer);
	count(service, request->is_hung ? 0 : request->answer.status);
	request->due_us = request->is_hung || delay_us
		? clock_monotonic_us() + (request->is_hung ? HANG_US : delay_us)
		: 0;
}

static enum MHD_Result invoke(struct service *service, struct request *request)
{
	if (!request->is_decided) {
		decide(service, request);
		if (request->due_us) {
			delay(service, request);
			return MHD_YES;
		}
	}
	if (request->is_hung)
		return MHD_NO;
	return send_answer(request->connection, &request->answer, NULL);
}

static enum MHD_Result turn_knobs(struct service *service, struct request *request, bool is_post)
{
	char errstr[160];
	struct knobs *knobs = service->parts.knobs;
	if (is_post && request->size > BODY_MAX)
		return send_error(request->connection, 413, "too many knobs", NULL);
	if (is_post && knobs_set_json(knobs, request->body, request->size, errstr, sizeof errstr))
		return send_error(request->connection, 400, errstr, NULL);
	char *text = knobs_text(knobs);
	assert(text);
	return send_text(request->connection, "application/json", text, strlen(text));
}

static enum MHD_Result route(
	struct service *service, struct request *request, const char *url, const char *method)
{
	struct MHD_Connection *connection = request->connection;
	bool is_post = strcmp(method, "POST") == 0;
	bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (strcmp(url, "/invocations") == 0)
		return is_post ? invoke(service, request)
			       : send_error(connection, 405, "POST only", "POST");
	if (strcmp(url, "/knobs") == 0)
		return is_post || is_get ? turn_knobs(service, request, is_post)
					 : send_error(connection, 405, "GET or POST", "GET, POST");
	if (strcmp(url, "/ping") != 0 && strcmp(url, "/metrics") != 0)
		return send_error(connection, 404, "no such path", NULL);
	if (!is_get)
		return send_error(connection, 405, "GET only", "GET, HEAD");
	measure_disk(service);
	size_t size = 0;
	char *text = url[1] == 'm' ? metrics_text(&size) : strdup("");
	assert(text);
	return send_text(connection, "text/plain; version=0.0.4", text, size);
}

/* More than BODY_MAX is counted, not kept; far more is no request of a friend. */
static enum MHD_Result take_upload(struct request *request, const char *data, size_t *size)
{
	if (request->size + *size <= BODY_MAX)
		memcpy(request->body + request->size, data, *size);
	request->size += *size;
	*size = 0;
	return request->size <= SWALLOW_MAX ? MHD_YES : MHD_NO;
}

/* libmicrohttpd gives the parameters. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **place)
{
	(void)version;
	struct service *service = opaque;
	struct request *request = *place;
	if (!request) {
		*place = request_new(service, connection);
		return MHD_YES;
	}
	if (*size > 0)
		return take_upload(request, data, size);
	return route(service, request, url, method);
}

static void on_ready(void *opaque)
{
	(void)opaque; /* service_tick follows every wait */
}

static struct MHD_Daemon *start(struct service *service, const struct sockaddr_in *address)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
		service, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		service, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_END);
}

struct service *service_open(const struct service_parts *parts, const char *host, int port,
	char *errstr, size_t errstr_size)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		snprintf(errstr, errstr_size, "\"%s\" is not an IPv4 address", host);
		return NULL;
	}
	struct service *service = calloc(1, sizeof *service);
	assert(service);
	service->parts = *parts;
	service->daemon = start(service, &address);
	if (!service->daemon) {
		snprintf(errstr, errstr_size, "cannot listen on %s:%d: %m", host, port);
		free(service);
		return NULL;
	}
	service->epoll_fd =
		MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	loop_watch(parts->loop, service->epoll_fd, on_ready, service);
	(void)metric_get(&requests_total, (const char *[]){"200"});
	return service;
}

void service_close(struct service *service)
{
	if (!service)
		return;
	loop_unwatch(service->parts.loop, service->epoll_fd);
	while (service->first)
		resume(service, service->first);
	MHD_stop_daemon(service->daemon);
	while (service->idle) {
		struct request *request = service->idle;
		service->idle = request->next;
		free(request->body);
		free(request);
	}
	free(service);
}

int service_port(const struct service *service)
{
	return MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

int64_t service_tick(struct service *service)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;
	int64_t now_us = clock_monotonic_us();
	while (service->first && service->first->due_us <= now_us)
		resume(service, service->first);
	MHD_run(service->daemon);
	int64_t wait = -1;
	if (MHD_get_timeout(service->daemon, &timeout_ms) == MHD_YES)
		wait = (int64_t)timeout_ms * 1000;
	if (service->first) {
		int64_t left = service->first->due_us - clock_monotonic_us();
		wait = loop_earlier(wait, left > 0 ? left : 0);
	}
	return wait;
}
