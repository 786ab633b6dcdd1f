/* Which requests are let in, by the name that they ask for and the token that they bring. */
#ifndef UMBRA_CONSUMERS_CONSOLE_GATE_H
#define UMBRA_CONSUMERS_CONSOLE_GATE_H

#include "consumers/console/access.h"
#include "consumers/console/reply.h"
#include <microhttpd.h>

struct gate {
	struct token *token; /* NULL: whoever can ask may read */
	bool is_local; /* only this machine can ask, and needs no token */
};

/* -1 and errstr. */
int gate_open(struct gate *gate, const struct access_settings *settings, bool is_loopback,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
/* Also of one that is all zero. */
void gate_close(struct gate *gate);

/* false: the reply says why not. */
bool gate_passes(const struct gate *gate, struct MHD_Connection *connection, const char *path,
	struct reply *reply);

#endif
