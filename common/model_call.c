/* Who is called when. A model admits max_in_flight calls at once; the others wait in the order in
 * which they came. Both lists run through the calls themselves. Since all attempts of a model have
 * the same timeout, its calls in flight stand in the order of their deadlines: the first one's is
 * the next, and curl needs no timer of its own.
 * One tick: curl moves everything on, then calls end (answered, overdue, expired), then those that
 * wait are admitted. done() may start, cancel and release whatever it likes: a model that loses its
 * last holder during a tick is freed at the tick's end. */
#include "common/model_call.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/model_config.h"
#include "common/model_transfer.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPIRY_STEP_US = 5000 };

struct call_list {
	struct model_call *first, *last;
	uint32_t n;
};

struct model {
	struct model_caller *caller;
	struct model_config config; /* strings are ours; headers are in `headers` */
	struct model_headers *headers;
	struct call_list in_flight; /* by start */
	struct call_list waiting; /* by arrival */
	struct call_list expired; /* taken out of `waiting`, about to end */
	struct transfer *idle;
	int64_t next_expiry_us; /* no waiting call expires before; 0: none does */
	int64_t expiry_check_us; /* the queue is looked through at most once a step */
	unsigned refs;
	struct model *next;
};

struct model_caller {
	CURLM *multi;
	struct model *models;
	long connections; /* sum of max_in_flight: what curl may keep open */
	bool is_ticking;
};

static void list_append(struct call_list *list, struct model_call *call)
{
	call->prev = list->last;
	call->next = NULL;
	if (list->last)
		list->last->next = call;
	else
		list->first = call;
	list->last = call;
	list->n++;
}

static void list_remove(struct call_list *list, struct model_call *call)
{
	if (call->prev)
		call->prev->next = call->next;
	else
		list->first = call->next;
	if (call->next)
		call->next->prev = call->prev;
	else
		list->last = call->prev;
	call->next = call->prev = NULL;
	list->n--;
}

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
	assert(caller);
	caller->multi = multi;
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
	assert(model);
	model->caller = caller;
	model->config = model_config_copy(config);
	model->headers = headers;
	model->refs = 1;
	model->next = caller->models;
	caller->models = model;
	allow_connections(caller, config->max_in_flight);
	return model;
}

static void model_free(struct model *model)
{
	assert(!model->in_flight.first && !model->waiting.first && !model->expired.first);
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

static void free_released(struct model_caller *caller)
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
		free_released(model->caller);
}

uint32_t model_in_flight(const struct model *model)
{
	return model->in_flight.n;
}

uint32_t model_waiting(const struct model *model)
{
	return model->waiting.n;
}

/* A value that cannot stand in a header is not sent. */
static const char *safe_or_null(const struct model *model, const char *name, const char *value)
{
	if (!value || !*value || header_value_is_safe(value))
		return value && *value ? value : NULL;
	log_warn(model->config.name,
		"a request's %s is not sent: it is too long or not printable ASCII", name);
	return NULL;
}

static void send_now(struct model *model, struct model_call *call, int64_t now_us)
{
	struct transfer *transfer = model->idle;
	if (transfer)
		model->idle = transfer->next;
	else
		transfer = transfer_new(&model->config);
	call->transfer = transfer;
	call->started_us = now_us;
	call->attempts++;
	list_append(&model->in_flight, call);
	transfer_begin(transfer, call, model_headers_hold(model->headers, now_us), model->headers);
	CURLMcode code = curl_multi_add_handle(model->caller->multi, transfer->easy);
	assert(code == CURLM_OK);
}

/* Keeps the strings of a call that has to wait: one block, to which the call's own fields point. */
static void keep_strings(struct model_call *call)
{
	const char **fields[] = {&call->content_type, &call->accept, &call->request_id};
	size_t size = 1;
	for (int i = 0; i < 3; i++)
		size += *fields[i] ? strlen(*fields[i]) + 1 : 0;
	char *to = call->strings = malloc(size);
	assert(to);
	for (int i = 0; i < 3; i++)
		if (*fields[i]) {
			size_t length = strlen(*fields[i]) + 1;
			*fields[i] = memcpy(to, *fields[i], length);
			to += length;
		}
}

static void note_expiry(struct model *model, const struct model_call *call)
{
	if (call->expires_us &&
		(!model->next_expiry_us || call->expires_us < model->next_expiry_us))
		model->next_expiry_us = call->expires_us;
}

static void wait_for_slot(struct model *model, struct model_call *call)
{
	keep_strings(call);
	list_append(&model->waiting, call);
	note_expiry(model, call);
}

static void clear_results(struct model_call *call)
{
	call->outcome = OUTCOME_OK;
	call->reason = "";
	call->status = call->attempts = 0;
	call->response = "";
	call->response_size = 0;
	call->response_content_type = "";
	call->started_us = call->first_byte_us = call->ended_us = 0;
	call->transfer = NULL;
	call->strings = NULL;
}

void model_call_start(struct model *model, struct model_call *call)
{
	assert(call->done && (call->body || call->body_size == 0));
	clear_results(call);
	call->model = model_hold(model);
	call->content_type = safe_or_null(model, "content-type", call->content_type);
	call->accept = safe_or_null(model, "accept", call->accept);
	call->request_id = safe_or_null(model, "x-request-id", call->request_id);
	call->queued_us = clock_monotonic_us();
	if (model->waiting.n == 0 && model->in_flight.n < model->config.max_in_flight)
		send_now(model, call, call->queued_us);
	else
		wait_for_slot(model, call);
}

static void recycle(struct model *model, struct transfer *transfer)
{
	transfer_reset(transfer);
	transfer->next = model->idle;
	model->idle = transfer;
}

/* The one place where done() is called. Afterwards `call` may be anything; the model stays until the
 * end of the tick, even if this was its last holder. */
static void end_call(struct model *model, struct model_call *call)
{
	char *strings = call->strings;
	call->model = NULL;
	call->transfer = NULL;
	call->strings = NULL;
	call->done(call);
	free(strings);
	model->refs--;
}

/* Takes the call off the wire; its transfer keeps the answer until recycled. */
static struct transfer *take_off(struct model *model, struct model_call *call)
{
	struct transfer *transfer = call->transfer;
	curl_multi_remove_handle(model->caller->multi, transfer->easy);
	list_remove(&model->in_flight, call);
	return transfer;
}

void model_call_cancel(struct model_call *call)
{
	struct model *model = call->model;
	assert(model);
	if (call->transfer)
		recycle(model, take_off(model, call));
	else if (call->outcome == OUTCOME_EXPIRED)
		list_remove(&model->expired, call);
	else
		list_remove(&model->waiting, call);
	free(call->strings);
	call->content_type = call->accept = call->request_id = NULL;
	call->strings = NULL;
	call->transfer = NULL;
	call->model = NULL;
	model_release(model);
}

static void end_answered(struct model_caller *caller)
{
	int left;
	CURLMsg *msg;
	int64_t now_us = clock_monotonic_us();
	while ((msg = curl_multi_info_read(caller->multi, &left))) {
		CURL *easy = msg->easy_handle;
		CURLcode code = msg->data.result;
		struct transfer *transfer = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		struct model_call *call = transfer->call;
		struct model *model = call->model;
		transfer_finish(transfer, code, now_us);
		take_off(model, call);
		end_call(model, call);
		recycle(model, transfer);
	}
}

static void end_overdue(struct model *model, int64_t now_us)
{
	struct model_call *call;
	while ((call = model->in_flight.first) &&
		call->started_us + model->config.timeout_us <= now_us) {
		struct transfer *transfer = call->transfer;
		transfer_time_out(transfer, now_us);
		take_off(model, call);
		end_call(model, call);
		recycle(model, transfer);
	}
}

static bool is_expired(const struct model_call *call, int64_t now_us)
{
	return call->expires_us && call->expires_us <= now_us;
}

static void mark_expired(struct model *model, struct model_call *call, int64_t now_us)
{
	list_remove(&model->waiting, call);
	list_append(&model->expired, call);
	call->outcome = OUTCOME_EXPIRED;
	call->reason = "too old";
	call->ended_us = now_us;
}

/* From a list of their own: done() may change the queue, and cancel those that are still to end. */
static void end_marked(struct model *model)
{
	struct model_call *call;
	while ((call = model->expired.first)) {
		list_remove(&model->expired, call);
		end_call(model, call);
	}
}

static void end_expired(struct model *model, int64_t now_us)
{
	if (!model->next_expiry_us || now_us < model->next_expiry_us ||
		now_us < model->expiry_check_us)
		return;
	model->next_expiry_us = 0;
	model->expiry_check_us = now_us + EXPIRY_STEP_US;
	for (struct model_call *call = model->waiting.first, *next; call; call = next) {
		next = call->next;
		if (is_expired(call, now_us))
			mark_expired(model, call, now_us);
		else
			note_expiry(model, call);
	}
	end_marked(model);
}

static void admit(struct model *model, int64_t now_us)
{
	struct model_call *call;
	while (model->in_flight.n < model->config.max_in_flight && (call = model->waiting.first)) {
		if (is_expired(call, now_us)) {
			mark_expired(model, call, now_us);
			continue;
		}
		list_remove(&model->waiting, call);
		send_now(model, call, now_us);
	}
	if (model->waiting.n == 0)
		model->next_expiry_us = 0;
	end_marked(model);
}

static int64_t model_wait(const struct model *model, int64_t now_us)
{
	int64_t wait = -1;
	if (model->in_flight.first)
		wait = model->in_flight.first->started_us + model->config.timeout_us - now_us;
	if (model->next_expiry_us) {
		int64_t at = model->next_expiry_us;
		if (at < model->expiry_check_us)
			at = model->expiry_check_us;
		wait = loop_earlier(wait, at > now_us ? at - now_us : 0);
	}
	return wait;
}

static int64_t next_wait(struct model_caller *caller, int64_t now_us)
{
	long curl_ms = -1;
	curl_multi_timeout(caller->multi, &curl_ms);
	int64_t wait = curl_ms < 0 ? -1 : (int64_t)curl_ms * 1000;
	for (const struct model *model = caller->models; model; model = model->next)
		wait = loop_earlier(wait, model_wait(model, now_us));
	return wait;
}

int64_t model_caller_tick(struct model_caller *caller, int64_t now_us)
{
	int running;
	assert(!caller->is_ticking);
	caller->is_ticking = true;
	CURLMcode code = curl_multi_perform(caller->multi, &running);
	assert(code == CURLM_OK);
	end_answered(caller);
	for (struct model *model = caller->models; model; model = model->next) {
		end_overdue(model, now_us);
		end_expired(model, now_us);
		admit(model, now_us);
	}
	caller->is_ticking = false;
	free_released(caller);
	return next_wait(caller, now_us);
}
