/* The group membership on umbra.events: which partitions are ours, where each is read on, commits.
 *
 * A partition that leaves is kept for one rebalance, ledger and all: should it come back, and nobody
 * else have committed for it meanwhile, it goes on as if it had never left. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_READER_H
#define UMBRA_CONSUMERS_AGGREGATOR_READER_H

#include "consumers/aggregator/aggregator.h"

struct reader;

/* Joins the group. NULL and errstr. */
struct reader *reader_open(struct aggregator *aggregator, char *errstr, size_t errstr_size);
/* Commits what may be committed, leaves the group. */
void reader_close(struct reader *reader);

/* Reads a bounded number of records, publishes, commits; `is_stopping`: reads no more. Returns
 * microseconds until there is more to do. */
int64_t reader_tick(struct reader *reader, int64_t now_us, bool is_stopping);

/* Gauges. */
void reader_count(const struct reader *reader);

/* Has the group given this member its share, be it none? */
bool reader_is_assigned(const struct reader *reader);

#endif
