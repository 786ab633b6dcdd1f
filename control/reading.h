/* Reading a topic from where one wants to the end that it has now, or on and on. */
#ifndef UMBRA_CONTROL_READING_H
#define UMBRA_CONTROL_READING_H

#include "control/umbractl.h"

enum limit { LIMIT_NONE, LIMIT_OFFSET, LIMIT_TIME, LIMIT_NOW };

struct reading {
	struct ctl *ctl; /* connected */
	const char *topic;
	enum limit from, to;
	int64_t from_value, to_value; /* offsets, or times in microseconds */
	bool follow; /* never ends by itself */
	/* Each record; false: enough. */
	bool (*take)(void *opaque, const rd_kafka_message_t *rkm);
	void *opaque;
	/* private from here */
	int n; /* partitions */
	int64_t *next, *end;
	int open; /* partitions whose end is not reached */
	bool is_over;
};

/* Returns the exit status; what went wrong is written. */
int reading_run(struct reading *reading);

#endif
