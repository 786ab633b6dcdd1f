/* The control log as the page tells it: who changed what, when and why; and when each generation came.
 * Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_TIMELINE_H
#define UMBRA_CONSUMERS_CONSOLE_TIMELINE_H

#include "common/control.h"

struct timeline;

struct timeline *timeline_new(void);
void timeline_free(struct timeline *timeline);

/* An accepted record. */
void timeline_note(
	struct timeline *timeline, const struct control_record *record, int64_t append_time_us);

/* When that generation was accepted; 0: it was not. */
int64_t timeline_time(const struct timeline *timeline, int64_t generation);

/* The newest first, at most `limit`, those that changed the object of that name (NULL: all); a new
 * reference. */
json_t *timeline_to_json(const struct timeline *timeline, const char *object, size_t limit);

#endif
