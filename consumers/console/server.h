/* HTTP: the page, the REST interface, the streams of changes, in the program's own loop. */
#ifndef UMBRA_CONSUMERS_CONSOLE_SERVER_H
#define UMBRA_CONSUMERS_CONSOLE_SERVER_H

#include "common/loop.h"
#include "consumers/console/access.h"
#include "consumers/console/api.h"

struct server;

struct server_settings {
	struct access_settings access; /* of its address, port 0 takes a free one and logs which */
	const struct view *view; /* kept true by its owner */
};

/* NULL and errstr. */
struct server *server_open(struct loop *loop, const struct server_settings *settings, char *errstr,
	size_t errstr_size);
void server_close(struct server *server);

/* Tells every stream; takes the reference over. */
void server_tell(struct server *server, json_t *change);
/* Ends every stream; answers that are on their way may end. */
void server_drain(struct server *server);

/* Does due work. Returns microseconds until it must be called again. */
int64_t server_tick(struct server *server);

#endif
