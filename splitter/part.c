/* The one place that knows what a refusal by Kafka means for each kind of part. */
#include "splitter/part.h"
#include "common/clock.h"
#include "common/log.h"
#include "splitter/counters.h"
#include "splitter/exchange.h"
#include "splitter/lineup.h"
#include "splitter/records.h"
#include "splitter/route.h"
#include "splitter/splitter.h"
#include <assert.h>
#include <stdlib.h>

enum {
	STUCK_COPY_US = 100000, /* longer than a copy takes that Kafka is willing to have */
	STUCK_REST_US = 5000000 /* as long as a copy is tried: by then those given up have ended */
};

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err);
static void on_retry(struct retry *retry);

void part_init(struct part *part, struct exchange *exchange, enum part_kind kind)
{
	*part = (struct part){.exchange = exchange, .kind = kind};
	part->delivery.done = on_delivery;
	part->retry.again = on_retry;
	part->delivery.source_partition = exchange->record.rkm->partition;
}

enum role part_role(const struct part *part)
{
	return part->variant < part->trial->test->n_variants ? ROLE_SHADOW : ROLE_BASELINE;
}

const char *part_variant(const struct part *part)
{
	return part_role(part) == ROLE_SHADOW ? part->trial->test->variants[part->variant].name
					      : part->exchange->arm->variant->name;
}

const char *part_topic(const struct part *part)
{
	return part_role(part) == ROLE_SHADOW ? part->trial->test->shadow_topics[part->variant]
					      : part->exchange->arm->baseline_topic;
}

static struct retry_queue *queue_of(const struct part *part)
{
	return &part->exchange->route->splitter->waiting;
}

static void wait_again(struct part *part, int64_t delay_us)
{
	part->state = PART_WAITING;
	retry_at(queue_of(part), &part->retry, clock_monotonic_us() + delay_us);
}

static void on_retry(struct retry *retry)
{
	struct part *part = (struct part *)((char *)retry - offsetof(struct part, retry));
	part->state = PART_IDLE;
	part_send(part);
}

static void end(struct part *part)
{
	part->state = PART_DONE;
	exchange_settle(part->exchange);
}

static const char *loss_reason(rd_kafka_resp_err_t err)
{
	if (kafka_is_too_large(err))
		return "too_large";
	switch (err) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return "queue_full";
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
		return "timed_out";
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return "no_topic";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "not_authorized";
	default:
		return "refused";
	}
}

void part_lose_copy(struct part *part, const char *reason)
{
	part->kind = PART_LOSS;
	part->state = PART_IDLE;
	part->first_try_us = 0;
	part->reason = reason;
	counters_copy(part, part->reason);
	part_send(part);
}

bool part_is_stuck(const struct part *part, int64_t now_us)
{
	return part->kind == PART_COPY && part->state == PART_SENT &&
		now_us - part->first_try_us > STUCK_COPY_US;
}

void part_give_up_copy(struct part *part)
{
	struct splitter *splitter = part->exchange->route->splitter;
	stuck_note(&splitter->stuck, part_topic(part), part->delivery.source_partition,
		clock_monotonic_us() + STUCK_REST_US);
	publisher_let_go(splitter->copies, &part->delivery);
	part_lose_copy(part, "purged");
}

static bool is_event(const struct part *part)
{
	return part->kind == PART_EVENT || part->kind == PART_LOSS;
}

static void give_up_event(struct part *part, rd_kafka_resp_err_t err)
{
	const struct exchange *exchange = part->exchange;
	metric_get0(&counter_events_given_up)->value++;
	event_lane_note_gap(exchange->route->splitter->events, exchange->lineup->endpoint->name,
		exchange->route->topic, part->kind == PART_LOSS ? part->trial->test->name : NULL,
		err);
	end(part);
}

static void fail_event(struct part *part, rd_kafka_resp_err_t err)
{
	int64_t pause_us = event_lane_pause(part->first_try_us, clock_monotonic_us(), err);
	if (pause_us < 0)
		give_up_event(part, err);
	else
		wait_again(part, pause_us);
}

/* Does it go without its body? Too large a record never fits; and to the topic that the caller named
 * it is not sent a second time. */
static bool loses_its_body(const struct exchange *exchange, rd_kafka_resp_err_t err)
{
	if (exchange->is_bodiless)
		return false;
	return kafka_is_too_large(err) || (exchange->reply_topic && kafka_is_permanent(err));
}

/* Answers and dead letters, which are sent again without end: a topic or a right that is missing may
 * come back. */
static void fail_owed(struct part *part, rd_kafka_resp_err_t err)
{
	struct exchange *exchange = part->exchange;
	if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		wait_again(part, publisher_pause_us(err));
		return;
	}
	log_warn(exchange->route->object, "%s was refused: %s%s",
		part->kind == PART_ANSWER ? "an answer" : "a dead letter", rd_kafka_err2str(err),
		kafka_remedy(err));
	if (loses_its_body(exchange, err)) {
		exchange_make_bodiless(exchange, err);
		part_send(part);
		return;
	}
	wait_again(part, publisher_pause_us(err));
}

/* The record did not reach Kafka. Abandoned exchanges owe nothing any more. */
static void fail(struct part *part, rd_kafka_resp_err_t err)
{
	part->state = PART_IDLE;
	if (part->exchange->record.abandoned)
		end(part);
	else if (part->kind == PART_COPY)
		part_lose_copy(part, loss_reason(err));
	else if (is_event(part))
		fail_event(part, err);
	else
		fail_owed(part, err);
}

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct part *part = (struct part *)delivery;
	assert(part->state == PART_SENT);
	if (err) {
		fail(part, err);
		return;
	}
	if (part->kind == PART_COPY)
		counters_copy(part, "delivered");
	if (is_event(part))
		event_lane_note_delivery(part->exchange->route->splitter->events);
	end(part);
}

static rd_kafka_resp_err_t hand_over(struct part *part)
{
	switch (part->kind) {
	case PART_ANSWER:
		return records_send_answer(part);
	case PART_DEAD_LETTER:
		return records_send_dead_letter(part);
	case PART_COPY:
		return records_send_copy(part);
	case PART_EVENT:
		return records_send_event(part);
	case PART_LOSS:
		return records_send_loss(part);
	}
	abort();
}

void part_send(struct part *part)
{
	assert(part->state == PART_IDLE);
	if (!part->first_try_us)
		part->first_try_us = clock_monotonic_us();
	rd_kafka_resp_err_t err = hand_over(part);
	if (err) {
		fail(part, err);
		return;
	}
	part->state = PART_SENT;
	if (part->kind == PART_ANSWER)
		exchange_on_answer_sent(part->exchange);
}

void part_drop(struct part *part)
{
	retry_cancel(queue_of(part), &part->retry);
	if (part->state != PART_SENT)
		part->state = PART_DONE;
}
