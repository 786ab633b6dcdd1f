/* The control state: what endpoints and tests exist, as the control log says. Pure: the fold of
 * records in, snapshots out. Snapshots are immutable and reference-counted, so that a request in
 * flight keeps what it started with. */
#ifndef UMBRA_COMMON_CONTROL_H
#define UMBRA_COMMON_CONTROL_H

#include "common/compare.h"
#include "common/model_call.h"
#include "common/settings.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct variant {
	const char *name;
	const char *url;
	int64_t weight; /* production: 0 to 1,000,000; shadow: 1 */
	int64_t timeout_us;
	int64_t max_in_flight;
	int64_t max_response_bytes;
	int64_t retries; /* further attempts after the first */
	struct string_list retry_on; /* empty: retry_policy_use_defaults() */
	int64_t backoff_us;
	int64_t breaker_failures; /* in a row; 0: there is no breaker */
	int64_t breaker_cooldown_us;
	const char *
		answer_path; /* where the answer stands in the body, a JSON pointer; NULL: it is all */
	int64_t instances; /* hosts behind the URL, for "per instance" figures */
	const char *ca_file, *cert_file, *key_file; /* NULL: not set */
	const char *metrics_url; /* the host's Prometheus page; NULL: none, and so the next three */
	const char *metrics_cpu, *metrics_memory,
		*metrics_disk; /* metric_query.h; NULL: defaults */
	struct model_header *headers;
	size_t n_headers;
};

enum request_order { ORDER_NONE, ORDER_KEY };
enum request_format { FORMAT_RAW, FORMAT_AVRO };

struct endpoint {
	int references;
	const char *name;
	int64_t generation; /* of the record that last changed it */
	int64_t created_generation;
	int64_t epoch; /* counts the settings of a start position, from 1 */
	enum request_format format;
	const char *content_type; /* where a request has none; "application/json" */
	const char *request_id_header; /* NULL: only ce_id and x-request-id */
	const char *requests_topic, *responses_topic, *dead_letter_topic;
	int64_t partitions, replication; /* of topics that apply creates */
	struct string_list correlation_headers; /* echoed besides kafka_correlationId */
	struct string_list reply_topics; /* that a caller may name in kafka_replyTopic */
	struct string_list secret_headers; /* never copied to a shadow topic */
	int64_t max_uncommitted; /* records per partition */
	int64_t max_age_us; /* an older request is answered `expired`; 0: none is */
	enum request_order order;
	int64_t budget_copies, budget_bytes; /* of all its tests, per second; 0: no limit */
	int64_t *
		start; /* first offset of each partition, resolved by apply; later ones start at 0 */
	size_t n_start;
	struct variant *variants;
	size_t n_variants;
	json_t *definition; /* what the log holds; owned */
};

enum sample_by { SAMPLE_BY_ID, SAMPLE_BY_KEY };
enum test_state { TEST_CREATED, TEST_RUNNING, TEST_COMPLETED, TEST_CANCELLED, TEST_FAILED };

struct test {
	int references;
	const char *name;
	const char *endpoint;
	int64_t generation;
	int64_t created_generation;
	uint32_t sampling; /* k: percentage times 10^4 */
	uint32_t
		baseline; /* of the sampled requests, percentage times 10^4: those that production is
			      asked a second time */
	enum sample_by sample_by;
	uint64_t seed; /* sampling_seed(name, created_generation) */
	int64_t start_us, end_us; /* UTC; the schedule */
	enum test_state
		ended; /* TEST_COMPLETED or TEST_CANCELLED once an operator said so, else TEST_CREATED */
	int64_t ended_us; /* valid with `ended` */
	int64_t compare_bytes; /* response bodies up to this size travel in events */
	struct compare_spec compare;
	struct variant *variants; /* shadows */
	const char **shadow_topics; /* <endpoint>.shadow.<variant>, one for each variant */
	size_t n_variants;
	json_t *definition;
};

/* A deleted endpoint: should the name come back, its epochs go on from here, so that its events and
 * commits are never taken for the old one's. */
struct control_grave {
	char *name;
	int64_t epoch;
};

struct control_state {
	int64_t generation; /* of the last accepted record, 0: none */
	int64_t event_partitions; /* N of umbra.events, 0: not initialised */
	struct endpoint **endpoints; /* sorted by name */
	size_t n_endpoints;
	struct test **tests; /* sorted by name */
	size_t n_tests;
	struct control_grave *graves;
	size_t n_graves;
	char *not_understood; /* why a record could not be understood: the state no longer moves; NULL */
};

enum object_kind { OBJECT_INSTALLATION, OBJECT_ENDPOINT, OBJECT_TEST };
enum change_action { CHANGE_PUT, CHANGE_DELETE };

struct control_change {
	enum object_kind kind;
	enum change_action action;
	char *name;
	char *definition; /* JSON text; NULL with CHANGE_DELETE */
};

/* One record of umbra.control (schemas/control_record.avsc). */
struct control_record {
	int64_t generation;
	char write_id[37]; /* a random UUID */
	char *author;
	int64_t time_us;
	char *reason; /* "" when none was given */
	struct control_change *changes;
	size_t n_changes;
};

enum control_verdict {
	CONTROL_ACCEPTED,
	CONTROL_CONFLICT, /* generation is not current + 1: another writer was first */
	CONTROL_INVALID, /* valid Avro, but its changes may not be: why in errstr */
	CONTROL_NOT_UNDERSTOOD /* of a newer kind: state->not_understood is set */
};

void control_state_init(struct control_state *state);
void control_state_fini(struct control_state *state);

/* Folds one record in. All of its changes or none. `append_time_us` is the log's. */
enum control_verdict control_state_apply(struct control_state *state,
	const struct control_record *record, int64_t append_time_us, char *errstr,
	size_t errstr_size);

/* A record came that cannot even be decoded, of a newer kind: the state no longer moves. */
enum control_verdict control_state_stop(struct control_state *state, const char *why);

/* Would the changes be accepted at that time? Changes nothing. Reports every problem, returns how
 * many. The record's generation does not matter. */
struct definition_problem;
size_t control_state_try(const struct control_state *state, const struct control_record *record,
	int64_t append_time_us,
	void (*report)(void *opaque, const struct definition_problem *problem), void *opaque);

/* The epoch that the endpoint's next start position gets: 1 for one that was never there. */
int64_t control_next_epoch(const struct control_state *state, const char *endpoint);

/* Single-object Avro. encode: malloc'ed bytes, NULL: no memory. decode: 0, or -1 and errstr
 * (-2: a record of a newer, unknown schema). */
void *control_record_encode(const struct control_record *record, size_t *size);
int control_record_decode(const void *data, size_t size, struct control_record *record,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
void control_record_fini(struct control_record *record);

struct endpoint *control_endpoint(const struct control_state *state, const char *name);
struct test *control_test(const struct control_state *state, const char *name);

struct endpoint *endpoint_hold(struct endpoint *endpoint);
void endpoint_release(struct endpoint *endpoint);
struct test *test_hold(struct test *test);
void test_release(struct test *test);

/* Where the test stands at that moment (UTC). Created before start_us, completed after end_us. */
enum test_state test_state_at(const struct test *test, int64_t now_us);
const char *test_state_name(enum test_state state);

#endif
