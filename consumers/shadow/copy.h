/* What a copy's umbra-* headers say: whose copy it is, and of which request. */
#ifndef UMBRA_CONSUMERS_SHADOW_COPY_H
#define UMBRA_CONSUMERS_SHADOW_COPY_H

#include "common/outcome.h"
#include <librdkafka/rdkafka.h>

struct copy {
	char request_id[300];
	char endpoint[101];
	char test[101];
	char variant[101];
	char source_topic[250];
	enum role role;
	int32_t source_partition;
	int64_t source_offset;
	int64_t epoch;
	int64_t generation;
	int64_t time_us; /* of the source record, UTC */
};

/* 0, or -1 and errstr naming the header that is missing or broken. `headers` may be NULL. */
int copy_decode(const rd_kafka_headers_t *headers, struct copy *copy, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

#endif
