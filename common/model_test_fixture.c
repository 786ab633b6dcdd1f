#include "common/model_test_fixture.h"

#include "common/clock.h"
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libcurl's lookups come here: no test depends on a name server. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (name && strcmp(name, "unknown.invalid") == 0)
		return EAI_NONAME;
	if (name && strcmp(name, "slow.invalid") == 0) {
		sleep(2);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, result);
}

int model_test_set_up(void **state)
{
	char errstr[256];
	static struct fixture fixture;
	fixture.caller = model_caller_new(errstr, sizeof errstr);
	fixture.server = server_new();
	*state = &fixture;
	return fixture.caller ? 0 : -1;
}

int model_test_tear_down(void **state)
{
	struct fixture *fixture = *state;
	model_caller_free(fixture->caller);
	server_free(fixture->server);
	return 0;
}

static void on_done(struct model_call *call)
{
	struct probe *probe = (struct probe *)call;
	probe->n_done++;
	snprintf(probe->reason, sizeof probe->reason, "%s", call->reason);
	snprintf(probe->body, sizeof probe->body, "%.*s", (int)call->response_size,
		(const char *)call->response);
	snprintf(
		probe->content_type, sizeof probe->content_type, "%s", call->response_content_type);
	if (probe->cancel)
		model_call_cancel(&probe->cancel->call);
	if (probe->restart)
		model_call_start(probe->restart_model, &probe->restart->call);
	model_release(probe->release);
}

struct model *new_model(struct fixture *fixture, const char *path, struct model_config config)
{
	char url[128], errstr[256] = "";
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", fixture->server->port, path);
	config.name = "variant test";
	config.url = config.url ? config.url : url;
	config.timeout_us = config.timeout_us ? config.timeout_us : 5 * SECOND;
	config.max_in_flight = config.max_in_flight ? config.max_in_flight : 4;
	struct model *model = model_new(fixture->caller, &config, errstr, sizeof errstr);
	if (!model)
		fail_msg("%s", errstr);
	return model;
}

struct probe probe_of(const char *id)
{
	return (struct probe){.call = {.body = "[1]",
				      .body_size = 3,
				      .request_id = id,
				      .content_type = "application/json",
				      .accept = "application/json",
				      .done = on_done}};
}

void step(struct fixture *fixture)
{
	server_step(fixture->server);
	int64_t wait_us = model_caller_tick(fixture->caller, clock_monotonic_us());
	assert_true(wait_us >= -1);
	curl_multi_poll(model_caller_multi(fixture->caller), NULL, 0, 1, NULL);
}

void drive(struct fixture *fixture, const int *counter, int wanted)
{
	int64_t deadline = clock_monotonic_us() + 10 * SECOND;
	while (*counter < wanted) {
		step(fixture);
		if (clock_monotonic_us() > deadline)
			fail_msg("%d of %d after 10 s", *counter, wanted);
	}
}

struct probe ask_with(struct fixture *fixture, struct model *model)
{
	struct probe probe = probe_of("r-1");
	model_call_start(model, &probe.call);
	assert_int_equal(probe.n_done, 0);
	drive(fixture, &probe.n_done, 1);
	return probe;
}

struct probe ask(void **state, const char *path, struct model_config config)
{
	struct fixture *fixture = *state;
	struct model *model = new_model(fixture, path, config);
	struct probe probe = ask_with(fixture, model);
	assert_int_equal(model_in_flight(model), 0);
	model_release(model);
	return probe;
}

void check(const struct probe *probe, enum outcome outcome, const char *reason, int status)
{
	assert_int_equal(probe->call.outcome, outcome);
	assert_string_equal(probe->reason, reason);
	assert_int_equal(probe->call.status, status);
	assert_int_equal(probe->call.attempts, 1);
}
