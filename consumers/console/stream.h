/* The streams of changes: server-sent events to whoever looks at the page. */
#ifndef UMBRA_CONSUMERS_CONSOLE_STREAM_H
#define UMBRA_CONSUMERS_CONSOLE_STREAM_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct streams;

struct streams *streams_new(void);
/* After the server has stopped: it holds none any more. */
void streams_free(struct streams *streams);

/* Is there no room for another one? */
bool streams_are_full(const struct streams *streams);
/* Answers the request with a stream. */
enum MHD_Result streams_add(struct streams *streams, struct MHD_Connection *connection);

/* An event "change" for each: {"tests": [name, ...], ...}. Who did not read the one before gets one for both. */
void streams_tell(struct streams *streams, json_t *change);
/* Lets each end. */
void streams_end(struct streams *streams);

/* A comment now and then, so that a lost connection is noticed. True: there is something to send. */
bool streams_tick(struct streams *streams, int64_t now_us);

#endif
