/* What topics refused although it came by itself: for a while, what is no smaller need not be tried again
 * without the records beside it. Pure. */
#ifndef UMBRA_COMMON_TOO_LARGE_H
#define UMBRA_COMMON_TOO_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOO_LARGE_KNOWN_US = 10000000 }; /* then one record tries whether the limit was raised */

struct too_large {
	char *topic;
	size_t size; /* the least that was refused, bytes of key and value */
	int64_t until_us;
	struct too_large *next;
};

/* `list` begins as NULL; one entry per topic. Times are monotonic. */
void too_large_note(struct too_large **list, const char *topic, size_t size, int64_t now_us);
bool too_large_is_known(
	const struct too_large *list, const char *topic, size_t size, int64_t now_us);
void too_large_free(struct too_large *list);

#endif
