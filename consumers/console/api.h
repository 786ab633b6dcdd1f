/* The REST interface: one handler for each path under /api/v1. A handler looks and answers; it neither
 * waits nor changes anything. */
#ifndef UMBRA_CONSUMERS_CONSOLE_API_H
#define UMBRA_CONSUMERS_CONSOLE_API_H

#include "common/control.h"
#include "common/report.h"
#include "consumers/console/feed.h"
#include "consumers/console/groups.h"
#include "consumers/console/host_store.h"
#include "consumers/console/query.h"
#include "consumers/console/test_alarms.h"
#include "consumers/console/timeline.h"

/* What there is to look at. */
struct view {
	const struct control_state *state;
	const struct timeline *timeline;
	struct store *store;
	struct host_store *hosts; /* NULL in tests */
	const struct feed *feed; /* NULL in tests */
	const struct groups *groups;
	struct test_alarms *alarms;
	const char *instance;
	const char *trouble; /* why it is not ready; NULL: it is */
	int64_t now_us; /* UTC */
};

struct request {
	const char *name; /* from the path, NULL: it has none */
	struct query query;
};

typedef void api_handler(
	const struct view *view, const struct request *request, struct reply *reply);

api_handler api_endpoints, api_tests, api_test, api_report, api_accounting, api_series,
	api_histogram, api_mismatches, api_history, api_system, api_description;

/* The test that the path names; NULL: the reply says that there is none. */
const struct test *api_find_test(
	const struct view *view, const struct request *request, struct reply *reply);

/* All windows of a test in a stretch, folded; `histograms` as in store_query. */
struct report_fold *api_fold(const struct view *view, const struct test *test,
	const struct stretch *stretch, unsigned histograms);
/* The stretch that is asked for. Where no end is given, it is that of the newest window, so that unchanged data
 * gives the same answer; with `last` it is that of the window that is open now. False: the reply is a
 * problem. */
bool api_stretch(const struct view *view, const struct test *test, const struct query *query,
	struct stretch *stretch, struct reply *reply);
/* As report_to_json needs it. */
struct report api_report_of(const struct view *view, const struct test *test,
	const struct stretch *stretch, const struct report_fold *fold);

/* How production's column is called for the requests that this candidate was compared on; malloc'ed. */
char *api_same_requests_name(
	const struct endpoint *endpoint, const struct test *test, const char *variant);

/* Which requests a latency is about: all of the model's, or those on which it was compared. */
enum population { ALL, COMPARED };
extern const char *const api_populations[];

/* The bit of the histogram of that name in the schema. */
unsigned api_histogram_bit(const char *name);
/* Those that a latency metric needs; 0: it is none. */
unsigned api_latency_bits(const char *metric, bool is_compared);

/* ISO 8601; null for 0. */
json_t *api_time(int64_t us);
json_t *api_variant_names(const struct variant *variants, size_t n);

/* Has the store windows of this arm for the test: its own, or production's over all requests? */
bool api_is_arm_of(const struct store_arm *arm, const struct test *test);
/* The start of the newest window that concerns the test, as an end of it; 0: none. */
int64_t api_updated(const struct view *view, const struct test *test);
/* Why the test's numbers are not those of now, sentences; empty: they are. */
json_t *api_staleness(const struct view *view, const struct test *test);
/* Up to where the windows of all partitions that were seen are final; 0: not known. */
int64_t api_complete_to(const struct view *view);

#endif
