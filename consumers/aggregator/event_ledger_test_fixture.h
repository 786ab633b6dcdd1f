/* A ledger to feed by hand: endpoint churn, source churn.requests/0, test t (shadow v2, 50 %, from
 * generation 3; answers compared from /p at production, /q at v2), windows of 10 s, horizon 60 s. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_EVENT_LEDGER_TEST_FIXTURE_H
#define UMBRA_CONSUMERS_AGGREGATOR_EVENT_LEDGER_TEST_FIXTURE_H

#include "consumers/aggregator/ledger.h"

enum { SECOND = 1000000, MAX_FINALS = 400 };

/* A tally as it was told; of its histograms only count, sum, min and max. */
struct told {
	struct tally tally;
	int64_t window_start_us;
};

struct fixture {
	struct control_state state;
	struct history history;
	struct ledger_config config;
	struct ledger *ledger;
	int64_t offset; /* of the next record */
	struct told finals[MAX_FINALS];
	size_t n_finals;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/* From generation 5 on t compares by label, with a threshold of 0.5. */
void fixture_compare_by_label(struct fixture *fixture);

/* A new ledger that reads on from there. */
void fixture_restart(struct fixture *fixture, const struct ledger_point *from);

/* Feeds an event at that second; NULL: a tick. */
void feed(struct fixture *fixture, double at_s, const struct event *event);
void feed_gap(struct fixture *fixture, double at_s, const char *test, int64_t events);
void feed_label(struct fixture *fixture, double at_s, const struct ledger_label *label);

/* Events with everything ok: production's of a request that is copied for t or not; a copy's. */
struct event production_event(int64_t source_offset, bool is_sampled);
struct event copy_event(int64_t source_offset);
/* The same without an answer. */
struct event lost_event(int64_t source_offset, enum outcome outcome);

/* The final tally of the window that begins at that second; zeroes when there is none. */
const struct tally *final_of(const struct fixture *fixture, const char *test, int start_s);
/* The same of the open window. */
struct tally open_tally(struct fixture *fixture, const char *test, int start_s);

#endif
