#include "common/variant.h"
#include "common/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_same_header(const struct model_header *a, const struct model_header *b)
{
	return text_equal(a->name, b->name) && text_equal(a->value, b->value) &&
		text_equal(a->value_file, b->value_file);
}

static bool retry_alike(const struct variant *a, const struct variant *b)
{
	return a->retries == b->retries && a->backoff_us == b->backoff_us &&
		a->breaker_failures == b->breaker_failures &&
		a->breaker_cooldown_us == b->breaker_cooldown_us &&
		string_lists_equal(&a->retry_on, &b->retry_on);
}

static struct retry_policy policy_of(const struct variant *variant)
{
	struct retry_policy policy = {
		.retries = variant->retries, .backoff_us = variant->backoff_us};
	if (!variant->retry_on.n)
		retry_policy_use_defaults(&policy);
	for (size_t i = 0; i < variant->retry_on.n; i++)
		if (retry_policy_add(&policy, variant->retry_on.items[i]))
			abort(); /* the definition was checked */
	return policy;
}

bool variant_same_model(const struct variant *a, const struct variant *b)
{
	if (!text_equal(a->name, b->name) || !text_equal(a->url, b->url) ||
		!text_equal(a->ca_file, b->ca_file) || !text_equal(a->cert_file, b->cert_file) ||
		!text_equal(a->key_file, b->key_file))
		return false;
	if (a->timeout_us != b->timeout_us || a->max_in_flight != b->max_in_flight ||
		a->max_response_bytes != b->max_response_bytes || a->n_headers != b->n_headers)
		return false;
	if (!retry_alike(a, b))
		return false;
	for (size_t i = 0; i < a->n_headers; i++)
		if (!is_same_header(&a->headers[i], &b->headers[i]))
			return false;
	return true;
}

struct model *variant_open_model(const struct variant *variant, const char *endpoint,
	struct model_caller *caller, char *errstr, size_t errstr_size)
{
	char name[220];
	snprintf(name, sizeof name, "variant %s/%s", endpoint, variant->name);
	struct model_config config = {
		.name = name,
		.url = variant->url,
		.timeout_us = variant->timeout_us,
		.max_in_flight = (uint32_t)variant->max_in_flight,
		.max_response_bytes = variant->max_response_bytes,
		.retry = policy_of(variant),
		.breaker_failures = variant->breaker_failures,
		.breaker_cooldown_us = variant->breaker_cooldown_us,
		.ca_file = variant->ca_file,
		.cert_file = variant->cert_file,
		.key_file = variant->key_file,
		.headers = variant->headers,
		.n_headers = variant->n_headers,
	};
	return model_new(caller, &config, errstr, errstr_size);
}
