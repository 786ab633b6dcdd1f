/* umbra.aggregates, followed from where the store stands, for ever. A console is not in a group: each
 * reads everything. */
#ifndef UMBRA_CONSUMERS_CONSOLE_FEED_H
#define UMBRA_CONSUMERS_CONSOLE_FEED_H

#include "common/kafka.h"
#include "common/loop.h"
#include "consumers/console/store.h"

struct feed;

struct feed *feed_open(const struct common_settings *settings, struct loop *loop,
	struct store *store, char *errstr, size_t errstr_size);
void feed_close(struct feed *feed);
rd_kafka_t *feed_handle(struct feed *feed);

/* Begins to read; called again until it succeeds. False: why is in feed_trouble(). */
bool feed_start(struct feed *feed);

/* Takes what has arrived. Returns microseconds until there is more to do, -1: an event tells. */
int64_t feed_tick(struct feed *feed, int64_t now_us);
/* The store got new rows since the last call. */
bool feed_take_change(struct feed *feed);

/* "" when all goes well. */
const char *feed_trouble(const struct feed *feed);
/* Has everything been read that was there at the start, and is little left to read? */
bool feed_is_current(const struct feed *feed);

const char *feed_topic(const struct feed *feed);
int32_t feed_partitions(const struct feed *feed);
/* The end of the partition as far as it is known, -1: it is not. */
int64_t feed_end(const struct feed *feed, int32_t partition);

#endif
