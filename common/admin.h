/* The admin port: /livez, /readyz, /metrics, in the program's own loop (libmicrohttpd, no thread). */
#ifndef UMBRA_COMMON_ADMIN_H
#define UMBRA_COMMON_ADMIN_H

#include "common/loop.h"

struct admin;

/* `address` is "HOST:PORT"; port 0 takes a free one and logs which. NULL or "": no port; the result
 * is then a valid object that does nothing. NULL and errstr on failure. Answers GET and HEAD only. */
struct admin *admin_open(struct loop *loop, const char *address, char *errstr, size_t errstr_size);
void admin_close(struct admin *admin);

/* Why the program is not ready, as one line; NULL: ready. The text is copied. A new admin port is
 * not ready: "starting". */
void admin_set_ready(struct admin *admin, const char *why_not);

/* What was set. */
const char *admin_why_not(const struct admin *admin);

/* Does due work of the server. Returns microseconds until it must be called again, -1: no bound. */
int64_t admin_tick(struct admin *admin);

#endif
