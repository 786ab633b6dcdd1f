/* For tests: an HTTP server that behaves as the path of the request says, badly mostly. It lives in
 * the test's own thread: nothing happens outside server_step. */
#ifndef UMBRA_COMMON_MODEL_TEST_SERVER_H
#define UMBRA_COMMON_MODEL_TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVER_CONNECTIONS = 64, SERVER_REQUEST_MAX = 256 * 1024 };

/* What is sent once a request to `path` is there. */
struct script {
	const char *path;
	const char *answer;
	size_t step; /* bytes a server_step, 0: all at once */
	bool then_close;
	bool then_repeat; /* the part of the answer after its last "\r\n" or head, without end */
	bool close_second; /* the second request of a connection is met with a close */
	int fails_first; /* after so many requests to the server, "/ok" is sent; 0: never */
	bool wait; /* nothing is sent before server->is_open */
};

struct server_connection {
	int fd; /* -1: free */
	char *request;
	size_t size;
	const struct script *script; /* NULL: no whole request yet */
	size_t sent;
	int n_requests;
};

struct server {
	int fd;
	int port;
	bool is_open;
	int n_accepted, n_requests;
	int open, max_open; /* requests that have not been answered whole */
	char last[4096]; /* the last request, head and the begin of its body */
	size_t last_body; /* its declared size */
	char ids[256][24]; /* x-request-id in order of arrival */
	struct server_connection connections[SERVER_CONNECTIONS];
};

struct server *server_new(void);
void server_free(struct server *server);
void server_step(struct server *server);

#endif
