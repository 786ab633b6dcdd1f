#include "consumers/console/reply.h"
#include "common/memory.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reply_fini(struct reply *reply)
{
	free(reply->body);
	*reply = (struct reply){0};
}

static void set(struct reply *reply, unsigned status, const char *type, char *body)
{
	reply_fini(reply);
	memory_need(body);
	*reply = (struct reply){.status = status, .type = type, .body = body, .size = strlen(body)};
}

void reply_json(struct reply *reply, json_t *json)
{
	assert(json);
	set(reply, 200, "application/json",
		json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(10)));
	reply->may_keep = true;
	json_decref(json);
}

void reply_text(struct reply *reply, unsigned status, const char *text)
{
	char *body;
	memory_need(asprintf(&body, "%s\n", text) >= 0);
	set(reply, status, "text/plain; charset=utf-8", body);
}

void reply_fixed(struct reply *reply, const char *type, const void *data, size_t size)
{
	reply_fini(reply);
	*reply = (struct reply){
		.status = 200, .type = type, .fixed = data, .size = size, .may_keep = true};
}

static const char *title_of(unsigned status)
{
	switch (status) {
	case 400:
		return "The request cannot be understood";
	case 401:
		return "A token is needed";
	case 403:
		return "This is not allowed";
	case 404:
		return "There is no such thing";
	case 405:
		return "This method is not answered here";
	case 421:
		return "This name is not ours";
	case 422:
		return "The parameters do not go together";
	case 503:
		return "Not now";
	default:
		return "Something failed";
	}
}

/* What a request brought may be no UTF-8, which JSON cannot hold. */
static json_t *text_to_json(const char *text)
{
	json_t *json = json_string(text);
	char *copy = json ? NULL : strdup(text);
	for (char *at = copy; at && *at; at++)
		if (*at & 0x80)
			*at = '?';
	if (copy)
		json = json_string(copy);
	free(copy);
	memory_need(json);
	return json;
}

void reply_problem(struct reply *reply, unsigned status, const char *format, ...)
{
	char detail[500];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	json_t *json = json_pack("{s:s s:s s:i s:o}", "type", "about:blank", "title",
		title_of(status), "status", (int)status, "detail", text_to_json(detail));
	assert(json);
	set(reply, status, "application/problem+json", json_dumps(json, JSON_COMPACT));
	json_decref(json);
}
