/* Further attempts and the circuit breaker, against a server. */
#include "common/clock.h"
#include "common/log.h"
#include "common/model_test_fixture.h"
#include <signal.h>
#include <string.h>

static struct model_config retrying(int64_t retries)
{
	struct model_config config = {.retry = {.retries = retries, .backoff_us = 1000}};
	retry_policy_use_defaults(&config.retry);
	return config;
}

static void check_end(
	const struct probe *probe, enum outcome outcome, const char *reason, int attempts)
{
	assert_int_equal(probe->call.outcome, outcome);
	assert_string_equal(probe->reason, reason);
	assert_int_equal(probe->call.attempts, attempts);
}

static void a_busy_model_is_asked_again_until_it_answers(void **state)
{
	struct fixture *fixture = *state;
	struct probe probe = ask(state, "/busy-twice", retrying(3));
	check_end(&probe, OUTCOME_OK, "", 3);
	assert_int_equal(probe.call.status, 200);
	assert_string_equal(probe.body, "{}");
	assert_int_equal(fixture->server->n_requests, 3);
	assert_non_null(strstr(fixture->server->last, "content-type: application/json\r\n"));
	assert_non_null(strstr(fixture->server->last, "x-request-id: r-1\r\n"));
}

static void the_last_attempt_s_failure_is_the_answer(void **state)
{
	struct probe probe = ask(state, "/busy", retrying(2));
	check_end(&probe, OUTCOME_SERVER_ERROR, "status 503", 3);
	assert_int_equal(probe.call.status, 503);
	assert_string_equal(probe.body, "busy");
}

static void what_may_not_be_tried_again_is_not(void **state)
{
	struct probe probe = ask(state, "/broken", retrying(5));
	check_end(&probe, OUTCOME_SERVER_ERROR, "status 500", 1);
	probe = ask(state, "/close", retrying(5));
	check_end(&probe, OUTCOME_PROTOCOL_ERROR, "closed without an answer", 1);
}

static void a_refused_connection_is_tried_again(void **state)
{
	struct model_config config = retrying(2);
	config.url = "http://127.0.0.1:1/";
	struct probe probe = ask(state, "/", config);
	check_end(&probe, OUTCOME_CONNECT_FAILED, "connection refused", 3);
}

static void retry_after_is_obeyed(void **state)
{
	struct probe probe = ask(state, "/busy-for-a-second", retrying(1));
	check_end(&probe, OUTCOME_OK, "", 2);
	assert_in_range(probe.call.started_us - probe.call.queued_us, SECOND, 5 * SECOND);
	/* the model's latency is the last attempt's */
	assert_true(probe.call.ended_us - probe.call.started_us < SECOND / 2);
}

static void a_date_in_the_past_asks_for_no_pause(void **state)
{
	struct probe probe = ask(state, "/busy-until-the-past", retrying(1));
	check_end(&probe, OUTCOME_OK, "", 2);
	assert_true(probe.call.ended_us - probe.call.queued_us < SECOND);
}

static void a_pause_beyond_the_deadline_is_not_begun(void **state)
{
	struct probe probe = ask(state, "/busy-for-an-hour", retrying(5));
	check_end(&probe, OUTCOME_SERVER_ERROR, "status 503", 1);
	assert_true(probe.call.ended_us - probe.call.queued_us < SECOND);
}

static void attempts_and_pauses_together_keep_to_the_timeout(void **state)
{
	struct model_config config = retrying(20);
	config.timeout_us = SECOND / 2;
	config.retry.backoff_us = 100000;
	struct probe probe = ask(state, "/busy", config);
	assert_int_equal(probe.call.outcome, OUTCOME_SERVER_ERROR);
	assert_in_range(probe.call.attempts, 2, 6);
	assert_true(probe.call.ended_us - probe.call.queued_us <= SECOND / 2 + SECOND / 10);
}

static void a_call_that_pauses_keeps_its_slot_and_may_be_cancelled(void **state)
{
	struct fixture *fixture = *state;
	struct model_config config = retrying(3);
	config.max_in_flight = 1;
	config.retry.backoff_us = 2 * SECOND;
	struct model *model = new_model(fixture, "/busy-twice", config);
	struct probe first = probe_of("first"), second = probe_of("second");
	model_call_start(model, &first.call);
	model_call_start(model, &second.call);
	while (!first.call.resume_us)
		step(fixture);
	assert_int_equal(model_in_flight(model), 1);
	assert_int_equal(model_waiting(model), 1);
	model_call_cancel(&first.call);
	assert_int_equal(model_in_flight(model), 0);
	drive(fixture, &second.n_done, 1);
	assert_int_equal(first.n_done, 0);
	check_end(&second, OUTCOME_OK, "", 2);
	model_release(model);
}

static struct model_config breaking(void)
{
	return (struct model_config){.breaker_failures = 5, .breaker_cooldown_us = SECOND / 5};
}

static void after_failures_in_a_row_a_model_is_left_alone_then_tried(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/busy-5-times", breaking());
	for (int i = 0; i < 5; i++) {
		assert_false(model_is_left_alone(model));
		struct probe failed = ask_with(fixture, model);
		check_end(&failed, OUTCOME_SERVER_ERROR, "status 503", 1);
	}
	assert_true(model_is_left_alone(model));
	struct probe refused = ask_with(fixture, model);
	check_end(&refused, OUTCOME_CONNECT_FAILED, "breaker open", 0);
	assert_int_equal(fixture->server->n_requests, 5);
	int64_t until_us = clock_monotonic_us() + SECOND / 4;
	while (clock_monotonic_us() < until_us)
		step(fixture);
	struct probe tried = ask_with(fixture, model);
	check_end(&tried, OUTCOME_OK, "", 1);
	assert_false(model_is_left_alone(model));
	model_release(model);
}

static void a_copy_for_a_model_left_alone_is_shed(void **state)
{
	struct fixture *fixture = *state;
	struct model_config config = breaking();
	config.breaker_failures = 1;
	config.breaker_cooldown_us = 60 * (int64_t)SECOND;
	struct model *model = new_model(fixture, "/busy", config);
	(void)ask_with(fixture, model);
	struct probe copy = probe_of("copy");
	copy.call.role = ROLE_SHADOW;
	model_call_start(model, &copy.call);
	drive(fixture, &copy.n_done, 1);
	check_end(&copy, OUTCOME_SHED, "breaker open", 0);
	assert_int_equal(fixture->server->n_requests, 1);
	model_release(model);
}

static void answers_do_not_break_be_they_errors(void **state)
{
	struct fixture *fixture = *state;
	static const char *const paths[] = {"/not-found", "/broken"};
	for (int i = 0; i < 2; i++) {
		struct model *model = new_model(fixture, paths[i], breaking());
		for (int n = 0; n < 10; n++)
			assert_int_equal(ask_with(fixture, model).call.attempts, 1);
		assert_false(model_is_left_alone(model));
		model_release(model);
	}
}

static void a_trial_that_is_cancelled_lets_the_next_call_try(void **state)
{
	struct fixture *fixture = *state;
	struct model_config config = breaking();
	config.breaker_failures = 1;
	config.breaker_cooldown_us = 1;
	struct model *model = new_model(fixture, "/busy-5-times", config);
	(void)ask_with(fixture, model);
	struct probe trial = probe_of("trial");
	model_call_start(model, &trial.call);
	assert_int_equal(model_in_flight(model), 1);
	model_call_cancel(&trial.call);
	struct probe next = ask_with(fixture, model);
	assert_int_equal(next.call.attempts, 1);
	model_release(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(a_busy_model_is_asked_again_until_it_answers),
		model_promise(the_last_attempt_s_failure_is_the_answer),
		model_promise(what_may_not_be_tried_again_is_not),
		model_promise(a_refused_connection_is_tried_again),
		model_promise(retry_after_is_obeyed),
		model_promise(a_date_in_the_past_asks_for_no_pause),
		model_promise(a_pause_beyond_the_deadline_is_not_begun),
		model_promise(attempts_and_pauses_together_keep_to_the_timeout),
		model_promise(a_call_that_pauses_keeps_its_slot_and_may_be_cancelled),
		model_promise(after_failures_in_a_row_a_model_is_left_alone_then_tried),
		model_promise(a_copy_for_a_model_left_alone_is_shed),
		model_promise(answers_do_not_break_be_they_errors),
		model_promise(a_trial_that_is_cancelled_lets_the_next_call_try),
	};
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_OFF);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
