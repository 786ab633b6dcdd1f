/* A record of umbra.aggregates on its way: sent again until Kafka has it. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_OUTPUT_H
#define UMBRA_CONSUMERS_AGGREGATOR_OUTPUT_H

#include "consumers/aggregator/aggregator.h"

/* Counts what is open, for a commit to wait for; lives until none is. */
struct output_group {
	int64_t open;
	bool is_left; /* by its owner: the last output frees it */
};

struct output_group *output_group_new(void);
void output_group_leave(struct output_group *group); /* NULL is fine */

/* Sends a final record, or with `value` NULL a tombstone; key and value are copied. */
void output_send(struct aggregator *aggregator, struct output_group *group, int32_t partition,
	const char *key, size_t key_size, const struct avro_buffer *value);

/* Sends a provisional record or a tick once; whether it arrives matters little. */
void output_send_once(struct aggregator *aggregator, const char *topic, int32_t partition,
	const char *key, size_t key_size, const struct avro_buffer *value);

#endif
