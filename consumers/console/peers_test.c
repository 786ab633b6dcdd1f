/* Which groups there are, and who was seen in them. */
#include "consumers/console/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_US INT64_C(3600000000)

static struct variant production[] = {{.name = (char *)"v1"}};
static struct variant shadows[] = {{.name = (char *)"v2"}, {.name = (char *)"v3"}};
static struct endpoint churn = {.name = (char *)"churn",
	.requests_topic = (char *)"churn.requests",
	.variants = production,
	.n_variants = 1};

static struct test test_of(const char *name, size_t n_variants, int64_t end_us)
{
	return (struct test){.name = (char *)(uintptr_t)name,
		.endpoint = (char *)"churn",
		.start_us = 1,
		.end_us = end_us,
		.variants = shadows,
		.n_variants = n_variants};
}

static void assert_group(struct peers *peers, const char *name, const char *program,
	const char *topic, const char *role)
{
	struct peer_group *group = peers_group(peers, name);
	assert_non_null(group);
	assert_string_equal(program, group->program);
	assert_string_equal(topic, group->topic);
	assert_string_equal(role, group->role);
	assert_int_equal(-1, group->lag);
	assert_string_equal("", group->why);
}

static void each_program_s_groups_are_those_of_the_control_state(void **opaque)
{
	struct test one = test_of("t", 1, INT64_MAX), other = test_of("u", 2, INT64_MAX);
	struct test *tests[] = {&one, &other};
	struct endpoint *endpoints[] = {&churn};
	struct control_state state = {
		.endpoints = endpoints, .n_endpoints = 1, .tests = tests, .n_tests = 2};
	struct peers peers = {0};
	(void)opaque;
	peers_list_groups(&peers, &state, "umbra.", HOUR_US);
	assert_int_equal(4, peers.n_groups);
	assert_group(&peers, "umbra.splitter.churn", "umbra-splitter", "churn.requests",
		"endpoint churn");
	assert_group(&peers, "umbra.shadow.churn.v2", "umbra-shadow", "churn.shadow.v2",
		"variant v2 of churn");
	assert_non_null(peers_group(&peers, "umbra.shadow.churn.v3"));
	assert_group(&peers, "umbra.aggregator", "umbra-aggregator", "umbra.events", "all tests");
	other.baseline = 10000;
	peers_list_groups(&peers, &state, "umbra.", HOUR_US);
	assert_int_equal(5, peers.n_groups);
	assert_non_null(peers_group(&peers, "umbra.shadow.churn.v1"));
	one.end_us = other.end_us = 2;
	peers_list_groups(&peers, &state, "umbra.", HOUR_US);
	assert_int_equal(2, peers.n_groups);
	peers_fini(&peers);
}

static void a_member_is_seen_once_with_its_name_and_forgotten_after_an_hour(void **opaque)
{
	const struct peer_group group = {.program = "umbra-splitter", .role = "endpoint churn"};
	struct peer_member named = {"umbra-splitter/a1", "rdkafka-1", "/127.0.0.1"};
	struct peer_member other = {"umbra-splitter", "rdkafka-2", "/127.0.0.1"};
	struct peers peers = {0};
	(void)opaque;
	peers_note(&peers, &group, &named, 1);
	peers_note(&peers, &group, &other, 2);
	named.member_id = "rdkafka-3"; /* it was started again */
	peers_note(&peers, &group, &named, 3);
	assert_int_equal(2, peers.n_seen);
	assert_string_equal("a1", peers.seen[0].instance);
	assert_string_equal("127.0.0.1", peers.seen[0].host);
	assert_int_equal(3, peers.seen[0].seen_us);
	assert_string_equal("rdkafka-2", peers.seen[1].instance);
	peers_forget_old(&peers, 2 + HOUR_US);
	assert_int_equal(2, peers.n_seen);
	peers_forget_old(&peers, 3 + HOUR_US);
	assert_int_equal(1, peers.n_seen);
	assert_string_equal("a1", peers.seen[0].instance);
	peers_fini(&peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_program_s_groups_are_those_of_the_control_state),
		cmocka_unit_test(a_member_is_seen_once_with_its_name_and_forgotten_after_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
