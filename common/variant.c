#include "common/variant.h"
#include <stdio.h>
#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_header(const struct model_header *a, const struct model_header *b)
{
	return is_same_text(a->name, b->name) && is_same_text(a->value, b->value) &&
		is_same_text(a->value_file, b->value_file);
}

bool variant_same_model(const struct variant *a, const struct variant *b)
{
	if (!is_same_text(a->name, b->name) || !is_same_text(a->url, b->url) ||
		!is_same_text(a->ca_file, b->ca_file) ||
		!is_same_text(a->cert_file, b->cert_file) ||
		!is_same_text(a->key_file, b->key_file))
		return false;
	if (a->timeout_us != b->timeout_us || a->max_in_flight != b->max_in_flight ||
		a->max_response_bytes != b->max_response_bytes || a->n_headers != b->n_headers)
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
		.ca_file = variant->ca_file,
		.cert_file = variant->cert_file,
		.key_file = variant->key_file,
		.headers = variant->headers,
		.n_headers = variant->n_headers,
	};
	return model_new(caller, &config, errstr, errstr_size);
}
