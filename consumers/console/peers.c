#include "consumers/console/peers.h"
#include "common/memory.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_US INT64_C(3600000000)
enum { SEEN_MAX = 1000 };

static void free_peer(struct peer *peer)
{
	free(peer->program);
	free(peer->role);
	free(peer->instance);
	free(peer->host);
}

void peers_fini(struct peers *peers)
{
	for (size_t i = 0; i < peers->n_seen; i++)
		free_peer(&peers->seen[i]);
	free(peers->seen);
	free(peers->groups);
	*peers = (struct peers){0};
}

/* Groups. */

struct peer_group *peers_group(struct peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->n_groups; i++)
		if (!strcmp(peers->groups[i].name, name))
			return &peers->groups[i];
	return NULL;
}

static struct peer_group *add_group(struct peers *peers, const char *program)
{
	peers->groups = reallocarray(peers->groups, peers->n_groups + 1, sizeof *peers->groups);
	memory_need(peers->groups);
	struct peer_group *group = &peers->groups[peers->n_groups++];
	*group = (struct peer_group){.program = program, .lag = -1};
	return group;
}

static void add_aggregator(struct peers *peers, const char *prefix)
{
	struct peer_group *group = add_group(peers, "umbra-aggregator");
	snprintf(group->name, sizeof group->name, "%saggregator", prefix);
	snprintf(group->topic, sizeof group->topic, "%sevents", prefix);
	snprintf(group->role, sizeof group->role, "all tests");
}

static void add_splitter(struct peers *peers, const struct endpoint *endpoint, const char *prefix)
{
	struct peer_group *group = add_group(peers, "umbra-splitter");
	snprintf(group->name, sizeof group->name, "%ssplitter.%s", prefix, endpoint->name);
	snprintf(group->topic, sizeof group->topic, "%s", endpoint->requests_topic);
	snprintf(group->role, sizeof group->role, "endpoint %s", endpoint->name);
}

/* Two tests may have the same variant: it is one group. */
static void add_shadow(
	struct peers *peers, const char *endpoint, const char *variant, const char *prefix)
{
	struct peer_group group = {.program = "umbra-shadow", .lag = -1};
	snprintf(group.name, sizeof group.name, "%sshadow.%s.%s", prefix, endpoint, variant);
	snprintf(group.topic, sizeof group.topic, "%s.shadow.%s", endpoint, variant);
	snprintf(group.role, sizeof group.role, "variant %s of %s", variant, endpoint);
	if (!peers_group(peers, group.name))
		*add_group(peers, group.program) = group;
}

static void add_shadows(struct peers *peers, const struct control_state *state,
	const struct test *test, const char *prefix)
{
	const struct endpoint *endpoint = control_endpoint(state, test->endpoint);
	for (size_t i = 0; i < test->n_variants; i++)
		add_shadow(peers, test->endpoint, test->variants[i].name, prefix);
	for (size_t i = 0; endpoint && test->baseline && i < endpoint->n_variants; i++)
		add_shadow(peers, test->endpoint, endpoint->variants[i].name, prefix);
}

void peers_list_groups(
	struct peers *peers, const struct control_state *state, const char *prefix, int64_t now_us)
{
	peers->n_groups = 0;
	for (size_t i = 0; i < state->n_endpoints; i++)
		add_splitter(peers, state->endpoints[i], prefix);
	for (size_t i = 0; i < state->n_tests; i++)
		if (test_state_at(state->tests[i], now_us) <= TEST_RUNNING)
			add_shadows(peers, state, state->tests[i], prefix);
	add_aggregator(peers, prefix);
}

/* Members. */

static char *copy(const char *text)
{
	char *made = strdup(text);
	memory_need(made);
	return made;
}

/* Kafka writes "/127.0.0.1". A client's own id says more than the one that Kafka made of it. */
static struct peer peer_of(const struct peer_group *group, const struct peer_member *member)
{
	const char *name = strchr(member->client_id, '/');
	const char *host = member->host[0] == '/' ? member->host + 1 : member->host;
	return (struct peer){.program = copy(group->program),
		.role = copy(group->role),
		.instance = copy(name ? name + 1 : member->member_id),
		.host = copy(host)};
}

static bool is_same(const struct peer *one, const struct peer *other)
{
	return !strcmp(one->program, other->program) && !strcmp(one->role, other->role) &&
		!strcmp(one->instance, other->instance) && !strcmp(one->host, other->host);
}

void peers_note(struct peers *peers, const struct peer_group *group,
	const struct peer_member *member, int64_t now_us)
{
	struct peer peer = peer_of(group, member);
	size_t i = 0;
	while (i < peers->n_seen && !is_same(&peers->seen[i], &peer))
		i++;
	if (i < peers->n_seen || i == SEEN_MAX) {
		free_peer(&peer);
	} else {
		peers->seen = reallocarray(peers->seen, i + 1, sizeof *peers->seen);
		memory_need(peers->seen);
		peers->seen[peers->n_seen++] = peer;
	}
	if (i < peers->n_seen)
		peers->seen[i].seen_us = now_us;
}

void peers_forget_old(struct peers *peers, int64_t now_us)
{
	size_t kept = 0;
	for (size_t i = 0; i < peers->n_seen; i++)
		if (now_us - peers->seen[i].seen_us > FORGET_US)
			free_peer(&peers->seen[i]);
		else
			peers->seen[kept++] = peers->seen[i];
	peers->n_seen = kept;
}
