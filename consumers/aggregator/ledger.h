/* The books of one partition of umbra.events: its records in, in order, and the numbers of each
 * window out. A pure function of the log: no Kafka, no clock of its own.
 *
 * Time is the largest append time read, the partition's clock. A request belongs to the window of its
 * first production event, and all that is joined to it too. A window closes when the clock reaches
 * its end + horizon, before the record that moves the clock is looked at; what arrives for it later
 * is counted as late, in the window in which it arrives.
 *
 * A production event is remembered until its window is closed and a done_below of its source covers
 * it, so that its redelivery is recognised; and no longer than `memory_us`, for a source that fell
 * silent. An offset that may be committed is one from which a reader comes to the same numbers for
 * every window that is not closed yet: whatever an open window made use of lies behind it. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_LEDGER_H
#define UMBRA_CONSUMERS_AGGREGATOR_LEDGER_H

#include "common/event.h"
#include "consumers/aggregator/history.h"
#include "consumers/aggregator/tally.h"

#define LEDGER_NEVER INT64_MIN
#define LEDGER_CUT_OFF INT64_MAX

/* Where to read on, and what was said already: the commit's offset and its metadata. */
struct ledger_point {
	int64_t offset;
	int64_t clock_us; /* windows closed by this clock are not written again */
	int64_t base_us; /* the clock before the record at `offset` */
	int64_t blind_us; /* windows that begin before it are not written: what lay before was deleted;
			     LEDGER_CUT_OFF: the time of the first record that is left */
};

struct ledger_limits {
	int64_t window_us; /* 10 s */
	int64_t horizon_us;
	int64_t memory_us; /* at least the horizon */
	int64_t joins; /* copies that wait for their other half */
	int64_t join_bytes; /* of the answers that are kept for them */
	int64_t requests; /* production events that are remembered */
};

struct ledger_config {
	struct ledger_limits limits;
	const struct history *history;
	/* A window closed: once for each of its tallies, sorted by their names. */
	void (*on_final)(void *opaque, const struct tally *tally, int64_t window_start_us);
	void *opaque;
};

enum ledger_record_kind {
	LEDGER_EVENT,
	LEDGER_GAP,
	LEDGER_LABEL,
	LEDGER_OTHER /* a tick, or nothing that is known: only its time counts */
};

struct ledger_gap {
	const char *endpoint;
	const char *test; /* NULL: of any */
	int64_t events;
};

/* The truth about a request. */
struct ledger_label {
	const char *request_id;
	const char *endpoint; /* NULL: any */
	const char *label;
};

struct ledger_record {
	int64_t offset;
	int64_t append_us;
	enum ledger_record_kind kind;
	const struct event *event;
	const struct ledger_gap *gap;
	const struct ledger_label *label;
};

/* For gauges. */
struct ledger_status {
	int64_t clock_us; /* LEDGER_NEVER: nothing read yet */
	int64_t requests, joins, join_bytes;
	int64_t windows; /* open */
	int64_t malformed; /* events that no program of ours would write; not counted further */
	int64_t duplicates; /* events that came again */
	int64_t unwritten; /* windows that the log does not wholly hold any more */
	int64_t labels_given_up; /* labels, and requests that wait for theirs, at a limit */
	int64_t state_bound; /* joins given up at a limit */
};

struct ledger;

/* Reads on from `start`; its offset is what the first record is expected to be at, or before. */
struct ledger *ledger_new(const struct ledger_config *config, const struct ledger_point *start);
void ledger_free(struct ledger *ledger);

void ledger_take(struct ledger *ledger, const struct ledger_record *record);

/* The tallies of open windows: all, or those that changed since they were last asked for so. */
void ledger_each_open(struct ledger *ledger, bool only_changed,
	void (*visit)(void *opaque, const struct tally *tally, int64_t window_start_us),
	void *opaque);

/* What may be committed once all that was said so far is written. */
void ledger_point(const struct ledger *ledger, struct ledger_point *point);

/* A point without its offset, as a commit's metadata, and back: false when the text is none of ours. */
enum { LEDGER_POINT_MAX = 120 };
size_t ledger_point_write(const struct ledger_point *point, char text[LEDGER_POINT_MAX]);
bool ledger_point_read(const char *text, size_t size, struct ledger_point *point);

void ledger_read_status(const struct ledger *ledger, struct ledger_status *status);

#endif
