#include "splitter/exchange.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "splitter/copy.h"
#include "splitter/counters.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include "splitter/splitter.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void keep_body(struct exchange *exchange)
{
	const struct model_call *call = &exchange->call;
	if (call->outcome != OUTCOME_OK || !call->response_size)
		return;
	exchange->body = malloc(call->response_size);
	memory_need(exchange->body);
	memcpy(exchange->body, call->response, call->response_size);
	exchange->body_size = call->response_size;
}

static void take_content_type(struct exchange *exchange, const char *text)
{
	size_t size = strlen(text) + 1;
	assert(size <= sizeof exchange->content_type);
	memcpy(exchange->content_type, text, size);
}

static void on_model_done(struct model_call *call)
{
	struct exchange *exchange =
		(struct exchange *)((char *)call - offsetof(struct exchange, call));
	exchange->is_calling = false;
	exchange->outcome_word = outcome_name(call->outcome);
	take_content_type(exchange, call->response_content_type);
	keep_body(exchange);
	counters_request(exchange);
	part_send(&exchange->answer);
}

void exchange_on_answer_sent(struct exchange *exchange)
{
	if (exchange->event.state != PART_IDLE)
		return; /* the answer was sent again */
	exchange->handed_over_us = clock_monotonic_us();
	part_send(&exchange->event);
}

void exchange_make_bodiless(struct exchange *exchange, rd_kafka_resp_err_t err)
{
	exchange->is_bodiless = true;
	exchange->reply_topic = NULL; /* it may be the topic that is at fault */
	exchange->outcome_word = kafka_is_too_large(err) ? "too_large" : "undeliverable";
}

/* The request's age counts from its record's timestamp, by the wall clock; 0: it never expires. */
static int64_t expiry_of(const struct exchange *exchange)
{
	int64_t max_age_us = exchange->lineup->endpoint->max_age_us;
	if (!max_age_us || !exchange->request.time_us)
		return 0;
	int64_t left_us = exchange->request.time_us + max_age_us - clock_wall_us();
	int64_t at_us = clock_monotonic_us() + left_us;
	return at_us > 1 ? at_us : 1;
}

static void call_model(struct exchange *exchange)
{
	struct model_call *call = &exchange->call;
	const struct request *request = &exchange->request;
	call->body = request->payload;
	call->body_size = request->payload_size;
	call->content_type = request->content_type;
	call->accept = request->accept[0] ? request->accept : NULL;
	call->request_id = request->id;
	call->role = ROLE_PRODUCTION;
	call->expires_us = expiry_of(exchange);
	call->done = on_model_done;
	exchange->is_calling = true;
	model_call_start(exchange->arm->model, call);
}

static bool is_settled(const struct exchange *exchange)
{
	if (exchange->is_calling || exchange->answer.state != PART_DONE ||
		exchange->event.state != PART_DONE)
		return false;
	for (size_t i = 0; i < exchange->n_copies; i++)
		if (exchange->copies[i].state != PART_DONE)
			return false;
	return true;
}

/* Once its answer is with Kafka, the next request of its key is called. */
static void leave_turn(struct exchange *exchange)
{
	if (exchange->turn.state == TURN_NONE)
		return;
	struct turn *turn = turns_leave(&exchange->route->turns, &exchange->turn);
	if (turn)
		call_model((struct exchange *)((char *)turn - offsetof(struct exchange, turn)));
}

void exchange_settle(struct exchange *exchange)
{
	if (exchange->answer.state == PART_DONE)
		leave_turn(exchange);
	if (!is_settled(exchange))
		return;
	free(exchange->body);
	free(exchange->copies);
	request_fini(&exchange->request);
	lineup_release(exchange->lineup);
	intake_done(exchange->route->intake, &exchange->record);
}

static bool is_its_turn(struct exchange *exchange)
{
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	if (exchange->lineup->endpoint->order != ORDER_KEY || !rkm->key)
		return true;
	return turns_enter(
		&exchange->route->turns, &exchange->turn, XXH3_64bits(rkm->key, rkm->key_len));
}

static void bury(struct exchange *exchange)
{
	exchange->answer.kind = PART_DEAD_LETTER;
	exchange->event.state = PART_DONE;
	counters_dead_letter(exchange);
	log_warn(exchange->route->object, "dead letter, offset %lld of partition %d: %s: %s",
		(long long)exchange->record.rkm->offset, exchange->record.rkm->partition,
		exchange->error.code, exchange->error.message);
	part_send(&exchange->answer);
}

void exchange_on_record(void *opaque, struct intake_record *record)
{
	struct exchange *exchange = (struct exchange *)record;
	exchange->route = opaque;
	exchange->lineup = lineup_hold(exchange->route->lineup);
	part_init(&exchange->answer, exchange, PART_ANSWER);
	part_init(&exchange->event, exchange, PART_EVENT);
	if (!request_decode(
		    exchange->lineup->endpoint, record->rkm, &exchange->request, &exchange->error))
		exchange->arm = lineup_choose_arm(
			exchange->lineup, &exchange->request, record->rkm, &exchange->error);
	if (!exchange->arm) {
		bury(exchange);
		return;
	}
	exchange->reply_topic = request_reply_topic(
		exchange->lineup->endpoint, record->rkm, &exchange->reply_partition);
	copies_decide(exchange);
	if (is_its_turn(exchange))
		call_model(exchange); /* before the copies: production never waits for them */
	copies_send(exchange);
}

void exchange_on_abandon(void *opaque, struct intake_record *record)
{
	(void)opaque;
	struct exchange *exchange = (struct exchange *)record;
	if (exchange->is_calling)
		model_call_cancel(&exchange->call);
	exchange->is_calling = false;
	part_drop(&exchange->answer);
	if (exchange->turn.state == TURN_WAITS)
		(void)turns_leave(&exchange->route->turns, &exchange->turn);
	part_drop(&exchange->event);
	for (size_t i = 0; i < exchange->n_copies; i++)
		part_drop(&exchange->copies[i]);
	exchange_settle(exchange);
}

static size_t count_stuck(const struct exchange *exchange, int64_t now_us)
{
	size_t n = 0;
	if (exchange->is_calling || exchange->answer.state != PART_DONE)
		return 0;
	for (size_t i = 0; i < exchange->n_copies; i++)
		n += part_is_stuck(&exchange->copies[i], now_us);
	return n;
}

/* The exchange may end with the last of them. */
static void give_up_stuck(struct exchange *exchange, int64_t now_us)
{
	size_t left = count_stuck(exchange, now_us);
	for (size_t i = 0; left; i++) {
		if (!part_is_stuck(&exchange->copies[i], now_us))
			continue;
		left--;
		part_give_up_copy(&exchange->copies[i]);
	}
}

void exchange_on_full(void *opaque, struct intake_record *oldest)
{
	(void)opaque;
	int64_t now_us = clock_monotonic_us();
	if (!count_stuck((struct exchange *)oldest, now_us))
		return;
	struct intake_record *next;
	for (struct intake_record *record = oldest; record; record = next) {
		next = record->next;
		give_up_stuck((struct exchange *)record, now_us);
	}
}
