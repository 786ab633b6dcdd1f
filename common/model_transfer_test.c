/* One call against a server that misbehaves in every way that we could think of. */
#include "common/clock.h"
#include "common/model_test_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void an_answer_comes_with_its_body_type_and_times(void **state)
{
	struct probe probe = ask(state, "/ok", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.body, "{}");
	assert_string_equal(probe.content_type, "application/json");
	assert_true(probe.call.queued_us > 0 && probe.call.started_us >= probe.call.queued_us);
	assert_true(probe.call.first_byte_us >= probe.call.started_us);
	assert_true(probe.call.ended_us >= probe.call.first_byte_us);
}

static void the_request_is_what_the_call_says(void **state)
{
	struct fixture *fixture = *state;
	ask(state, "/ok", (struct model_config){0});
	const char *last = fixture->server->last;
	assert_non_null(strstr(last, "POST /ok HTTP/1.1\r\n"));
	assert_non_null(strstr(last, "content-type: application/json\r\n"));
	assert_non_null(strstr(last, "accept: application/json\r\n"));
	assert_non_null(strstr(last, "x-request-id: r-1\r\n"));
	assert_non_null(strstr(last, "\r\n\r\n[1]"));
	assert_null(strcasestr(last, "expect"));
	assert_null(strcasestr(last, "accept-encoding"));
	assert_null(strcasestr(last, "x-umbra-shadow"));
}

static void a_call_without_headers_sends_no_defaults_of_curl(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){0});
	struct probe probe = probe_of(NULL);
	probe.call.role = ROLE_SHADOW;
	probe.call.body = probe.call.content_type = probe.call.accept = NULL;
	probe.call.body_size = 0;
	model_call_start(model, &probe.call);
	drive(fixture, &probe.n_done, 1);
	check(&probe, OUTCOME_OK, "", 200);
	assert_null(strcasestr(fixture->server->last, "content-type"));
	assert_null(strcasestr(fixture->server->last, "accept"));
	assert_non_null(strstr(fixture->server->last, "x-umbra-shadow: 1\r\n"));
	assert_int_equal(fixture->server->last_body, 0);
	model_release(model);
}

static void a_page_is_asked_for_by_get_again_and_again(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){.is_get = true});
	for (int i = 1; i <= 2; i++) {
		struct probe probe = probe_of(NULL);
		probe.call.body = probe.call.content_type = NULL;
		probe.call.body_size = 0;
		model_call_start(model, &probe.call);
		drive(fixture, &probe.n_done, 1);
		check(&probe, OUTCOME_OK, "", 200);
		assert_string_equal(probe.body, "{}");
		assert_non_null(strstr(fixture->server->last, "GET /ok HTTP/1.1\r\n"));
		assert_null(strcasestr(fixture->server->last, "content-"));
		assert_int_equal(fixture->server->n_requests, i);
	}
	model_release(model);
}

static void each_status_has_its_outcome(void **state)
{
	struct probe probe = ask(state, "/not-found", (struct model_config){0});
	check(&probe, OUTCOME_CLIENT_ERROR, "status 404", 404);
	assert_string_equal(probe.body, "none");
	probe = ask(state, "/broken", (struct model_config){0});
	check(&probe, OUTCOME_SERVER_ERROR, "status 500", 500);
	probe = ask(state, "/nothing", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 204);
	assert_int_equal(probe.call.response_size, 0);
	probe = ask(state, "/moved", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "status 302", 302);
	probe = ask(state, "/strange", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "status 777", 777);
	probe = ask(state, "/continue", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
}

static void an_answer_may_come_in_any_framing(void **state)
{
	struct probe probe = ask(state, "/chunked", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.body, "abcdefg");
	probe = ask(state, "/bytewise", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.body, "{}");
	probe = ask(state, "/until-close", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.body, "until the end");
}

static void an_answer_that_is_cut_short_is_a_protocol_error(void **state)
{
	struct probe probe = ask(state, "/close", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "closed without an answer", 0);
	assert_int_equal(probe.call.first_byte_us, 0);
	probe = ask(state, "/close-in-head", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "answer cut short", 200);
	probe = ask(state, "/close-after-continue", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "answer cut short", 200);
	probe = ask(state, "/close-in-body", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "answer cut short", 200);
	probe = ask(state, "/close-in-chunk", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "answer cut short", 200);
	probe = ask(state, "/bad-chunk", (struct model_config){0});
	assert_int_equal(probe.call.outcome, OUTCOME_PROTOCOL_ERROR);
}

static void what_is_not_http_is_a_protocol_error(void **state)
{
	struct probe probe = ask(state, "/garbage", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "not HTTP", 0);
}

static void an_odd_content_type_of_an_answer_is_left_out(void **state)
{
	struct probe probe = ask(state, "/odd-type", (struct model_config){0});
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.content_type, "");
}

static void a_head_without_end_is_given_up(void **state)
{
	struct probe probe = ask(state, "/endless-head", (struct model_config){0});
	check(&probe, OUTCOME_PROTOCOL_ERROR, "headers too large", 200);
	probe = ask(state, "/endless-line", (struct model_config){0});
	assert_int_equal(probe.call.outcome, OUTCOME_PROTOCOL_ERROR);
}

static void an_answer_above_the_bound_is_too_large(void **state)
{
	struct model_config config = {.max_response_bytes = 100000};
	struct probe probe = ask(state, "/announced", (struct model_config){0});
	check(&probe, OUTCOME_TOO_LARGE, "answer too large", 200);
	probe = ask(state, "/stream", config);
	check(&probe, OUTCOME_TOO_LARGE, "answer too large", 200);
	assert_true(probe.call.response_size <= 100000);
}

static void an_answer_of_exactly_the_bound_is_fine(void **state)
{
	struct probe probe = ask(state, "/ok", (struct model_config){.max_response_bytes = 2});
	check(&probe, OUTCOME_OK, "", 200);
	probe = ask(state, "/chunked", (struct model_config){.max_response_bytes = 7});
	check(&probe, OUTCOME_OK, "", 200);
	probe = ask(state, "/chunked", (struct model_config){.max_response_bytes = 6});
	check(&probe, OUTCOME_TOO_LARGE, "answer too large", 200);
}

static void a_model_that_hangs_times_out_and_says_where(void **state)
{
	struct model_config config = {.timeout_us = 100000};
	struct probe probe = ask(state, "/hang", config);
	check(&probe, OUTCOME_TIMEOUT, "no answer", 0);
	int64_t took = probe.call.ended_us - probe.call.started_us;
	assert_in_range(took, 100000, 400000);
	probe = ask(state, "/hang-in-body", config);
	check(&probe, OUTCOME_TIMEOUT, "answer incomplete", 200);
	config.url = "http://slow.invalid/ok";
	probe = ask(state, "", config);
	check(&probe, OUTCOME_TIMEOUT, "connecting", 0);
	assert_in_range(probe.call.ended_us - probe.call.started_us, 100000, 1000000);
}

static void giving_up_a_slow_name_lookup_does_not_block(void **state)
{
	int64_t begin = clock_monotonic_us();
	ask(state, "", (struct model_config){.timeout_us = 50000, .url = "http://slow.invalid/"});
	assert_true(clock_monotonic_us() - begin < SECOND);
}

static void no_connection_is_said_with_its_reason(void **state)
{
	struct server *closed = server_new();
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", closed->port);
	server_free(closed);
	struct probe probe = ask(state, "", (struct model_config){.url = url});
	check(&probe, OUTCOME_CONNECT_FAILED, "connection refused", 0);
	probe = ask(state, "", (struct model_config){.url = "http://unknown.invalid/ok"});
	check(&probe, OUTCOME_CONNECT_FAILED, "no such host", 0);
}

static void connections_are_used_again(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){0});
	for (int i = 0; i < 10; i++) {
		struct probe probe = ask_with(fixture, model);
		check(&probe, OUTCOME_OK, "", 200);
	}
	assert_int_equal(fixture->server->n_requests, 10);
	assert_int_equal(fixture->server->n_accepted, 1);
	model_release(model);
}

static void a_connection_in_doubt_is_not_used_again(void **state)
{
	static const char *const paths[] = {
		"/surplus", "/close-in-body", "/announced", "/bad-chunk"};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int before = fixture->server->n_accepted;
		ask(state, paths[i], (struct model_config){0});
		struct probe probe = ask(state, "/ok", (struct model_config){0});
		check(&probe, OUTCOME_OK, "", 200);
		assert_int_equal(fixture->server->n_accepted, before + 2);
		ask(state, "/hang", (struct model_config){.timeout_us = 20000});
	}
}

static void a_connection_closed_while_idle_costs_no_answer(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/quiet-close", (struct model_config){0});
	for (int i = 0; i < 3; i++) {
		struct probe probe = ask_with(fixture, model);
		check(&probe, OUTCOME_OK, "", 200);
	}
	model_release(model);
	model = new_model(fixture, "/close-second", (struct model_config){0});
	int before = fixture->server->n_requests;
	for (int i = 0; i < 3; i++) {
		struct probe probe = ask_with(fixture, model);
		check(&probe, OUTCOME_OK, "", 200);
	}
	assert_int_equal(fixture->server->n_requests, before + 5);
	model_release(model);
}

static void hostile_values_cannot_add_a_header(void **state)
{
	static const char *const values[] = {"a\r\nx-evil: 1", "a\nx-evil: 1", "a\rx-evil: 1",
		"a\x01", "a\x7f", "caf\xc3\xa9", "a\tb"};
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){0});
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct probe probe = probe_of(values[i]);
		probe.call.content_type = probe.call.accept = values[i];
		model_call_start(model, &probe.call);
		drive(fixture, &probe.n_done, 1);
		check(&probe, OUTCOME_OK, "", 200);
		assert_null(strstr(fixture->server->last, "x-evil"));
		assert_null(strstr(fixture->server->last, "x-request-id"));
		assert_null(strcasestr(fixture->server->last, "content-type"));
	}
	model_release(model);
}

static void a_value_that_is_too_long_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){0});
	char longest[514];
	memset(longest, 'a', sizeof longest);
	longest[512] = '\0';
	struct probe fits = probe_of(longest), not = probe_of(longest);
	model_call_start(model, &fits.call);
	drive(fixture, &fits.n_done, 1);
	assert_non_null(strstr(fixture->server->last, "x-request-id: aaaa"));
	longest[512] = 'a';
	longest[513] = '\0';
	model_call_start(model, &not .call);
	drive(fixture, &not .n_done, 1);
	assert_null(strstr(fixture->server->last, "x-request-id"));
	model_release(model);
}

static void a_large_body_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){0});
	char *body = malloc(200000);
	assert_non_null(body);
	memset(body, 'b', 200000);
	struct probe probe = probe_of("large");
	probe.call.body = body;
	probe.call.body_size = 200000;
	model_call_start(model, &probe.call);
	drive(fixture, &probe.n_done, 1);
	check(&probe, OUTCOME_OK, "", 200);
	assert_int_equal(fixture->server->last_body, 200000);
	model_release(model);
	free(body);
}

static void the_environment_has_no_say_in_where_a_call_goes(void **state)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	struct probe probe = ask(state, "/ok", (struct model_config){0});
	unsetenv("http_proxy");
	check(&probe, OUTCOME_OK, "", 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(an_answer_comes_with_its_body_type_and_times),
		model_promise(the_request_is_what_the_call_says),
		model_promise(a_call_without_headers_sends_no_defaults_of_curl),
		model_promise(a_page_is_asked_for_by_get_again_and_again),
		model_promise(each_status_has_its_outcome),
		model_promise(an_answer_may_come_in_any_framing),
		model_promise(an_answer_that_is_cut_short_is_a_protocol_error),
		model_promise(what_is_not_http_is_a_protocol_error),
		model_promise(an_odd_content_type_of_an_answer_is_left_out),
		model_promise(a_head_without_end_is_given_up),
		model_promise(an_answer_above_the_bound_is_too_large),
		model_promise(an_answer_of_exactly_the_bound_is_fine),
		model_promise(a_model_that_hangs_times_out_and_says_where),
		model_promise(giving_up_a_slow_name_lookup_does_not_block),
		model_promise(no_connection_is_said_with_its_reason),
		model_promise(connections_are_used_again),
		model_promise(a_connection_in_doubt_is_not_used_again),
		model_promise(a_connection_closed_while_idle_costs_no_answer),
		model_promise(hostile_values_cannot_add_a_header),
		model_promise(a_value_that_is_too_long_is_not_sent),
		model_promise(a_large_body_arrives_whole),
		model_promise(the_environment_has_no_say_in_where_a_call_goes),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
