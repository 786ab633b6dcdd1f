/* Where requests go and where answers come from: as told, or as the control log says. */
#ifndef UMBRA_PRODUCER_TARGET_H
#define UMBRA_PRODUCER_TARGET_H

#include "producer/options.h"
#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct target {
	char *topic;
	char *responses; /* NULL: not known */
	bool is_avro;
	char *events; /* where the truth is told */
	int64_t event_partitions; /* its; 0: it is not told */
};

/* 0, or -1 and errstr: no such endpoint, no control log. Blocks for some seconds. */
int target_find(struct target *target, const struct options *options, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));
void target_fini(struct target *target);

/* Does the topic exist? -1 and errstr with what to do. */
int target_check_topic(rd_kafka_t *rk, const char *topic, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

#endif
