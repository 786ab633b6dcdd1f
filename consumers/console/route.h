/* Which of the interface's paths is asked for. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_ROUTE_H
#define UMBRA_CONSUMERS_CONSOLE_ROUTE_H

#include <stdbool.h>

enum { ROUTE_NAME_MAX = 128 }; /* names have 100 bytes at most */

/* Is the path the head, a name and the tail? The name is copied; a longer one is no name. tail NULL:
 * there is no name, the path is the head. */
bool route_matches(const char *head, const char *tail, const char *path, char name[ROUTE_NAME_MAX]);

#endif
