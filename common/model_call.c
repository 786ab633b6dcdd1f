/* Who is called when. A model admits max_in_flight calls at once; the others wait in the order in
 * which they came. Both lists run through the calls themselves. Since all calls of a model have the
 * same timeout, those in flight stand in the order of their deadlines: the first one's is the next,
 * and curl needs no timer of its own. A call that pauses before another attempt keeps its slot, so
 * that a model in trouble gets less, not more.
 * One tick: curl moves everything on, then calls end (answered, overdue, expired) or pause, those
 * whose pause is over go again, then those that wait are admitted. done() may start, cancel and
 * release whatever it likes: a model that loses its last holder during a tick is freed at the tick's
 * end. */
#include "common/clock.h"
#include "common/log.h"
#include "common/model_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { EXPIRY_STEP_US = 5000 };

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

/* A value that cannot stand in a header is not sent. */
static const char *safe_or_null(const struct model *model, const char *name, const char *value)
{
	if (!value || !*value || header_value_is_safe(value))
		return value && *value ? value : NULL;
	log_warn(model->config.name,
		"a request's %s is not sent: it is too long or not printable ASCII", name);
	return NULL;
}

static void send_attempt(struct model *model, struct model_call *call, int64_t now_us)
{
	struct transfer *transfer = model->idle;
	if (transfer)
		model->idle = transfer->next;
	else
		transfer = transfer_new(&model->config);
	call->transfer = transfer;
	call->started_us = now_us;
	call->attempts++;
	transfer_begin(transfer, call, model_headers_hold(model->headers, now_us), model->headers);
	CURLMcode code = curl_multi_add_handle(model->caller->multi, transfer->easy);
	assert(code == CURLM_OK);
}

static void send_first(struct model *model, struct model_call *call, int64_t now_us)
{
	call->admitted_us = now_us;
	call->is_probe = model->breaker.state == BREAKER_HALF_OPEN;
	list_append(&model->in_flight, call);
	send_attempt(model, call, now_us);
}

static bool is_expired(const struct model_call *call, int64_t now_us)
{
	return call->expires_us && call->expires_us <= now_us;
}

static void note_expiry(struct model *model, const struct model_call *call)
{
	if (call->expires_us &&
		(!model->next_expiry_us || call->expires_us < model->next_expiry_us))
		model->next_expiry_us = call->expires_us;
}

static void wait_for_slot(struct model *model, struct model_call *call)
{
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
	call->admitted_us = call->resume_us = 0;
	call->is_refused = call->is_probe = false;
	call->transfer = NULL;
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
	if (!is_expired(call, call->queued_us) && model->waiting.n == 0 &&
		model->in_flight.n < model->config.max_in_flight &&
		breaker_admits(&model->breaker, call->queued_us))
		send_first(model, call, call->queued_us);
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
	call->model = NULL;
	call->transfer = NULL;
	call->done(call);
	model->refs--;
}

/* Takes the call off the wire; its transfer keeps the answer until recycled. */
static struct transfer *take_off(struct model *model, struct model_call *call)
{
	struct transfer *transfer = call->transfer;
	curl_multi_remove_handle(model->caller->multi, transfer->easy);
	return transfer;
}

static void end_pause(struct model *model, struct model_call *call)
{
	call->resume_us = 0;
	if (--model->n_pausing == 0)
		model->next_resume_us = 0;
}

void model_call_cancel(struct model_call *call)
{
	struct model *model = call->model;
	assert(model);
	if (call->transfer)
		recycle(model, take_off(model, call));
	if (call->resume_us)
		end_pause(model, call);
	if (call->is_probe)
		breaker_forget_probe(&model->breaker);
	list_remove(call->is_refused        ? &model->refused
			: call->admitted_us ? &model->in_flight
					    : &model->waiting,
		call);
	call->content_type = call->accept = call->request_id = NULL;
	call->transfer = NULL;
	call->model = NULL;
	model_release(model);
}

/* Further attempts. */

/* xorshift64: pauses need to differ, not to be secret. */
static uint64_t next_random(struct model_caller *caller)
{
	caller->random ^= caller->random << 13;
	caller->random ^= caller->random >> 7;
	caller->random ^= caller->random << 17;
	return caller->random;
}

/* The model is not there, or has too much to do. An error 500 is an answer: it may lie in the request. */
static bool is_breaking(const struct model_call *call)
{
	return call->outcome == OUTCOME_CONNECT_FAILED || call->outcome == OUTCOME_TIMEOUT ||
		call->outcome == OUTCOME_PROTOCOL_ERROR || call->status == 429 ||
		(call->status >= 502 && call->status <= 504);
}

static void tell_breaker(struct model *model, struct model_call *call, int64_t now_us)
{
	call->is_probe = false;
	if (!breaker_record(&model->breaker, is_breaking(call), now_us))
		return;
	if (model->breaker.state == BREAKER_OPEN)
		log_error(model->config.name,
			"%lld failures in a row, the last: %s; it is left alone until a call in "
			"%lld ms succeeds",
			(long long)model->breaker.failures, call->reason,
			(long long)(model->breaker.cooldown_us / 1000));
	else
		log_warn(model->config.name, "it answers again");
}

/* Returns whether the call goes on: it pauses, with its slot, and its transfer is free. */
static bool goes_on(struct model *model, struct model_call *call, int64_t now_us)
{
	struct transfer *transfer = call->transfer;
	if (call->outcome == OUTCOME_OK || model->breaker.state != BREAKER_CLOSED)
		return false;
	struct attempt attempt = {.number = call->attempts,
		.outcome = call->outcome,
		.status = call->status,
		.retry_after_us = transfer_retry_after_us(transfer),
		.left_us = call->admitted_us + model->config.timeout_us - now_us};
	int64_t pause_us =
		retry_policy_pause(&model->config.retry, &attempt, next_random(model->caller));
	if (pause_us < 0)
		return false;
	call->transfer = NULL;
	call->resume_us = now_us + pause_us;
	model->n_pausing++;
	if (!model->next_resume_us || call->resume_us < model->next_resume_us)
		model->next_resume_us = call->resume_us;
	recycle(model, transfer);
	return true;
}

static void forget_attempt(struct model_call *call)
{
	call->outcome = OUTCOME_OK;
	call->reason = "";
	call->status = 0;
	call->response = "";
	call->response_size = 0;
	call->response_content_type = "";
	call->first_byte_us = call->ended_us = 0;
}

static void resume_pausing(struct model *model, int64_t now_us)
{
	if (!model->n_pausing || now_us < model->next_resume_us)
		return;
	int64_t next_us = 0;
	for (struct model_call *call = model->in_flight.first; call; call = call->next) {
		if (call->resume_us && call->resume_us <= now_us) {
			end_pause(model, call);
			forget_attempt(call);
			send_attempt(model, call, now_us);
		} else if (call->resume_us && (!next_us || call->resume_us < next_us)) {
			next_us = call->resume_us;
		}
	}
	model->next_resume_us = next_us;
}

/* Ends. */

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
		tell_breaker(model, call, now_us);
		take_off(model, call);
		if (goes_on(model, call, now_us))
			continue;
		list_remove(&model->in_flight, call);
		end_call(model, call);
		recycle(model, transfer);
	}
}

static void end_overdue(struct model *model, int64_t now_us)
{
	struct model_call *call;
	while ((call = model->in_flight.first) &&
		call->admitted_us + model->config.timeout_us <= now_us) {
		assert(call->transfer); /* no pause lasts until the deadline */
		struct transfer *transfer = take_off(model, call);
		transfer_time_out(transfer, now_us);
		tell_breaker(model, call, now_us);
		list_remove(&model->in_flight, call);
		end_call(model, call);
		recycle(model, transfer);
	}
}

static void refuse(struct model *model, struct model_call *call, enum outcome outcome,
	const char *reason, int64_t now_us)
{
	list_remove(&model->waiting, call);
	list_append(&model->refused, call);
	call->is_refused = true;
	call->outcome = outcome;
	call->reason = reason;
	call->ended_us = now_us;
}

/* From a list of their own: done() may change the queue, and cancel those that are still to end. */
static void end_refused(struct model *model)
{
	struct model_call *call;
	while ((call = model->refused.first)) {
		list_remove(&model->refused, call);
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
			refuse(model, call, OUTCOME_EXPIRED, "too old", now_us);
		else
			note_expiry(model, call);
	}
	end_refused(model);
}

/* Production is answered, whatever happens; a copy was never asked, and is a loss. */
static void refuse_for_breaker(struct model *model, struct model_call *call, int64_t now_us)
{
	enum outcome outcome =
		call->role == ROLE_PRODUCTION ? OUTCOME_CONNECT_FAILED : OUTCOME_SHED;
	refuse(model, call, outcome, "breaker open", now_us);
}

static void admit(struct model *model, int64_t now_us)
{
	struct model_call *call;
	while ((call = model->waiting.first)) {
		if (is_expired(call, now_us)) {
			refuse(model, call, OUTCOME_EXPIRED, "too old", now_us);
		} else if (model->in_flight.n >= model->config.max_in_flight) {
			if (model->breaker.state == BREAKER_CLOSED)
				break;
			refuse_for_breaker(model, call, now_us);
		} else if (breaker_admits(&model->breaker, now_us)) {
			list_remove(&model->waiting, call);
			send_first(model, call, now_us);
		} else {
			refuse_for_breaker(model, call, now_us);
		}
	}
	if (model->waiting.n == 0)
		model->next_expiry_us = 0;
	end_refused(model);
}

static int64_t model_wait(const struct model *model, int64_t now_us)
{
	int64_t wait = -1;
	if (model->in_flight.first)
		wait = model->in_flight.first->admitted_us + model->config.timeout_us - now_us;
	if (model->next_resume_us)
		wait = loop_earlier(wait, model->next_resume_us - now_us);
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
		resume_pausing(model, now_us);
		end_overdue(model, now_us);
		end_expired(model, now_us);
		admit(model, now_us);
	}
	caller->is_ticking = false;
	model_free_released(caller);
	return next_wait(caller, now_us);
}
