/* The fold of the control log, as promises. */
#include "common/control.h"
#include "common/definition.h"
#include "common/sampling.h"
/* cmocka wants these four first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 INT64_C(1000000000)

#define CHURN(url, extra) \
	"{\"name\":\"churn\",\"topics\":{\"requests\":\"churn.requests\",\"responses\":" \
	"\"churn.responses\",\"dead_letter\":\"churn.dead-letter\"},\"variants\":[{\"name\":" \
	"\"v1\",\"url\":\"http://" url "/\"}],\"start\":[5,6],\"epoch\":1" extra "}"
#define TEST_OF(name, variant, k, extra) \
	"{\"name\":\"" name "\",\"endpoint\":\"churn\",\"sampling\":" k \
	",\"variants\":[{\"name\":\"" variant \
	"\",\"url\":\"http://b/\"}],\"start_us\":1000000000," \
	"\"end_us\":2000000000" extra "}"

static char why[512];

/* Folds one record with one change in; `definition` NULL deletes. */
static enum control_verdict fold_at(struct control_state *state, int64_t generation,
	enum object_kind kind, const char *name, const char *definition, int64_t time_us)
{
	struct control_change change = {
		kind, definition ? CHANGE_PUT : CHANGE_DELETE, (char *)name, (char *)definition};
	struct control_record record = {.generation = generation,
		.author = (char *)"ann@here",
		.reason = (char *)"",
		.changes = &change,
		.n_changes = 1};

	why[0] = '\0';
	return control_state_apply(state, &record, time_us, why, sizeof(why));
}

static enum control_verdict fold(struct control_state *state, enum object_kind kind,
	const char *name, const char *definition)
{
	return fold_at(state, state->generation + 1, kind, name, definition, T0);
}

static int set_up(void **opaque)
{
	struct control_state *state = malloc(sizeof(*state));

	control_state_init(state);
	assert_int_equal(CONTROL_ACCEPTED,
		fold(state, OBJECT_INSTALLATION, "installation", "{\"event_partitions\":8}"));
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_ENDPOINT, "churn", CHURN("a", "")));
	*opaque = state;
	return 0;
}

static int tear_down(void **opaque)
{
	control_state_fini(*opaque);
	free(*opaque);
	return 0;
}

/* All that two states could differ in. */
static char *dump(const struct control_state *state)
{
	json_t *json =
		json_pack("{s:I s:I s:[] s:[] s:{}}", "generation", (json_int_t)state->generation,
			"n", (json_int_t)state->event_partitions, "endpoints", "tests", "graves");
	char *text;

	for (size_t i = 0; i < state->n_endpoints; i++)
		json_array_append_new(json_object_get(json, "endpoints"),
			json_pack("[I, I, O]", (json_int_t)state->endpoints[i]->generation,
				(json_int_t)state->endpoints[i]->created_generation,
				state->endpoints[i]->definition));
	for (size_t i = 0; i < state->n_tests; i++)
		json_array_append_new(json_object_get(json, "tests"),
			json_pack("[I, I, I, O]", (json_int_t)state->tests[i]->generation,
				(json_int_t)state->tests[i]->created_generation,
				(json_int_t)state->tests[i]->seed, state->tests[i]->definition));
	for (size_t i = 0; i < state->n_graves; i++)
		json_object_set_new(json_object_get(json, "graves"), state->graves[i].name,
			json_integer(state->graves[i].epoch));
	text = json_dumps(json, JSON_SORT_KEYS);
	json_decref(json);
	return text;
}

static void a_definition_is_completed_with_defaults(void **opaque)
{
	const struct endpoint *endpoint = control_endpoint(*opaque, "churn");

	assert_non_null(endpoint);
	assert_string_equal("churn.requests", endpoint->requests_topic);
	assert_string_equal("application/json", endpoint->content_type);
	assert_int_equal(FORMAT_RAW, endpoint->format);
	assert_int_equal(1000, endpoint->max_uncommitted);
	assert_int_equal(2, endpoint->n_start);
	assert_int_equal(6, endpoint->start[1]);
	assert_int_equal(1, endpoint->n_variants);
	assert_int_equal(10000000, endpoint->variants[0].timeout_us);
	assert_int_equal(64, endpoint->variants[0].max_in_flight);
	assert_int_equal(6 << 20, endpoint->variants[0].max_response_bytes);
	assert_int_equal(1, endpoint->variants[0].weight);
	assert_int_equal(8, ((struct control_state *)*opaque)->event_partitions);
}

static void a_generation_that_is_not_the_next_is_a_conflict(void **opaque)
{
	struct control_state *state = *opaque;
	char *before = dump(state), *after;

	assert_int_equal(
		CONTROL_CONFLICT, fold_at(state, 2, OBJECT_ENDPOINT, "churn", CHURN("x", ""), T0));
	assert_int_equal(
		CONTROL_CONFLICT, fold_at(state, 4, OBJECT_ENDPOINT, "churn", CHURN("x", ""), T0));
	after = dump(state);
	assert_string_equal(before, after);
	assert_int_equal(
		CONTROL_ACCEPTED, fold_at(state, 3, OBJECT_ENDPOINT, "churn", CHURN("x", ""), T0));
	free(before);
	free(after);
}

static void an_invalid_record_changes_nothing_and_says_why(void **opaque)
{
	static const struct {
		enum object_kind kind;
		const char *name, *definition, *why;
	} cases[] = {
		{OBJECT_ENDPOINT, "churn", "no JSON",
			"endpoint churn: the definition is not a JSON object"},
		{OBJECT_ENDPOINT, "other", CHURN("a", ""),
			"endpoint other: the definition is not that of other"},
		{OBJECT_ENDPOINT, "churn", CHURN("a", ",\"max_uncommitted\":0"),
			"endpoint churn: max_uncommitted must be from 1 to 1000000, not 0"},
		{OBJECT_ENDPOINT, "churn", CHURN("u:p@a", ""),
			"endpoint churn: url must be an http or https URL without user and "
			"password "
			"(variants.[0].url)"},
		{OBJECT_ENDPOINT, "churn", "{\"name\":\"churn\"}",
			"endpoint churn: topics is missing"},
		{OBJECT_TEST, "t", TEST_OF("t", "v1", "500000", ""),
			"test t: v1 is a production variant of endpoint churn: a shadow needs a "
			"name of "
			"its own (variants.[0].name)"},
		{OBJECT_TEST, "t", TEST_OF("t", "v2", "1000001", ""),
			"test t: sampling must be a percentage from 0 to 100"},
		{OBJECT_TEST, "t", NULL, "test t: there is no test t to delete"},
		{OBJECT_INSTALLATION, "installation", NULL,
			"installation: the installation cannot be deleted"},
		{OBJECT_INSTALLATION, "installation", "{\"event_partitions\":9}",
			"installation: the installation has 8 event partitions, for good"},
	};
	struct control_state *state = *opaque;
	char *before = dump(state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *after;

		assert_int_equal(CONTROL_INVALID,
			fold(state, cases[i].kind, cases[i].name, cases[i].definition));
		assert_string_equal(cases[i].why, why);
		after = dump(state);
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
}

static void a_record_is_accepted_as_a_whole_or_not_at_all(void **opaque)
{
	struct control_state *state = *opaque;
	struct control_change changes[] = {
		{OBJECT_TEST, CHANGE_PUT, (char *)"t", (char *)TEST_OF("t", "v2", "1", "")},
		{OBJECT_TEST, CHANGE_PUT, (char *)"u", (char *)TEST_OF("u", "v2", "1", "")},
	};
	struct control_record record = {
		.generation = 3, .author = (char *)"", .changes = changes, .n_changes = 2};

	assert_int_equal(
		CONTROL_INVALID, control_state_apply(state, &record, T0, why, sizeof(why)));
	assert_string_equal(
		"test u: test t has a shadow variant v2 already (variants.[0].name)", why);
	assert_null(control_test(state, "t"));
	changes[1].name = (char *)"t";
	assert_int_equal(
		CONTROL_INVALID, control_state_apply(state, &record, T0, why, sizeof(why)));
	assert_string_equal("test t: test t is changed twice", why);
	record.n_changes = 0;
	assert_int_equal(
		CONTROL_INVALID, control_state_apply(state, &record, T0, why, sizeof(why)));
}

static void a_test_may_come_with_its_endpoint(void **opaque)
{
	struct control_state state;
	struct control_change changes[] = {
		{OBJECT_TEST, CHANGE_PUT, (char *)"t", (char *)TEST_OF("t", "v2", "1", "")},
		{OBJECT_ENDPOINT, CHANGE_PUT, (char *)"churn", (char *)CHURN("a", "")},
	};
	struct control_record record = {
		.generation = 1, .author = (char *)"", .changes = changes, .n_changes = 2};

	(void)opaque;
	control_state_init(&state);
	assert_int_equal(
		CONTROL_ACCEPTED, control_state_apply(&state, &record, T0, why, sizeof(why)));
	assert_string_equal("churn.shadow.v2", control_test(&state, "t")->shadow_topics[0]);
	control_state_fini(&state);
}

static void an_unknown_field_stops_the_fold_for_good(void **opaque)
{
	struct control_state *state = *opaque;
	char *before = dump(state), *after;

	assert_int_equal(CONTROL_NOT_UNDERSTOOD,
		fold(state, OBJECT_ENDPOINT, "churn", CHURN("a", ",\"mode\":\"tap\"")));
	assert_non_null(strstr(state->not_understood, "unknown field \"mode\""));
	assert_non_null(strstr(state->not_understood, "ann@here"));
	assert_int_equal(
		CONTROL_NOT_UNDERSTOOD, fold(state, OBJECT_ENDPOINT, "churn", CHURN("b", "")));
	after = dump(state);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void an_unknown_word_or_kind_stops_the_fold_too(void **opaque)
{
	struct control_state *state = *opaque;

	assert_int_equal(CONTROL_NOT_UNDERSTOOD,
		fold(state, OBJECT_ENDPOINT, "churn", CHURN("a", ",\"format\":\"protobuf\"")));
	control_state_fini(state);
	assert_int_equal(CONTROL_NOT_UNDERSTOOD, fold(state, (enum object_kind)7, "x", "{}"));
	control_state_fini(state);
	assert_int_equal(CONTROL_NOT_UNDERSTOOD, control_state_stop(state, "too new"));
	assert_string_equal("too new", state->not_understood);
}

/* What a newer version may accept or refuse for another reason must not be judged here. */
static void a_stale_record_is_a_conflict_even_when_it_is_not_understood(void **opaque)
{
	assert_int_equal(CONTROL_CONFLICT,
		fold_at(*opaque, 1, OBJECT_ENDPOINT, "churn", CHURN("a", ",\"mode\":\"tap\""), T0));
	assert_null(((struct control_state *)*opaque)->not_understood);
}

static void a_test_keeps_its_creation_and_its_seed_over_changes(void **opaque)
{
	struct control_state *state = *opaque;
	uint64_t seed;

	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "500000", "")));
	seed = control_test(state, "t")->seed;
	assert_true(seed == sampling_seed("t", 3));
	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "125000", "")));
	assert_int_equal(125000, control_test(state, "t")->sampling);
	assert_int_equal(3, control_test(state, "t")->created_generation);
	assert_int_equal(4, control_test(state, "t")->generation);
	assert_true(seed == control_test(state, "t")->seed);
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", NULL));
	assert_null(control_test(state, "t"));
	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "125000", "")));
	assert_int_equal(6, control_test(state, "t")->created_generation);
	assert_true(seed != control_test(state, "t")->seed);
}

static void an_endpoint_has_one_open_test_with_a_baseline(void **opaque)
{
	struct control_state *state = *opaque;

	assert_int_equal(CONTROL_ACCEPTED,
		fold(state, OBJECT_TEST, "t",
			TEST_OF("t", "v2", "500000", ",\"baseline\":200000")));
	assert_int_equal(200000, control_test(state, "t")->baseline);
	assert_int_equal(CONTROL_INVALID,
		fold(state, OBJECT_TEST, "u", TEST_OF("u", "v3", "500000", ",\"baseline\":1")));
	assert_non_null(strstr(why, "test t has a baseline on endpoint"));
	assert_int_equal(CONTROL_INVALID,
		fold(state, OBJECT_TEST, "t",
			TEST_OF("t", "v2", "500000", ",\"baseline\":1000001")));
	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "500000", "")));
	assert_int_equal(0, control_test(state, "t")->baseline);
}

static void a_test_goes_through_its_states_by_its_schedule(void **opaque)
{
	struct control_state *state = *opaque;
	const struct test *test;

	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "1", "")));
	test = control_test(state, "t");
	assert_int_equal(TEST_CREATED, test_state_at(test, 999999999));
	assert_int_equal(TEST_RUNNING, test_state_at(test, 1000000000));
	assert_int_equal(TEST_RUNNING, test_state_at(test, 1999999999));
	assert_int_equal(TEST_COMPLETED, test_state_at(test, 2000000000));
	assert_int_equal(CONTROL_ACCEPTED,
		fold(state, OBJECT_TEST, "t",
			TEST_OF("t", "v2", "1", ",\"ended\":\"cancelled\",\"ended_us\":5")));
	test = control_test(state, "t");
	assert_int_equal(TEST_CANCELLED, test_state_at(test, 1500000000));
	assert_string_equal("cancelled", test_state_name(TEST_CANCELLED));
}

static void a_test_that_has_ended_does_not_run_again(void **opaque)
{
	struct control_state *state = *opaque;

	assert_int_equal(CONTROL_ACCEPTED,
		fold(state, OBJECT_TEST, "t",
			TEST_OF("t", "v2", "1", ",\"ended\":\"completed\",\"ended_us\":5")));
	assert_int_equal(
		CONTROL_INVALID, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "1", "")));
	assert_non_null(strstr(why, "test t is completed"));
	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "u", TEST_OF("u", "v3", "1", "")));
	assert_int_equal(CONTROL_INVALID,
		fold_at(state, 5, OBJECT_TEST, "u", TEST_OF("u", "v3", "2", ""), 2000000000));
	assert_non_null(strstr(why, "test u is completed"));
}

static void a_running_test_keeps_its_start_and_its_endpoint(void **opaque)
{
	struct control_state *state = *opaque;
	const char *moved = "{\"name\":\"t\",\"endpoint\":\"churn\",\"sampling\":1,\"variants\":[{"
			    "\"name\":\"v2\",\"url\":\"http://b/\"}],\"start_us\":1500000000,"
			    "\"end_us\":2000000000}";
	const char *elsewhere =
		"{\"name\":\"t\",\"endpoint\":\"else\",\"sampling\":1,\"variants\":[{"
		"\"name\":\"v2\",\"url\":\"http://b/\"}],\"start_us\":1000000000,"
		"\"end_us\":2000000000}";

	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "1", "")));
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_TEST, "t", moved));
	assert_string_equal("test t: test t is running: its start cannot be moved", why);
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_TEST, "t", elsewhere));
	assert_non_null(strstr(why, "test t belongs to endpoint churn"));
	assert_int_equal(CONTROL_ACCEPTED, fold_at(state, 4, OBJECT_TEST, "t", moved, 999999999));
}

static void a_shadow_name_is_free_again_when_its_test_has_ended(void **opaque)
{
	struct control_state *state = *opaque;

	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "1", "")));
	assert_int_equal(
		CONTROL_INVALID, fold(state, OBJECT_TEST, "a", TEST_OF("a", "v2", "1", "")));
	assert_string_equal(
		"test a: test t has a shadow variant v2 already (variants.[0].name)", why);
	assert_int_equal(CONTROL_ACCEPTED,
		fold(state, OBJECT_TEST, "t",
			TEST_OF("t", "v2", "1", ",\"ended\":\"completed\",\"ended_us\":5")));
	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "a", TEST_OF("a", "v2", "1", "")));
}

static void an_endpoint_with_an_open_test_is_not_deleted(void **opaque)
{
	struct control_state *state = *opaque;

	assert_int_equal(
		CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", TEST_OF("t", "v2", "1", "")));
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_ENDPOINT, "churn", NULL));
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_TEST, "t", NULL));
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_ENDPOINT, "churn", NULL));
	assert_null(control_endpoint(state, "churn"));
	assert_int_equal(2, control_next_epoch(state, "churn"));
}

static void a_new_start_is_a_new_epoch_even_after_deletion(void **opaque)
{
	struct control_state *state = *opaque;
	const char *moved =
		"{\"name\":\"churn\",\"topics\":{\"requests\":\"churn.requests\","
		"\"responses\":\"churn.responses\",\"dead_letter\":\"d\"},\"variants\":[{"
		"\"name\":\"v1\",\"url\":\"http://a/\"}],\"start\":[9,9],\"epoch\":1}";
	const char *renamed =
		"{\"name\":\"churn\",\"topics\":{\"requests\":\"other\","
		"\"responses\":\"churn.responses\",\"dead_letter\":\"d\"},\"variants\":[{"
		"\"name\":\"v1\",\"url\":\"http://a/\"}],\"start\":[5,6],\"epoch\":1}";
	const char *next =
		"{\"name\":\"churn\",\"topics\":{\"requests\":\"other\","
		"\"responses\":\"churn.responses\",\"dead_letter\":\"d\"},\"variants\":[{"
		"\"name\":\"v1\",\"url\":\"http://a/\"}],\"start\":[9,9],\"epoch\":2}";

	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_ENDPOINT, "churn", moved));
	assert_string_equal("endpoint churn: a new start position needs a new epoch", why);
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_ENDPOINT, "churn", renamed));
	assert_non_null(strstr(why, "another topic for requests needs a new start position"));
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_ENDPOINT, "churn", next));
	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_ENDPOINT, "churn", NULL));
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_ENDPOINT, "churn", next));
	assert_string_equal("endpoint churn: the epoch must be 3, not 2", why);
	assert_int_equal(CONTROL_INVALID, fold(state, OBJECT_ENDPOINT, "churn", CHURN("a", "")));
}

static void a_request_cannot_have_more_copies_than_an_event_holds(void **opaque)
{
	struct control_state *state = *opaque;

	for (int i = 0; i < 17; i++) {
		char name[16], definition[512];

		snprintf(name, sizeof(name), "t%d", i);
		snprintf(definition, sizeof(definition),
			"{\"name\":\"%s\",\"endpoint\":\"churn\",\"sampling\":1,\"variants\":[{"
			"\"name\":\"s%d\",\"url\":\"http://b/\"}],\"start_us\":0,\"end_us\":"
			"2000000000}",
			name, i);
		assert_int_equal(i < 16 ? CONTROL_ACCEPTED : CONTROL_INVALID,
			fold(state, OBJECT_TEST, name, definition));
	}
	assert_non_null(strstr(why, "17 open tests"));
}

static void a_request_in_flight_keeps_its_snapshot(void **opaque)
{
	struct control_state *state = *opaque;
	struct endpoint *held = endpoint_hold(control_endpoint(state, "churn"));

	assert_int_equal(CONTROL_ACCEPTED, fold(state, OBJECT_ENDPOINT, "churn", CHURN("b", "")));
	assert_string_equal("http://a/", held->variants[0].url);
	assert_string_equal("http://b/", control_endpoint(state, "churn")->variants[0].url);
	endpoint_release(held);
}

static void count_problem(void *opaque, const struct definition_problem *problem)
{
	assert_non_null(problem->message);
	++*(size_t *)opaque;
}

static void trying_changes_nothing_and_tells_every_problem(void **opaque)
{
	struct control_state *state = *opaque;
	struct control_change change = {OBJECT_ENDPOINT, CHANGE_PUT, (char *)"churn",
		(char *)CHURN("a", ",\"max_uncommitted\":0,\"partitions\":0")};
	struct control_record record = {.changes = &change, .n_changes = 1};
	char *before = dump(state), *after;
	size_t problems = 0;

	assert_int_equal(2, control_state_try(state, &record, T0, count_problem, &problems));
	assert_int_equal(2, problems);
	change.definition = (char *)CHURN("b", "");
	assert_int_equal(0, control_state_try(state, &record, T0, count_problem, &problems));
	after = dump(state);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Two writers, each with a view of the log that lags by chance. */
struct entry {
	int64_t generation;
	const char *name;
	const char *definition;
};

static struct entry random_entry(int64_t view)
{
	static const char *const definitions[] = {TEST_OF("t", "v2", "1", ""),
		TEST_OF("t", "v2", "2", ""), TEST_OF("t", "v3", "2", ""), NULL, "{}"};
	static const char *const others[] = {TEST_OF("u", "v3", "1", ""),
		TEST_OF("u", "v4", "2", ""), TEST_OF("u", "v1", "2", ""), NULL, "{}"};
	bool other = rand() % 2;
	int which = rand() % 5;

	return (struct entry){
		view + 1, other ? "u" : "t", other ? others[which] : definitions[which]};
}

static void refused_records_leave_no_trace_in_any_interleaving(void **opaque)
{
	(void)opaque;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct control_state all, accepted;
		int64_t views[2] = {0, 0};
		int conflicts = 0, taken = 0;
		char *a, *b;

		srand(seed);
		control_state_init(&all);
		control_state_init(&accepted);
		fold(&all, OBJECT_ENDPOINT, "churn", CHURN("a", ""));
		fold(&accepted, OBJECT_ENDPOINT, "churn", CHURN("a", ""));
		for (int i = 0; i < 60; i++) {
			int writer = rand() % 2;
			struct entry entry;
			enum control_verdict verdict;

			if (rand() % 2)
				views[writer] = all.generation;
			entry = random_entry(views[writer]);
			verdict = fold_at(&all, entry.generation, OBJECT_TEST, entry.name,
				entry.definition, T0);
			assert_int_not_equal(CONTROL_NOT_UNDERSTOOD, verdict);
			conflicts += verdict == CONTROL_CONFLICT;
			if (verdict != CONTROL_ACCEPTED)
				continue;
			taken++;
			assert_int_equal(CONTROL_ACCEPTED,
				fold_at(&accepted, entry.generation, OBJECT_TEST, entry.name,
					entry.definition, T0));
		}
		assert_int_equal(1 + taken, all.generation);
		assert_true(conflicts > 0);
		a = dump(&all);
		b = dump(&accepted);
		assert_string_equal(a, b);
		free(a);
		free(b);
		control_state_fini(&all);
		control_state_fini(&accepted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		PROMISE(a_definition_is_completed_with_defaults),
		PROMISE(a_generation_that_is_not_the_next_is_a_conflict),
		PROMISE(an_invalid_record_changes_nothing_and_says_why),
		PROMISE(a_record_is_accepted_as_a_whole_or_not_at_all),
		PROMISE(a_test_may_come_with_its_endpoint),
		PROMISE(an_unknown_field_stops_the_fold_for_good),
		PROMISE(an_unknown_word_or_kind_stops_the_fold_too),
		PROMISE(a_stale_record_is_a_conflict_even_when_it_is_not_understood),
		PROMISE(a_test_keeps_its_creation_and_its_seed_over_changes),
		PROMISE(an_endpoint_has_one_open_test_with_a_baseline),
		PROMISE(a_test_goes_through_its_states_by_its_schedule),
		PROMISE(a_test_that_has_ended_does_not_run_again),
		PROMISE(a_running_test_keeps_its_start_and_its_endpoint),
		PROMISE(a_shadow_name_is_free_again_when_its_test_has_ended),
		PROMISE(an_endpoint_with_an_open_test_is_not_deleted),
		PROMISE(a_new_start_is_a_new_epoch_even_after_deletion),
		PROMISE(a_request_cannot_have_more_copies_than_an_event_holds),
		PROMISE(a_request_in_flight_keeps_its_snapshot),
		PROMISE(trying_changes_nothing_and_tells_every_problem),
		PROMISE(refused_records_leave_no_trace_in_any_interleaving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
