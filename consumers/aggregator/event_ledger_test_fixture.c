#include "consumers/aggregator/event_ledger_test_fixture.h"
#include "common/sampling.h"
#include "common/schema.h"
#include "common/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fold(
	struct fixture *fixture, enum object_kind kind, const char *name, const char *definition)
{
	char why[300] = "";
	struct control_change change = {kind, CHANGE_PUT, (char *)name, (char *)definition};
	struct control_record record = {.generation = fixture->state.generation + 1,
		.author = (char *)"ann@here",
		.reason = (char *)"",
		.changes = &change,
		.n_changes = 1};
	enum control_verdict verdict =
		control_state_apply(&fixture->state, &record, 1000000000, why, sizeof why);
	if (verdict != CONTROL_ACCEPTED)
		fprintf(stderr, "%s\n", why);
	assert(verdict == CONTROL_ACCEPTED);
	history_note(&fixture->history, &fixture->state, &record);
}

static void define(struct fixture *fixture)
{
	fold(fixture, OBJECT_INSTALLATION, "installation", "{\"event_partitions\":8}");
	fold(fixture, OBJECT_ENDPOINT, "churn",
		"{\"name\":\"churn\",\"topics\":{\"requests\":\"churn.requests\",\"responses\":"
		"\"churn.responses\",\"dead_letter\":\"churn.dead-letter\"},\"variants\":[{"
		"\"name\":\"v1\",\"url\":\"http://a/\",\"answer_path\":\"/p\"}],\"start\":[0],"
		"\"epoch\":1}");
	fold(fixture, OBJECT_TEST, "t",
		"{\"name\":\"t\",\"endpoint\":\"churn\",\"sampling\":500000,\"variants\":[{"
		"\"name\":\"v2\",\"url\":\"http://b/\",\"answer_path\":\"/q\"}],\"start_us\":"
		"1000000000,\"end_us\":2000000000}");
	fold(fixture, OBJECT_TEST, "t",
		"{\"name\":\"t\",\"endpoint\":\"churn\",\"sampling\":1000000,\"variants\":[{"
		"\"name\":\"v2\",\"url\":\"http://b/\"}],\"start_us\":1000000000,"
		"\"end_us\":2000000000,\"compare\":{\"kind\":\"json\",\"absolute\":0.5}}");
}

void fixture_compare_by_label(struct fixture *fixture)
{
	fold(fixture, OBJECT_TEST, "t",
		"{\"name\":\"t\",\"endpoint\":\"churn\",\"sampling\":1000000,\"variants\":[{"
		"\"name\":\"v2\",\"url\":\"http://b/\",\"answer_path\":\"/q\"}],\"start_us\":"
		"1000000000,\"end_us\":2000000000,\"compare\":{\"kind\":\"label\",\"label\":\"\","
		"\"threshold\":0.5}}");
}

static void on_final(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct fixture *fixture = opaque;
	assert(fixture->n_finals < MAX_FINALS);
	fixture->finals[fixture->n_finals++] =
		(struct told){.tally = *tally, .window_start_us = window_start_us};
}

int fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert(fixture);
	control_state_init(&fixture->state);
	define(fixture);
	fixture->config = (struct ledger_config){
		.limits = {.window_us = 10 * SECOND,
			.horizon_us = 60 * SECOND,
			.memory_us = INT64_C(3600) * SECOND,
			.joins = 1000,
			.join_bytes = 1 << 20,
			.requests = 100000},
		.history = &fixture->history,
		.on_final = on_final,
		.opaque = fixture,
	};
	fixture->ledger = ledger_new(&fixture->config,
		&(struct ledger_point){0, LEDGER_NEVER, LEDGER_NEVER, LEDGER_NEVER});
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	ledger_free(fixture->ledger);
	history_fini(&fixture->history);
	control_state_fini(&fixture->state);
	free(fixture);
	schema_free_all();
	return 0;
}

void fixture_restart(struct fixture *fixture, const struct ledger_point *from)
{
	ledger_free(fixture->ledger);
	fixture->n_finals = 0; /* their arms are gone */
	fixture->offset = from->offset;
	fixture->ledger = ledger_new(&fixture->config, from);
}

void feed(struct fixture *fixture, double at_s, const struct event *event)
{
	ledger_take(fixture->ledger,
		&(struct ledger_record){
			.offset = fixture->offset++,
			.append_us = (int64_t)(at_s * SECOND),
			.kind = event ? LEDGER_EVENT : LEDGER_OTHER,
			.event = event,
		});
}

void feed_gap(struct fixture *fixture, double at_s, const char *test, int64_t events)
{
	struct ledger_gap gap = {"churn", test, events};
	ledger_take(fixture->ledger,
		&(struct ledger_record){
			.offset = fixture->offset++,
			.append_us = (int64_t)(at_s * SECOND),
			.kind = LEDGER_GAP,
			.gap = &gap,
		});
}

void feed_label(struct fixture *fixture, double at_s, const struct ledger_label *label)
{
	ledger_take(fixture->ledger,
		&(struct ledger_record){
			.offset = fixture->offset++,
			.append_us = (int64_t)(at_s * SECOND),
			.kind = LEDGER_LABEL,
			.label = label,
		});
}

static struct event any_event(int64_t source_offset)
{
	static char ids[16][24]; /* of the last few events */
	static unsigned next;
	char *id = ids[next++ % 16];
	snprintf(id, sizeof ids[0], "r%lld", (long long)source_offset);
	return (struct event){
		.request_id = id,
		.endpoint = "churn",
		.epoch = 1,
		.generation = 3,
		.source_topic = "churn.requests",
		.source_offset = source_offset,
		.done_below = -1,
		.reason = "",
		.status_code = 200,
		.attempts = 1,
		.model_latency_us = 1000,
		.overhead_latency_us = 100,
		.queue_us = 10,
		.request_bytes = 7,
		.response_bytes = 10,
		.response_content_type = "application/json",
		.response_body = "{\"p\":1.25}",
		.response_body_size = 10,
		.instance = "i",
	};
}

struct event production_event(int64_t source_offset, bool is_sampled)
{
	static const struct sampled_for copies[] = {{"t", ROLE_SHADOW, "v2"}};
	struct event event = any_event(source_offset);
	event.variant = "v1";
	event.role = ROLE_PRODUCTION;
	event.sampled_for = copies;
	event.n_sampled_for = is_sampled;
	return event;
}

struct event copy_event(int64_t source_offset)
{
	struct event event = any_event(source_offset);
	event.test = "t";
	event.variant = "v2";
	event.role = ROLE_SHADOW;
	event.model_latency_us = 1500;
	event.response_body = "{\"q\":1.25}";
	return event;
}

struct event lost_event(int64_t source_offset, enum outcome outcome)
{
	struct event event = copy_event(source_offset);
	event.outcome = outcome;
	event.reason = "why";
	event.model_latency_us = event.overhead_latency_us = event.queue_us = -1;
	event.response_body = NULL;
	event.response_bytes = 0;
	event.response_content_type = "";
	return event;
}

static bool is_meant(const struct tally *tally, const char *test)
{
	return text_equal(tally->arm->test, test) && *tally->arm->variant;
}

const struct tally *final_of(const struct fixture *fixture, const char *test, int start_s)
{
	static const struct tally none;
	for (size_t i = 0; i < fixture->n_finals; i++)
		if (fixture->finals[i].window_start_us == (int64_t)start_s * SECOND &&
			is_meant(&fixture->finals[i].tally, test))
			return &fixture->finals[i].tally;
	return &none;
}

struct search {
	const char *test;
	int64_t start_us;
	struct tally found;
};

static void look(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct search *search = opaque;
	if (window_start_us == search->start_us && is_meant(tally, search->test))
		search->found = *tally;
}

struct tally open_tally(struct fixture *fixture, const char *test, int start_s)
{
	struct search search = {.test = test, .start_us = (int64_t)start_s * SECOND};
	ledger_each_open(fixture->ledger, false, look, &search);
	return search.found;
}
