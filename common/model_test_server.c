/* See the header. A request is whole when its head and content-length bytes are there; the answer is
 * bytes from a table, sent as fast or as slowly as the row says. */
#include "common/model_test_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct script scripts[] = {
	{.path = "/ok", /* first: what recovers becomes this */
		.answer = OK "content-length: 2\r\n\r\n{}"},
	{.path = "/not-found", .answer = "HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnone"},
	{.path = "/broken", .answer = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"},
	{.path = "/nothing", .answer = "HTTP/1.1 204 No Content\r\n\r\n"},
	{.path = "/moved",
		.answer = "HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n"},
	{.path = "/strange", .answer = "HTTP/1.1 777 What\r\ncontent-length: 0\r\n\r\n"},
	{.path = "/continue",
		.answer = "HTTP/1.1 100 Continue\r\n\r\n" OK "content-length: 2\r\n\r\n{}"},
	{.path = "/close", .answer = "", .then_close = true},
	{.path = "/close-in-head", .answer = "HTTP/1.1 200 OK\r\nconte", .then_close = true},
	{.path = "/close-after-continue",
		.answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nconte",
		.then_close = true},
	{.path = "/close-in-body",
		.answer = OK "content-length: 10\r\n\r\n12345",
		.then_close = true},
	{.path = "/close-in-chunk",
		.answer = OK "transfer-encoding: chunked\r\n\r\n5\r\n123",
		.then_close = true},
	{.path = "/until-close", .answer = OK "\r\nuntil the end", .then_close = true},
	{.path = "/hang", .answer = ""},
	{.path = "/hang-in-body", .answer = OK "content-length: 10\r\n\r\n12345"},
	{.path = "/surplus", .answer = OK "content-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n"},
	{.path = "/chunked",
		.answer = OK "transfer-encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"},
	{.path = "/bad-chunk", .answer = OK "transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"},
	{.path = "/bytewise", .answer = OK "content-length: 2\r\n\r\n{}", .step = 1},
	{.path = "/garbage", .answer = "SSH-2.0-OpenSSH_9.2\r\n", .then_close = true},
	{.path = "/announced", .answer = OK "content-length: 100000000\r\n\r\n"},
	{.path = "/stream",
		.answer = OK "transfer-encoding: chunked\r\n\r\n40\r\n" X64 "\r\n",
		.then_repeat = true},
	{.path = "/endless-head", .answer = OK "x-more: " X64 "\r\n", .then_repeat = true},
	{.path = "/endless-line", .answer = OK "x-more: " X64, .then_repeat = true},
	{.path = "/quiet-close", .answer = OK "content-length: 2\r\n\r\n{}", .then_close = true},
	{.path = "/close-second", .answer = OK "content-length: 2\r\n\r\n{}", .close_second = true},
	{.path = "/odd-type",
		.answer = "HTTP/1.1 200 OK\r\ncontent-type: a\x01\xff\r\n"
			  "content-length: 2\r\n\r\n{}"},
	{.path = "/busy", .answer = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"},
	{.path = "/busy-twice",
		.answer = "HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n",
		.fails_first = 2},
	{.path = "/busy-for-a-second",
		.answer = "HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
		.fails_first = 1},
	{.path = "/busy-until-the-past",
		.answer = "HTTP/1.1 503 Busy\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
			  "content-length: 0\r\n\r\n",
		.fails_first = 1},
	{.path = "/busy-for-an-hour",
		.answer = "HTTP/1.1 503 Busy\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n"},
	{.path = "/busy-5-times",
		.answer = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
		.fails_first = 5},
	{.path = "/metrics",
		.answer = OK "content-length: 64\r\n\r\n"
			     "process_cpu_seconds_total 10\nprocess_resident_memory_bytes 4096\n"},
	{.path = "/gate", .answer = OK "content-length: 2\r\n\r\n{}", .wait = true},
};

struct server *server_new(void)
{
	struct server *server = calloc(1, sizeof *server);
	assert(server);
	struct sockaddr_in address = {.sin_family = AF_INET};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t size = sizeof address;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int failed = bind(server->fd, (struct sockaddr *)&address, size) ||
		listen(server->fd, SERVER_CONNECTIONS) ||
		getsockname(server->fd, (struct sockaddr *)&address, &size);
	assert(!failed);
	server->port = ntohs(address.sin_port);
	for (int i = 0; i < SERVER_CONNECTIONS; i++)
		server->connections[i].fd = -1;
	return server;
}

static void disconnect(struct server *server, struct server_connection *connection)
{
	if (connection->script)
		server->open--;
	close(connection->fd);
	free(connection->request);
	*connection = (struct server_connection){.fd = -1};
}

void server_free(struct server *server)
{
	for (int i = 0; i < SERVER_CONNECTIONS; i++)
		if (server->connections[i].fd >= 0)
			disconnect(server, &server->connections[i]);
	close(server->fd);
	free(server);
}

static void accept_all(struct server *server)
{
	for (int i = 0; i < SERVER_CONNECTIONS; i++) {
		if (server->connections[i].fd >= 0)
			continue;
		int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		char *request = malloc(SERVER_REQUEST_MAX + 1);
		assert(request);
		server->connections[i] = (struct server_connection){.fd = fd, .request = request};
		server->n_accepted++;
	}
}

static const struct script *find_script(const char *request)
{
	const char *path = strchr(request, ' ');
	assert(strncmp(request, "POST ", 5) == 0 || strncmp(request, "GET ", 4) == 0);
	for (size_t i = 0; path && i < sizeof scripts / sizeof *scripts; i++) {
		size_t n = strlen(scripts[i].path);
		if (strncmp(path + 1, scripts[i].path, n) == 0 && path[1 + n] == ' ')
			return &scripts[i];
	}
	abort(); /* no row has this path */
}

static void note_id(struct server *server, const char *request)
{
	const char *id = strstr(request, "\r\nx-request-id: ");
	if (id && server->n_requests < 256)
		sscanf(id, "\r\nx-request-id: %23s", server->ids[server->n_requests]);
}

/* True once the whole request is there; it is then forgotten but for server->last. */
static bool take_request(struct server *server, struct server_connection *connection)
{
	connection->request[connection->size] = '\0';
	const char *end = strstr(connection->request, "\r\n\r\n");
	const char *length = strcasestr(connection->request, "\r\ncontent-length: ");
	bool is_get = strncmp(connection->request, "GET ", 4) == 0;
	if (!end || (!length && !is_get))
		return false;
	size_t body = length ? strtoul(length + 18, NULL, 10) : 0;
	if (connection->size < (size_t)(end + 4 - connection->request) + body)
		return false;
	snprintf(server->last, sizeof server->last, "%s", connection->request);
	server->last_body = body;
	note_id(server, connection->request);
	server->n_requests++;
	connection->n_requests++;
	connection->script = find_script(connection->request);
	if (connection->script->fails_first && server->n_requests > connection->script->fails_first)
		connection->script = &scripts[0];
	connection->sent = connection->size = 0;
	if (++server->open > server->max_open)
		server->max_open = server->open;
	return true;
}

static void receive(struct server *server, struct server_connection *connection)
{
	ssize_t n = read(connection->fd, connection->request + connection->size,
		SERVER_REQUEST_MAX - connection->size);
	if (n <= 0) {
		disconnect(server, connection);
		return;
	}
	connection->size += (size_t)n;
	if (take_request(server, connection) && connection->script->close_second &&
		connection->n_requests > 1)
		disconnect(server, connection);
}

/* Where an endless answer begins again: its last line. */
static size_t repeat_from(const char *answer)
{
	const char *last = strstr(answer, "40\r\n");
	if (!last)
		last = strstr(answer, "x-more");
	return (size_t)(last - answer);
}

static void answer(struct server *server, struct server_connection *connection)
{
	const struct script *script = connection->script;
	if (script->wait && !server->is_open)
		return;
	size_t left = strlen(script->answer) - connection->sent;
	size_t step = script->step && script->step < left ? script->step : left;
	ssize_t n = send(connection->fd, script->answer + connection->sent, step, MSG_NOSIGNAL);
	if (n < 0)
		return;
	connection->sent += (size_t)n;
	if (connection->sent < strlen(script->answer))
		return;
	if (script->then_repeat) {
		connection->sent = repeat_from(script->answer);
	} else if (script->then_close) {
		disconnect(server, connection);
	} else if (!strstr(script->path, "hang") && !strstr(script->path, "announced")) {
		connection->script = NULL;
		server->open--;
	}
}

static bool is_readable(int fd)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN};
	return poll(&entry, 1, 0) > 0;
}

void server_step(struct server *server)
{
	accept_all(server);
	for (int i = 0; i < SERVER_CONNECTIONS; i++) {
		struct server_connection *connection = &server->connections[i];
		if (connection->fd >= 0 && is_readable(connection->fd))
			receive(server, connection);
		if (connection->fd >= 0 && connection->script)
			answer(server, connection);
	}
}
