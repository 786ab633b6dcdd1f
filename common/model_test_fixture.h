/* For tests: a caller and a misbehaving server in one thread. A test drives both until its condition
 * holds, with a deadline. */
#ifndef UMBRA_COMMON_MODEL_TEST_FIXTURE_H
#define UMBRA_COMMON_MODEL_TEST_FIXTURE_H

#include "common/model_call.h"
#include "common/model_test_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

struct fixture {
	struct model_caller *caller;
	struct server *server;
};

/* A call, and what was seen of it in done(). */
struct probe {
	struct model_call call;
	int n_done;
	char reason[64], body[64], content_type[300];
	struct probe *restart, *cancel; /* done() starts the one, cancels the other */
	struct model *restart_model, *release;
};

int model_test_set_up(void **state);
int model_test_tear_down(void **state);
#define model_promise(name) \
	cmocka_unit_test_setup_teardown(name, model_test_set_up, model_test_tear_down)

/* A model of the server's `path`; config's url, if it has one, wins. Zero fields get defaults. */
struct model *new_model(struct fixture *fixture, const char *path, struct model_config config);

/* A call with body "[1]" and JSON types. */
struct probe probe_of(const char *id);

/* One turn of server and caller. */
void step(struct fixture *fixture);

/* Turns until *counter >= wanted; fails after 10 s. */
void drive(struct fixture *fixture, const int *counter, int wanted);

/* Starts a call and drives it to its end; ask() with a model of its own. */
struct probe ask_with(struct fixture *fixture, struct model *model);
struct probe ask(void **state, const char *path, struct model_config config);

/* Fails unless the call ended so, after one attempt. */
void check(const struct probe *probe, enum outcome outcome, const char *reason, int status);

#endif
