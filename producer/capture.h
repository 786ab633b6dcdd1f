/* A range of a topic as input: its records in the order of their timestamps, those of a partition in
 * their own order. Each partition has a queue of its own, of which one record is looked at. */
#ifndef UMBRA_PRODUCER_CAPTURE_H
#define UMBRA_PRODUCER_CAPTURE_H

#include "common/kafka.h"
#include "common/loop.h"
#include "producer/origin.h"
#include "producer/range.h"
#include "producer/source.h"

struct capture;

struct capture_plan {
	const char *topic; /* NULL: none is read; outlives the capture */
	struct bound from, to;
};

/* Blocks until the offsets of each partition are known. NULL, errstr. */
struct capture *capture_open(const struct common_settings *settings, struct loop *loop,
	const struct capture_plan *plan, char *errstr, size_t errstr_size);
void capture_close(struct capture *capture);

/* SOURCE_RECORD, SOURCE_WAIT, SOURCE_END, or SOURCE_FAILED: see capture_problem. */
enum source_result capture_next(struct capture *capture);

/* The record, until the next call. */
rd_kafka_message_t *capture_record(struct capture *capture);
const char *capture_problem(const struct capture *capture);

/* How much of the range was read, 0 to 1. */
double capture_share(const struct capture *capture);

#endif
