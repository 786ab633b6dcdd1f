/* The evidence on which a model is promoted or not: the windows of one test folded together, and the
 * alarms and the JSON that tell it. Pure. */
#ifndef UMBRA_COMMON_REPORT_H
#define UMBRA_COMMON_REPORT_H

#include "common/aggregate.h"
#include "common/control.h"
#include "common/partition_clock.h"
#include <jansson.h>

/* Which windows count. */
struct report_query {
	const char *endpoint, *test;
	int64_t from_us, to_us; /* of the windows' starts, UTC: from <= start < to */
	int64_t copies_to_us; /* of windows that name the test, instead of to_us; 0: that */
	bool by_window; /* a row for each window; else one for all */
};

struct report_fold;

struct report_fold *report_fold_new(const struct report_query *query);
void report_fold_free(struct report_fold *fold);

/* A record of umbra.aggregates, in the order of its partition. A final record counts once, however
 * often it was written, and replaces the provisional one of its window; of those the last counts,
 * unless the window was closed without a final one: then it is missing, and no part of it counts.
 * A null value takes back what its key said. -1 and errstr: it is no WindowAggregate, and no
 * PartitionClock. */
int report_fold_take(struct report_fold *fold, const void *key, size_t key_size, const void *value,
	size_t size, char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* An aggregate whose owner has seen to it that it counts once. Takes it over. */
void report_fold_add(struct report_fold *fold, struct aggregate *aggregate);

/* Once all records are taken. Production's rows have test NULL and count all its requests. */
void report_fold_end(struct report_fold *fold);
size_t report_rows(const struct report_fold *fold);
const struct aggregate *report_row(const struct report_fold *fold, size_t i);
/* NULL: nothing was written of that arm. Not by window. */
const struct aggregate *report_arm(
	const struct report_fold *fold, enum role role, const char *variant);

/* How far a partition of umbra.events is, as far as anything was told. */
#define REPORT_UNTOLD INT64_MIN
struct partition_clock report_clock(const struct report_fold *fold, int32_t partition);

/* What the windows of a test say, and of which test. */
struct report {
	const struct test *test;
	const struct endpoint *endpoint;
	const char *state; /* "running", ... */
	struct report_query query;
	const struct report_fold *fold; /* ended; by window only for CSV */
	int64_t least; /* compared requests below which there is too little to decide on */
	int64_t partitions; /* of umbra.events; 0: how far each was read is not looked at */
};

/* How far the report's numbers are complete: as far as all partitions are. */
struct report_progress {
	int64_t counted_us; /* events that were appended up to then are counted; REPORT_UNTOLD: some
			       partition has told nothing, or none is looked at */
	int64_t final_us; /* windows that end then or before will not change; likewise */
	int64_t newest_us; /* the clock of the partition that is farthest; REPORT_UNTOLD: all are untold */
	int64_t behind_us; /* and of the one of those that told one that is least far */
	int32_t behind;
	bool is_final; /* no window that was asked for will change */
};
void report_progress(const struct report *report, struct report_progress *progress);

/* What must not be, one sentence each: NULL when there are no more. The caller frees it. */
char *report_alarm(const struct report *report, size_t i);

/* Has every shadow variant `least` compared requests? By window or not. */
bool report_is_enough(const struct report *report);

/* As design §12 lays down; new references, like all of these. */
json_t *report_to_json(const struct report *report);
json_t *report_alarms_to_json(const struct report *report);
/* {"word": n, ...} */
json_t *counts_to_json(const struct counts *counts);

/* Of the requests that both arms answered: with weights several production variants stand behind the
 * same ones. `endpoint` may be NULL: it is gone. */
const char *report_production_name(const struct endpoint *endpoint);

#endif
