/* What umbra.aggregates says, in a SQLite file: a materialised view. Rows and Kafka positions change
 * in one transaction, so the file may be killed at any moment, deleted, or damaged: it is then made
 * anew, and who feeds it begins from the topic's beginning.
 *
 * A final window is added at once to a row of 10 s, of a minute and of an hour; narrow rows are
 * deleted when they are old. Each row of an hour remembers, a bit for a window and partition, what was
 * added: a final window counts once, however often and in whatever order it comes. Provisional
 * windows lie in a table of their own until the final one replaces them. */
#ifndef UMBRA_CONSUMERS_CONSOLE_STORE_H
#define UMBRA_CONSUMERS_CONSOLE_STORE_H

#include "common/aggregate.h"
#include "consumers/console/plan.h"

struct store;

/* A view of the installation with that prefix. A file that is another's, or is damaged, is made anew, and
 * a log line says so. NULL and errstr: the file cannot be used at all. */
struct store *store_open(const char *path, const char *prefix, char *errstr, size_t errstr_size);
void store_close(struct store *store);

/* Begins from nothing. 0, or -1 and errstr. Positions are 0 then. */
int store_reset(struct store *store, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* Is it a view of that cluster? The first one that is named is remembered. */
bool store_is_of(struct store *store, const char *cluster);

/* The file was found damaged, or is gone: store_reset() is due. */
bool store_is_damaged(const struct store *store);
/* Looks whether the file is still where it was. */
void store_look(struct store *store);

/* Where each partition of umbra.aggregates is read on; 0: from its beginning. */
int64_t store_position(const struct store *store, int32_t partition);
void store_set_position(struct store *store, int32_t partition, int64_t next);

/* A record into the open batch. -1 and errstr: it is no window. */
int store_take(struct store *store, const void *key, size_t key_size, const void *value,
	size_t size, char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
/* Makes the batch lasting. -1: it is undone, positions too; errstr says why. */
int store_commit(struct store *store, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* The hours whose narrow rows are kept for good. */
void store_keep_hours(struct store *store, const int64_t *hours_us, size_t n);
/* Deletes what is older, counted from the newest window; quick unless that has begun an hour. */
void store_prune(struct store *store);

/* An arm as the store knows it. */
struct store_arm {
	int64_t id;
	char *endpoint, *test, *variant; /* test NULL: production over all requests */
	enum role role;
	int64_t newest_us; /* start of its newest window, provisional ones included */
	bool has_news; /* since store_clear_news() */
	bool is_unwritten; /* since the last store_commit() */
};
size_t store_arms(const struct store *store);
const struct store_arm *store_arm(const struct store *store, size_t i);
/* They were told; what is still to be written is not touched. */
void store_clear_news(struct store *store);

/* Up to where the windows of this partition of umbra.events are final; 0: nothing is known. */
int64_t store_clock(const struct store *store, int32_t partition);
int32_t store_clocks(const struct store *store); /* the greatest partition known, + 1 */

const struct plan_store *store_plan(const struct store *store);

/* Examples stand in the rows of hours and in open windows only. */
#define STORE_MISMATCHES (1U << 31)

/* Which rows. */
struct store_query {
	const struct store_arm *arm;
	int64_t from_us, to_us;
	int level; /* -1: as few as hold exactly these windows */
	unsigned histograms; /* a bit for each of row_histograms(), and STORE_MISMATCHES */
};
/* Each row and open window in the stretch. The aggregate's names are the arm's; what the callback does
 * not empty is freed afterwards. */
typedef void store_row_cb(void *opaque, struct aggregate *aggregate);
void store_each(
	struct store *store, const struct store_query *query, store_row_cb *take, void *opaque);

/* How large the file is, in bytes. */
int64_t store_size(const struct store *store);

#endif
