/* The inside of a ledger. Only ledger*.c include this.
 *
 *   ledger.c          records in, the clock, windows and their end, what may be committed
 *   ledger_entry.c    what is remembered, found by the request that it is about
 *   ledger_join.c     the two halves of a copy: joined, compared, lost
 *   ledger_label.c    the truth about a request, joined to what its arms predicted
 *   ledger_name.c     arms and sources: each one object, found by its names
 *   ledger_decision.c does each sampling decision follow from its hash?
 */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_LEDGER_PRIVATE_H
#define UMBRA_CONSUMERS_AGGREGATOR_LEDGER_PRIVATE_H

#include "consumers/aggregator/ledger.h"
#include <sys/queue.h>

enum { LEDGER_MAX_ARMS = 10000, LEDGER_MAX_SOURCES = 100000 };

/* A record of the log and the clock at it. */
struct place {
	int64_t offset;
	int64_t time_us;
};

struct entry;
struct expectation; /* of the truth: ledger_label.c */
struct label;
struct subject;
TAILQ_HEAD(entry_list, entry);

/* Where requests come from: offsets rise within it. */
struct source {
	char *endpoint, *topic;
	int64_t epoch;
	int32_t partition;
	int64_t mark; /* the largest done_below seen, -1: none */
	struct place marked; /* the last event that said so, or more */
	int64_t forgotten; /* requests up to that offset may have been, at a limit; -1: none */
	struct place forgotten_at; /* the newest of them */
	struct entry_list uncovered; /* of closed windows, by `seen` */
	int64_t n_entries;
	uint64_t seed; /* of the entries' hashes */
	struct source *next;
};

/* One answer, as far as it is needed to compare it. Body, digest and content type lie behind. */
struct answer {
	enum outcome outcome;
	int status_code;
	int64_t model_latency_us;
	int64_t generation;
	int64_t request_bytes, response_bytes, overhead_us, queue_us;
	char *variant, *content_type;
	void *body; /* NULL: not carried */
	size_t body_size;
	uint8_t digest[EVENT_DIGEST_SIZE];
	bool has_digest;
	size_t size; /* of all this, against the limit */
};

enum slot_state {
	SLOT_WAITING,
	SLOT_LOST, /* by the arm's own event: an answer may still come */
	SLOT_PAIRED,
	SLOT_GIVEN_UP /* at a limit: nothing more counts */
};

/* One copy that a request has. */
struct slot {
	const struct arm *arm;
	enum slot_state state;
	enum outcome outcome; /* SLOT_LOST */
	int64_t request_bytes, response_bytes; /* SLOT_LOST: of that event */
};

/* A request's first production event; or an orphan, the event of a copy whose request has none yet. */
struct entry {
	struct source *source;
	int64_t source_offset;
	struct place place;
	struct place seen; /* the last duplicate, else as place: how long it is remembered */
	struct window *window; /* NULL: closed */
	const struct arm *orphan; /* whose event it is; NULL: a production event */
	bool is_ghost; /* a duplicate whose first was forgotten: counts nowhere */
	bool is_waiting; /* in the ledger's list */
	uint8_t n_slots;
	struct slot *slots;
	struct answer *answer; /* while it may still be compared */
	struct expectation *expectation; /* NULL: no copy of it is compared by label */
	struct entry *chain; /* of its hash */
	TAILQ_ENTRY(entry) link; /* its window's entries, or its source's uncovered ones */
	TAILQ_ENTRY(entry) waiting;
	TAILQ_ENTRY(entry) age; /* the ledger's production events, oldest first */
};

struct window {
	int64_t start_us;
	struct place hold; /* the first record that its numbers made use of */
	struct place
		lasting; /* the first record by which duplicates were known; LASTING_NONE: there
				 were none */
	struct entry_list entries;
	struct tally **tallies;
	size_t n_tallies;
	struct window *next; /* a later one */
};

/* A duplicate of a closed window must not be the first of its request for a reader that begins before
 * it: what such a reader joined to it would be missing in the windows that were open beside its own.
 * So the records that it was known by are held for as long as these. */
struct lasting {
	struct place place;
	int64_t until_us;
	STAILQ_ENTRY(lasting) link;
};

#define LASTING_NONE INT64_MAX

struct ledger {
	struct ledger_config config;
	struct ledger_point start;
	int64_t next_offset;
	bool has_begun; /* a record was read */
	struct window *first, *last; /* open ones, by time */
	struct entry_list waiting; /* copies without their other half, oldest first */
	struct entry_list ages;
	STAILQ_HEAD(lasting_list, lasting) lasting; /* until_us rises */
	TAILQ_HEAD(label_list, label) labels; /* oldest first */
	TAILQ_HEAD(expectation_list, expectation) expectations; /* likewise */
	int64_t n_labels, n_expectations;
	struct subject **subjects; /* what labels and requests wait under, by id */
	size_t n_subjects, n_subject_buckets;
	struct entry **buckets;
	size_t n_buckets, n_entries; /* orphans too */
	struct arm **arms;
	size_t n_arms;
	struct source *sources;
	size_t n_sources;
	struct ledger_status status;
};

/* ledger_name.c. NULL: there are too many, or a name is none. */
const struct arm *ledger_arm(struct ledger *ledger, const char *endpoint, const char *test,
	const char *variant, enum role role);
struct source *ledger_source(struct ledger *ledger, const struct event *event);
void source_add_uncovered(struct source *source, struct entry *entry);
void ledger_sweep_sources(struct ledger *ledger);
void ledger_free_names(struct ledger *ledger);
/* The entry is forgotten before its time. */
void source_forget(struct source *source, const struct entry *entry);
bool ledger_has_forgotten(const struct ledger *ledger, const struct place *place);
/* An event at `place` says that all below is done. */
void source_advance(struct ledger *ledger, struct source *source, int64_t done_below,
	const struct place *place);
bool source_covers(const struct ledger *ledger, const struct source *source, int64_t offset);

/* ledger_entry.c */
struct entry *entry_new(struct ledger *ledger, struct source *source, int64_t source_offset,
	const struct place *place, const struct arm *orphan);
void entry_free(struct ledger *ledger, struct entry *entry); /* it is in no window's list */
struct entry *entry_find(const struct ledger *ledger, const struct source *source, int64_t offset);
/* The oldest orphan of that request. */
struct entry *entry_find_orphan(
	const struct ledger *ledger, const struct source *source, int64_t offset);
/* The record by which a reader knows of it: while its window is open, the one that counts. */
const struct place *entry_known_by(const struct entry *entry);
void entry_keep_answer(struct ledger *ledger, struct entry *entry, const struct event *event);
void entry_drop_answer(struct ledger *ledger, struct entry *entry);
void entry_wait(struct ledger *ledger, struct entry *entry);
void entry_stop_waiting(struct ledger *ledger, struct entry *entry);
int64_t entry_joins(const struct entry *entry);

/* ledger_join.c */
void join_production(struct ledger *ledger, struct entry *entry, const struct event *event);
void join_copy(struct ledger *ledger, struct window *window, struct source *source,
	const struct arm *arm, const struct place *place, const struct event *event);
void join_close(struct ledger *ledger, struct entry *entry);
void join_enforce_limits(struct ledger *ledger);

/* ledger_label.c */
/* A request that counts, once its copies are known. */
void label_expect(struct ledger *ledger, struct entry *entry, const char *request_id);
void label_forget(struct ledger *ledger, struct entry *entry);
/* A copy of it was compared. */
void label_predict(const struct entry *entry, const struct slot *slot,
	const struct compare_result *result, bool with_scores);
void label_take(struct ledger *ledger, const struct place *place, int64_t window_start_us,
	const struct ledger_label *told);
/* Labels of that window and before have waited long enough. */
void labels_close(struct ledger *ledger, int64_t window_start_us);

/* ledger_decision.c */
void decisions_check(struct ledger *ledger, struct window *window, const struct event *event);

/* ledger.c */
struct tally *window_tally(struct window *window, const struct arm *arm);
void window_hold(struct window *window, const struct place *place);

#endif
