/* A record of umbra.events, from its bytes to the ledger. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_FEED_H
#define UMBRA_CONSUMERS_AGGREGATOR_FEED_H

#include "consumers/aggregator/ledger.h"

struct feed_record {
	const void *data; /* NULL: a null value */
	size_t size;
	int32_t partition; /* for the log */
	int64_t offset;
	int64_t append_us;
};

/* 0: taken. Else nothing was done: the record is of that generation, which the history has not
 * reached; with `is_patient` false it is taken all the same. */
int64_t feed_take(struct ledger *ledger, const struct history *history,
	const struct feed_record *fed, bool is_patient);

#endif
