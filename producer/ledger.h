/* The requests in flight, by number: sent, and not yet acknowledged by Kafka or not yet answered. It
 * has room for a fixed number of them; that is the bound on what is in flight. Pure. */
#ifndef UMBRA_PRODUCER_LEDGER_H
#define UMBRA_PRODUCER_LEDGER_H

#include "common/publisher.h"
#include "producer/origin.h"
#include <stdbool.h>
#include <stdint.h>

struct run;

enum { RUN_ID_MAX = 100, REQUEST_ID_SIZE = RUN_ID_MAX + 24 };

struct in_flight {
	struct delivery delivery; /* first: the publisher knows the request by it */
	struct run *run; /* the owner's */
	int64_t number; /* from 1 */
	struct origin origin;
	int64_t intended_us, sent_us; /* monotonic */
	bool is_open; /* neither answered (or acknowledged, where that is all) nor given up */
	bool awaits_ack; /* the publisher holds it; gone when neither holds */
	struct in_flight *bucket_next;
	struct in_flight *next, *prev; /* in the order of sending */
};

struct ledger {
	char run[RUN_ID_MAX + 1];
	struct in_flight *all; /* [capacity] */
	struct in_flight *unused;
	struct in_flight **buckets;
	uint64_t mask;
	struct in_flight *oldest, *newest;
	int64_t in_flight;
	int64_t last_number;
};

/* Room for `capacity` requests, 1 or more, of the run of that name. */
void ledger_init(struct ledger *ledger, const char *run, int64_t capacity);
void ledger_fini(struct ledger *ledger);

/* 1 to RUN_ID_MAX bytes of [A-Za-z0-9._-]? */
bool ledger_is_run(const char *run);

/* A new request with the next number; NULL: no room. */
struct in_flight *ledger_open(struct ledger *ledger);

/* It was not sent after all: its number is free again. Only for the newest. */
void ledger_undo(struct ledger *ledger, struct in_flight *request);

/* Takes the request out when nobody waits for anything of it. */
void ledger_settle(struct ledger *ledger, struct in_flight *request);

/* "RUN-NUMBER" into REQUEST_ID_SIZE bytes; returns its length. */
int ledger_write_id(const struct ledger *ledger, int64_t number, char *id);

/* The number that an id of this run holds, 1 to last_number; 0: it is not one of this run. */
int64_t ledger_read_id(const struct ledger *ledger, const void *id, size_t size);

/* NULL: not in flight (any more). */
struct in_flight *ledger_find(const struct ledger *ledger, int64_t number);

#endif
