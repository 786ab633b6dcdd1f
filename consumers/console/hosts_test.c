/* Which hosts are asked, how often, and what becomes of their pages. */
#include "common/metrics.h"
#include "common/model_test_fixture.h"
#include "consumers/console/hosts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL (INT64_C(20000) * 86400 * SECOND)

/* An endpoint whose one variant has its page on the fixture's server, and a test with another. */
struct scene {
	struct fixture *fixture;
	struct host_store *store;
	struct hosts *hosts;
	char url[64], candidate_url[64];
	struct variant production, candidate;
	struct endpoint endpoint, *endpoints[1];
	struct test test, *tests[1];
	struct control_state state;
	int64_t now_us;
};

static struct scene *scene_new(void **state, const char *path, const char *candidate_path)
{
	struct scene *scene = calloc(1, sizeof *scene);
	char errstr[200];
	int port;

	assert_non_null(scene);
	scene->fixture = *state;
	port = scene->fixture->server->port;
	scene->store = host_store_open(":memory:", errstr, sizeof errstr);
	assert_non_null(scene->store);
	scene->hosts = hosts_new(scene->store, scene->fixture->caller);
	snprintf(scene->url, sizeof scene->url, "http://127.0.0.1:%d%s", port, path);
	snprintf(scene->candidate_url, sizeof scene->candidate_url, "http://127.0.0.1:%d%s", port,
		candidate_path ? candidate_path : "");
	scene->production = (struct variant){.name = "v1", .metrics_url = scene->url};
	scene->candidate = (struct variant){
		.name = "v2", .metrics_url = candidate_path ? scene->candidate_url : NULL};
	scene->endpoint =
		(struct endpoint){.name = "e", .variants = &scene->production, .n_variants = 1};
	scene->test = (struct test){.name = "t",
		.endpoint = "e",
		.start_us = WALL + 100 * SECOND,
		.end_us = WALL + 200 * SECOND,
		.variants = &scene->candidate,
		.n_variants = 1};
	scene->endpoints[0] = &scene->endpoint;
	scene->tests[0] = &scene->test;
	scene->state = (struct control_state){.endpoints = scene->endpoints,
		.n_endpoints = 1,
		.tests = scene->tests,
		.n_tests = 1};
	scene->now_us = 1000 * SECOND;
	return scene;
}

static void scene_free(struct scene *scene)
{
	hosts_free(scene->hosts);
	host_store_close(scene->store);
	metrics_free();
	free(scene);
}

/* So much later; the pages that are asked for come or fail before it returns. */
static void pass(struct scene *scene, int64_t seconds, int pages)
{
	int wanted = scene->fixture->server->n_requests + pages;

	scene->now_us += seconds * SECOND;
	hosts_tick(
		scene->hosts, &scene->state, scene->now_us, WALL + scene->now_us - 1000 * SECOND);
	drive(scene->fixture, &scene->fixture->server->n_requests, wanted);
	for (int i = 0; i < 50; i++)
		step(scene->fixture);
	assert_int_equal(wanted, scene->fixture->server->n_requests);
}

static int64_t counted(const char *result)
{
	char line[100], *text, *found;
	size_t size;
	int64_t value = 0;

	snprintf(line, sizeof line, "umbra_console_host_pages_total{result=\"%s\"} ", result);
	text = metrics_text(&size);
	found = strstr(text, line);
	if (found)
		value = strtoll(found + strlen(line), NULL, 10);
	free(text);
	return value;
}

/* Readings of production's memory in the last minute, by the wall clock. */
static double kept(struct scene *scene, enum host_statistic statistic)
{
	struct host_query query = {"e", "v1", HOST_MEMORY, statistic, 0, 0, INT64_MAX / 2};
	double value;

	host_store_series(scene->store, &query, &value, 1);
	return value;
}

static void a_page_is_read_every_ten_seconds_and_kept(void **state)
{
	struct scene *scene = scene_new(state, "/metrics", NULL);

	pass(scene, 0, 1);
	pass(scene, 9, 0);
	pass(scene, 1, 1);
	assert_true(kept(scene, HOST_COUNT) == 2);
	assert_true(kept(scene, HOST_AVERAGE) == 4096);
	assert_int_equal(2, counted("ok"));
	assert_int_equal(1, hosts_count(scene->hosts));
	assert_non_null(
		strstr(scene->fixture->server->last, "accept: text/plain;version=0.0.4\r\n"));
	scene_free(scene);
}

static void a_candidate_s_host_is_read_while_its_test_runs(void **state)
{
	struct scene *scene = scene_new(state, "/metrics", "/metrics");

	pass(scene, 0, 1);
	pass(scene, 100, 2);
	assert_int_equal(2, hosts_count(scene->hosts));
	pass(scene, 100, 1);
	assert_int_equal(1, hosts_count(scene->hosts));
	scene_free(scene);
}

static void a_page_that_fails_or_is_empty_is_counted(void **state)
{
	struct scene *scene = scene_new(state, "/not-found", NULL);

	pass(scene, 0, 1);
	assert_int_equal(1, counted("failed"));
	snprintf(scene->url, sizeof scene->url, "http://127.0.0.1:%d/ok",
		scene->fixture->server->port);
	pass(scene, 1, 1);
	assert_int_equal(1, counted("empty"));
	assert_true(isnan(kept(scene, HOST_COUNT)));
	scene_free(scene);
}

static void what_a_page_does_not_have_leaves_the_rest(void **state)
{
	struct scene *scene = scene_new(state, "/metrics", NULL);

	scene->production.metrics_cpu = "no_such_metric";
	pass(scene, 0, 1);
	assert_int_equal(1, counted("ok"));
	assert_true(kept(scene, HOST_COUNT) == 1);
	scene_free(scene);
}

static void a_page_without_end_is_given_up(void **state)
{
	struct scene *scene = scene_new(state, "/announced", NULL);

	pass(scene, 0, 1);
	assert_int_equal(1, counted("failed"));
	scene_free(scene);
}

static void a_hanging_page_is_not_asked_for_twice(void **state)
{
	struct scene *scene = scene_new(state, "/hang-in-body", NULL);

	pass(scene, 0, 1);
	pass(scene, 10, 0);
	scene_free(scene); /* with the call open */
	assert_int_equal(0, counted("failed"));
}

static void a_host_that_cannot_be_asked_is_no_end(void **state)
{
	struct scene *scene = scene_new(state, "/metrics", NULL);

	scene->production.ca_file = "/nowhere/ca.pem";
	pass(scene, 0, 0);
	assert_int_equal(1, hosts_count(scene->hosts));
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(a_page_is_read_every_ten_seconds_and_kept),
		model_promise(a_candidate_s_host_is_read_while_its_test_runs),
		model_promise(a_page_that_fails_or_is_empty_is_counted),
		model_promise(what_a_page_does_not_have_leaves_the_rest),
		model_promise(a_page_without_end_is_given_up),
		model_promise(a_hanging_page_is_not_asked_for_twice),
		model_promise(a_host_that_cannot_be_asked_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
