#include "splitter/lineup.h"
#include "common/memory.h"
#include "common/sampling.h"
#include "common/variant.h"
#include "splitter/counters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *find_model(const struct lineup *before, const struct variant *variant)
{
	for (size_t i = 0; before && i < before->n_arms; i++)
		if (variant_same_model(before->arms[i].variant, variant))
			return model_hold(before->arms[i].model);
	return NULL;
}

static int add_arms(struct lineup *lineup, struct model_caller *caller, const struct lineup *before,
	char *errstr, size_t errstr_size)
{
	const struct endpoint *endpoint = lineup->endpoint;
	lineup->arms = calloc(endpoint->n_variants, sizeof *lineup->arms);
	memory_need(lineup->arms);
	for (size_t i = 0; i < endpoint->n_variants; i++) {
		struct arm *arm = &lineup->arms[i];
		arm->variant = &endpoint->variants[i];
		arm->model = find_model(before, arm->variant);
		if (!arm->model)
			arm->model = variant_open_model(
				arm->variant, endpoint->name, caller, errstr, errstr_size);
		if (!arm->model)
			return -1;
		arm->latency = counters_latency(endpoint->name, arm->variant->name);
		lineup->n_arms++;
		memory_need(asprintf(&arm->baseline_topic, "%s.shadow.%s", endpoint->name,
				    arm->variant->name) > 0);
		lineup->total_weight += (uint64_t)arm->variant->weight;
	}
	return 0;
}

static void add_trials(struct lineup *lineup, const struct control_state *state)
{
	lineup->trials = calloc(state->n_tests + 1, sizeof *lineup->trials);
	memory_need(lineup->trials);
	for (size_t i = 0; i < state->n_tests; i++) {
		struct test *test = state->tests[i];
		if (strcmp(test->endpoint, lineup->endpoint->name) || test->ended != TEST_CREATED)
			continue;
		struct trial *trial = &lineup->trials[lineup->n_trials++];
		trial->test = test_hold(test);
		trial->delivered =
			calloc(test->n_variants + lineup->n_arms, sizeof(struct metric *));
		memory_need(trial->delivered);
	}
}

struct lineup *lineup_new(const struct control_state *state, struct endpoint *endpoint,
	struct model_caller *caller, const struct lineup *before, char *errstr, size_t errstr_size)
{
	struct lineup *lineup = calloc(1, sizeof *lineup);
	memory_need(lineup);
	lineup->references = 1;
	lineup->generation = state->generation;
	lineup->event_partitions = state->event_partitions;
	lineup->endpoint = endpoint_hold(endpoint);
	if (add_arms(lineup, caller, before, errstr, errstr_size)) {
		lineup_release(lineup);
		return NULL;
	}
	add_trials(lineup, state);
	return lineup;
}

struct lineup *lineup_hold(struct lineup *lineup)
{
	lineup->references++;
	return lineup;
}

void lineup_release(struct lineup *lineup)
{
	if (!lineup || --lineup->references)
		return;
	for (size_t i = 0; i < lineup->n_arms; i++) {
		model_release(lineup->arms[i].model);
		free(lineup->arms[i].baseline_topic);
	}
	for (size_t i = 0; i < lineup->n_trials; i++) {
		test_release(lineup->trials[i].test);
		free(lineup->trials[i].delivered);
	}
	endpoint_release(lineup->endpoint);
	free(lineup->arms);
	free(lineup->trials);
	free(lineup);
}

static struct arm *find_arm(const struct lineup *lineup, const char *name)
{
	for (size_t i = 0; i < lineup->n_arms; i++)
		if (!strcmp(lineup->arms[i].variant->name, name))
			return &lineup->arms[i];
	return NULL;
}

static struct arm *named_arm(
	const struct lineup *lineup, const char *name, struct request_error *error)
{
	struct arm *arm = find_arm(lineup, name);
	if (arm)
		return arm;
	error->stage = "route";
	error->code = "unknown_variant";
	snprintf(error->message, sizeof error->message,
		"target_variant %s is not a variant of endpoint %s", name, lineup->endpoint->name);
	return NULL;
}

struct arm *lineup_choose_arm(const struct lineup *lineup, const struct request *request,
	const rd_kafka_message_t *rkm, struct request_error *error)
{
	if (request->target_variant[0])
		return named_arm(lineup, request->target_variant, error);
	const void *key = rkm->key ? rkm->key : request->id;
	size_t size = rkm->key ? rkm->key_len : strlen(request->id);
	uint64_t point = routing_point(lineup->endpoint->name, key, size, lineup->total_weight);
	size_t i = 0;
	while (point >= (uint64_t)lineup->arms[i].variant->weight)
		point -= (uint64_t)lineup->arms[i++].variant->weight;
	return &lineup->arms[i];
}
