/* Models and their caller: how they come, are held, and go. */
#include "common/clock.h"
#include "common/memory.h"
#include "common/model_private.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct model_caller *model_caller_new(char *errstr, size_t errstr_size)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		snprintf(errstr, errstr_size, "libcurl cannot be initialised");
		return NULL;
	}
	CURLM *multi = curl_multi_init();
	if (!multi) {
		snprintf(errstr, errstr_size, "libcurl gives no multi handle");
		curl_global_cleanup();
		return NULL;
	}
	struct model_caller *caller = calloc(1, sizeof *caller);
	memory_need(caller);
	caller->multi = multi;
	caller->random = (uint64_t)clock_monotonic_us() | 1;
	return caller;
}

void model_caller_free(struct model_caller *caller)
{
	if (!caller)
		return;
	assert(!caller->models);
	curl_multi_cleanup(caller->multi);
	curl_global_cleanup();
	free(caller);
}

CURLM *model_caller_multi(struct model_caller *caller)
{
	return caller->multi;
}

/* curl closes idle connections above this number: each slot of each model may keep one. */
static void allow_connections(struct model_caller *caller, long change)
{
	caller->connections += change;
	curl_multi_setopt(caller->multi, CURLMOPT_MAXCONNECTS, caller->connections + 1);
}

struct model *model_new(struct model_caller *caller, const struct model_config *config,
	char *errstr, size_t errstr_size)
{
	if (model_config_check(config, errstr, errstr_size))
		return NULL;
	struct model_headers *headers = model_headers_new(config, errstr, errstr_size);
	if (!headers)
		return NULL;
	struct model *model = calloc(1, sizeof *model);
	memory_need(model);
	model->caller = caller;
	model->config = model_config_copy(config);
	model->headers = headers;
	model->breaker = (struct breaker){.failures_to_open = config->breaker_failures,
		.cooldown_us = config->breaker_cooldown_us};
	model->refs = 1;
	model->next = caller->models;
	caller->models = model;
	allow_connections(caller, config->max_in_flight);
	return model;
}

static void model_free(struct model *model)
{
	assert(!model->in_flight.first && !model->waiting.first && !model->refused.first);
	allow_connections(model->caller, -(long)model->config.max_in_flight);
	while (model->idle) {
		struct transfer *transfer = model->idle;
		model->idle = transfer->next;
		transfer_free(transfer);
	}
	model_headers_free(model->headers);
	model_config_clear(&model->config);
	free(model);
}

void model_free_released(struct model_caller *caller)
{
	struct model **place = &caller->models;
	while (*place) {
		struct model *model = *place;
		if (model->refs > 0) {
			place = &model->next;
			continue;
		}
		*place = model->next;
		model_free(model);
	}
}

struct model *model_hold(struct model *model)
{
	model->refs++;
	return model;
}

void model_release(struct model *model)
{
	if (!model)
		return;
	assert(model->refs > 0);
	if (--model->refs == 0 && !model->caller->is_ticking)
		model_free_released(model->caller);
}

uint32_t model_in_flight(const struct model *model)
{
	return model->in_flight.n;
}

uint32_t model_waiting(const struct model *model)
{
	return model->waiting.n;
}

uint32_t model_room(const struct model *model)
{
	uint32_t enough = 2 * model->config.max_in_flight,
		 n = model->in_flight.n + model->waiting.n;
	return n < enough ? enough - n : 0;
}

bool model_is_left_alone(const struct model *model)
{
	return model->breaker.state != BREAKER_CLOSED;
}
