/* Which call is sent when, and how each one ends: admission, order, expiry, cancelling, lifetimes. */
#include "common/clock.h"
#include "common/model_test_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 40 };

/* Starts MANY calls r00, r01, ... of a model whose server answers when is_open. */
static void start_many(struct model *model, struct probe *probes, char (*ids)[8])
{
	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof ids[i], "r%02d", i);
		probes[i] = probe_of(ids[i]);
		model_call_start(model, &probes[i].call);
	}
}

static void the_limit_holds_and_the_others_wait_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct model *model =
		new_model(fixture, "/gate", (struct model_config){.max_in_flight = 3});
	struct probe probes[MANY];
	char ids[MANY][8];
	start_many(model, probes, ids);
	assert_int_equal(model_in_flight(model), 3);
	assert_int_equal(model_waiting(model), MANY - 3);
	drive(fixture, &fixture->server->n_requests, 3);
	fixture->server->is_open = true;
	for (int i = 0; i < MANY; i++)
		drive(fixture, &probes[i].n_done, 1);
	assert_int_equal(fixture->server->max_open, 3);
	assert_int_equal(fixture->server->n_accepted, 3);
	for (int i = 3; i < MANY; i++)
		assert_true(probes[i].call.started_us >= probes[i - 1].call.started_us);
	assert_int_equal(model_waiting(model), 0);
	model_release(model);
}

static void one_at_a_time_reaches_the_server_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){.max_in_flight = 1});
	struct probe probes[MANY];
	char ids[MANY][8];
	start_many(model, probes, ids);
	drive(fixture, &probes[MANY - 1].n_done, 1);
	for (int i = 0; i < MANY; i++)
		assert_string_equal(fixture->server->ids[i], ids[i]);
	model_release(model);
}

static void a_cancelled_call_never_ends_and_its_slot_is_free(void **state)
{
	struct fixture *fixture = *state;
	struct model *model =
		new_model(fixture, "/gate", (struct model_config){.max_in_flight = 1});
	struct probe out = probe_of("out"), waits = probe_of("waits"), last = probe_of("last");
	model_call_start(model, &out.call);
	model_call_start(model, &waits.call);
	model_call_start(model, &last.call);
	drive(fixture, &fixture->server->n_requests, 1);
	model_call_cancel(&waits.call);
	assert_int_equal(model_waiting(model), 1);
	model_call_cancel(&out.call);
	assert_int_equal(model_in_flight(model), 0);
	fixture->server->is_open = true;
	drive(fixture, &last.n_done, 1);
	check(&last, OUTCOME_OK, "", 200);
	assert_int_equal(out.n_done + waits.n_done, 0);
	model_release(model);
}

static void done_may_start_cancel_and_release(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){.max_in_flight = 2});
	struct probe first = probe_of("first"), victim = probe_of("victim"),
		     again = probe_of("again");
	first.cancel = &victim;
	first.restart = &again;
	first.restart_model = model;
	again.release = model;
	model_call_start(model, &first.call);
	model_call_start(model, &victim.call);
	drive(fixture, &again.n_done, 1);
	assert_int_equal(victim.n_done, 0);
	check(&again, OUTCOME_OK, "", 200);
}

static void a_released_model_lives_until_its_calls_have_ended(void **state)
{
	struct fixture *fixture = *state;
	struct model *model =
		new_model(fixture, "/gate", (struct model_config){.max_in_flight = 1});
	struct probe first = probe_of("first"), second = probe_of("second");
	model_call_start(model, &first.call);
	model_call_start(model, &second.call);
	model_release(model);
	fixture->server->is_open = true;
	drive(fixture, &second.n_done, 1);
	check(&first, OUTCOME_OK, "", 200);
	check(&second, OUTCOME_OK, "", 200);
}

static void what_waits_too_long_expires_wherever_it_stands(void **state)
{
	struct fixture *fixture = *state;
	struct model *model =
		new_model(fixture, "/gate", (struct model_config){.max_in_flight = 1});
	struct probe probes[4] = {probe_of("a"), probe_of("b"), probe_of("c"), probe_of("d")};
	int64_t soon = clock_monotonic_us() + 50000;
	probes[0].call.expires_us = probes[2].call.expires_us = probes[3].call.expires_us = soon;
	probes[2].cancel = &probes[3]; /* both are due: the one that ends first cancels the other */
	for (int i = 0; i < 4; i++)
		model_call_start(model, &probes[i].call);
	drive(fixture, &probes[2].n_done, 1);
	assert_int_equal(probes[2].call.outcome, OUTCOME_EXPIRED);
	assert_string_equal(probes[2].reason, "too old");
	assert_int_equal(probes[2].call.attempts, 0);
	assert_int_equal(probes[2].call.started_us, 0);
	assert_in_range(probes[2].call.ended_us, soon, soon + 300000);
	fixture->server->is_open = true;
	drive(fixture, &probes[1].n_done, 1);
	check(&probes[0], OUTCOME_OK, "", 200);
	check(&probes[1], OUTCOME_OK, "", 200);
	assert_int_equal(probes[3].n_done, 0);
	model_release(model);
}

static void a_call_already_too_old_does_not_take_a_slot_that_comes_free(void **state)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, "/ok", (struct model_config){.max_in_flight = 1});
	struct probe first = probe_of("first"), old = probe_of("old");
	old.call.expires_us = 1;
	model_call_start(model, &first.call);
	model_call_start(model, &old.call);
	drive(fixture, &first.n_done, 1);
	drive(fixture, &old.n_done, 1);
	assert_int_equal(old.call.outcome, OUTCOME_EXPIRED);
	assert_int_equal(fixture->server->n_requests, 1);
	model_release(model);
}

static void without_calls_nothing_is_due(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(model_caller_tick(fixture->caller, clock_monotonic_us()), -1);
	struct model *model =
		new_model(fixture, "/hang", (struct model_config){.timeout_us = SECOND});
	struct probe probe = probe_of("r");
	model_call_start(model, &probe.call);
	drive(fixture, &fixture->server->n_requests, 1);
	assert_in_range(model_caller_tick(fixture->caller, clock_monotonic_us()), 1, SECOND);
	model_call_cancel(&probe.call);
	model_release(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(the_limit_holds_and_the_others_wait_in_order),
		model_promise(one_at_a_time_reaches_the_server_in_order),
		model_promise(a_cancelled_call_never_ends_and_its_slot_is_free),
		model_promise(done_may_start_cancel_and_release),
		model_promise(a_released_model_lives_until_its_calls_have_ended),
		model_promise(what_waits_too_long_expires_wherever_it_stands),
		model_promise(a_call_already_too_old_does_not_take_a_slot_that_comes_free),
		model_promise(without_calls_nothing_is_due),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
