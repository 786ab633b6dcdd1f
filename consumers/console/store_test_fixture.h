/* A store in a folder of its own, and windows for it. */
#ifndef UMBRA_CONSUMERS_CONSOLE_STORE_TEST_FIXTURE_H
#define UMBRA_CONSUMERS_CONSOLE_STORE_TEST_FIXTURE_H

#include "consumers/aggregator/tally.h"
#include "consumers/console/file_test_fixture.h"
#include "consumers/console/store.h"

#define SECOND INT64_C(1000000)
#define WINDOW (10 * SECOND)
#define MINUTE (60 * SECOND)
#define DAY (24 * HOUR_US)
#define BEGIN (20000 * DAY)

/* After make_test_folder(). */
int remove_store_folder(void **opaque);

struct store *open_store(void);
struct store *open_new_store(void);
void commit(struct store *store);

/* "churn": its production, and its test's candidate. */
enum { PRODUCTION, CANDIDATE, ARMS };

struct given {
	int arm;
	int64_t start_us;
	int32_t partition;
	bool is_provisional;
	int64_t model_us; /* of the one request in it */
};
void give(struct store *store, const struct given *given);
/* What compaction leaves of a provisional record. */
void take_back(struct store *store, const struct given *given);

/* What the store says of an arm from there to there; level -1: as few rows as hold exactly it. */
struct told {
	int64_t rows, invocations, model_us;
	bool is_provisional; /* some of it */
};
struct told ask_store(struct store *store, int arm, int level, int64_t from_us, int64_t to_us);

/* Below `n`, each as often as the others; the same numbers in each run. */
uint64_t draw(uint64_t n);

#endif
