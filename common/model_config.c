/* Where a model is and how it is called, checked before anything is built from it. */
#include "common/model_config.h"
#include "common/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_RESPONSE = 6 * 1024 * 1024 };

static int check_url(const char *url, char *errstr, size_t errstr_size)
{
	char *scheme = NULL, *user = NULL;
	CURLU *parts = curl_url();
	memory_need(parts);
	CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
	int rc = -1;
	if (code != CURLUE_OK)
		snprintf(errstr, errstr_size, "\"%s\" is not a URL: %s", url,
			curl_url_strerror(code));
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		snprintf(errstr, errstr_size, "\"%s\" is not an http or https URL", url);
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
		snprintf(errstr, errstr_size,
			"a URL must not hold a user name or password: use an "
			"authorization header with a value_file");
	else
		rc = 0;
	curl_free(user);
	curl_free(scheme);
	curl_url_cleanup(parts);
	return rc;
}

static int check_file(const char *path, const char *what, char *errstr, size_t errstr_size)
{
	FILE *file = path ? fopen(path, "re") : NULL;
	if (path && !file) {
		snprintf(errstr, errstr_size, "the %s %s cannot be read: %m", what, path);
		return -1;
	}
	if (file)
		fclose(file);
	return 0;
}

int model_config_check(const struct model_config *config, char *errstr, size_t errstr_size)
{
	assert(config->name && config->url && config->timeout_us > 0 && config->max_in_flight > 0);
	if (check_url(config->url, errstr, errstr_size) ||
		check_file(config->ca_file, "CA file", errstr, errstr_size) ||
		check_file(config->cert_file, "certificate", errstr, errstr_size) ||
		check_file(config->key_file, "key", errstr, errstr_size))
		return -1;
	return 0;
}

static char *copy(const char *text)
{
	char *own = text ? strdup(text) : NULL;
	memory_need(own || !text);
	return own;
}

struct model_config model_config_copy(const struct model_config *from)
{
	struct model_config config = *from;
	config.name = copy(from->name);
	config.url = copy(from->url);
	config.ca_file = copy(from->ca_file);
	config.cert_file = copy(from->cert_file);
	config.key_file = copy(from->key_file);
	config.headers = NULL;
	config.n_headers = 0;
	if (!config.max_response_bytes)
		config.max_response_bytes = DEFAULT_MAX_RESPONSE;
	return config;
}

void model_config_clear(struct model_config *config)
{
	free((char *)config->name);
	free((char *)config->url);
	free((char *)config->ca_file);
	free((char *)config->cert_file);
	free((char *)config->key_file);
}
