#include "consumers/shadow/replay.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/log.h"
#include "common/memory.h"
#include "consumers/shadow/counters.h"
#include "consumers/shadow/lane.h"
#include "consumers/shadow/shadow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void end(struct replay *replay)
{
	free(replay->body);
	request_fini(&replay->request);
	intake_done(replay->lane->intake, &replay->record);
}

/* The event. */

static void add_answer(struct event *event, const struct replay *replay)
{
	const struct model_call *call = &replay->call;
	event->status_code = call->status;
	event->attempts = call->attempts;
	event->response_bytes = (int64_t)replay->body_size;
	event->response_content_type = replay->content_type;
	event->response_digest = replay->has_digest ? replay->digest : NULL;
	event->queue_us = (call->started_us ? call->started_us : call->ended_us) - call->queued_us;
	if (call->started_us)
		event->model_latency_us = call->ended_us - call->started_us;
	if ((int64_t)replay->body_size <= replay->lane->test->compare_bytes && replay->has_digest) {
		event->response_body = replay->body ? replay->body : "";
		event->response_body_size = replay->body_size;
	}
}

static struct event event_of(const struct replay *replay)
{
	const struct copy *copy = &replay->copy;
	struct event event = {
		.request_id = copy->request_id,
		.endpoint = copy->endpoint,
		.epoch = copy->epoch,
		.test = copy->test,
		.variant = copy->variant,
		.role = copy->role,
		.generation = copy->generation,
		.source_topic = copy->source_topic,
		.source_partition = copy->source_partition,
		.source_offset = copy->source_offset,
		.done_below = -1,
		.request_time_us = copy->time_us,
		.request_bytes = (int64_t)replay->request.payload_size,
		.outcome = replay->outcome,
		.reason = replay->reason,
		.model_latency_us = -1,
		.overhead_latency_us = replay->overhead_us,
		.queue_us = -1,
		.response_content_type = "",
		.instance = replay->lane->shadow->service.instance,
	};
	if (replay->call.queued_us)
		add_answer(&event, replay);
	return event;
}

static rd_kafka_resp_err_t hand_over(struct replay *replay)
{
	struct shadow *shadow = replay->lane->shadow;
	struct event event = event_of(replay);
	return event_lane_send(shadow->events, &event,
		control_log_state(shadow->service.control)->event_partitions, &replay->delivery);
}

static void give_up(struct replay *replay, rd_kafka_resp_err_t err)
{
	const struct copy *copy = &replay->copy;
	metric_get0(&counter_events_given_up)->value++;
	event_lane_note_gap(
		replay->lane->shadow->events, copy->endpoint, copy->source_topic, copy->test, err);
	end(replay);
}

static void fail(struct replay *replay, rd_kafka_resp_err_t err)
{
	int64_t now_us = clock_monotonic_us();
	int64_t pause_us = event_lane_pause(replay->first_try_us, now_us, err);
	replay->is_sent = false;
	if (replay->record.abandoned)
		end(replay);
	else if (pause_us < 0)
		give_up(replay, err);
	else
		retry_at(&replay->lane->shadow->waiting, &replay->retry, now_us + pause_us);
}

static void send_event(struct replay *replay)
{
	if (!replay->first_try_us)
		replay->first_try_us = clock_monotonic_us();
	rd_kafka_resp_err_t err = hand_over(replay);
	replay->is_sent = !err;
	if (err)
		fail(replay, err);
}

static void on_retry(struct retry *retry)
{
	send_event((struct replay *)((char *)retry - offsetof(struct replay, retry)));
}

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct replay *replay =
		(struct replay *)((char *)delivery - offsetof(struct replay, delivery));
	replay->is_sent = false;
	if (err) {
		fail(replay, err);
		return;
	}
	event_lane_note_delivery(replay->lane->shadow->events);
	end(replay);
}

static void tell(struct replay *replay, enum outcome outcome, const char *reason)
{
	int64_t now_us = clock_monotonic_us();
	replay->outcome = outcome;
	replay->reason = reason;
	replay->overhead_us = now_us - replay->record.polled_us;
	if (replay->call.started_us)
		replay->overhead_us -= replay->call.ended_us - replay->call.started_us;
	counters_copy(replay);
	send_event(replay);
}

/* The call. */

static void keep_answer(struct replay *replay)
{
	const struct model_call *call = &replay->call;
	snprintf(replay->content_type, sizeof replay->content_type, "%s",
		call->response_content_type ? call->response_content_type : "");
	if (call->outcome != OUTCOME_OK)
		return;
	XXH128_canonical_t digest;
	XXH128_canonicalFromHash(&digest, XXH3_128bits(call->response, call->response_size));
	memcpy(replay->digest, digest.digest, sizeof replay->digest);
	replay->has_digest = true;
	replay->body_size = call->response_size;
	if ((int64_t)call->response_size > replay->lane->test->compare_bytes ||
		!call->response_size)
		return;
	replay->body = malloc(call->response_size);
	memory_need(replay->body);
	memcpy(replay->body, call->response, call->response_size);
}

static void on_model_done(struct model_call *call)
{
	struct replay *replay = (struct replay *)((char *)call - offsetof(struct replay, call));
	replay->is_calling = false;
	keep_answer(replay);
	if (call->outcome == OUTCOME_EXPIRED)
		tell(replay, OUTCOME_SHED, "max_age");
	else
		tell(replay, call->outcome, call->reason);
}

static void call_model(struct replay *replay, int64_t left_us)
{
	struct model_call *call = &replay->call;
	const struct request *request = &replay->request;
	call->body = request->payload;
	call->body_size = request->payload_size;
	call->content_type = request->content_type;
	call->accept = request->accept[0] ? request->accept : NULL;
	call->request_id = replay->copy.request_id;
	call->role = replay->copy.role;
	call->expires_us = replay->record.polled_us + left_us;
	call->done = on_model_done;
	replay->is_calling = true;
	model_call_start(replay->lane->model, call);
}

static int64_t age_us(const rd_kafka_message_t *rkm)
{
	rd_kafka_timestamp_type_t type;
	int64_t made_ms = rd_kafka_message_timestamp(rkm, &type);
	if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
		return 0;
	int64_t age = clock_wall_us() - made_ms * 1000;
	return age > 0 ? age : 0;
}

/* Asks the model, or says why not. */
static void begin(struct replay *replay)
{
	struct lane *lane = replay->lane;
	struct request_error error;
	const char *refusal = lane_refusal(lane, &replay->copy);
	int64_t left_us = shadow_settings(lane->shadow)->max_age_us - age_us(replay->record.rkm);
	if (refusal)
		tell(replay, OUTCOME_CANCELLED, refusal);
	else if (left_us <= 0)
		tell(replay, OUTCOME_SHED, "max_age");
	else if (request_decode(lane->endpoint, replay->record.rkm, &replay->request, &error))
		tell(replay, OUTCOME_SHED, "undecodable");
	else
		call_model(replay, left_us);
}

void replay_on_record(void *opaque, struct intake_record *record)
{
	struct replay *replay = (struct replay *)record;
	char errstr[100];
	rd_kafka_headers_t *headers = NULL;
	replay->lane = opaque;
	replay->delivery.done = on_delivery;
	replay->retry.again = on_retry;
	rd_kafka_message_headers(record->rkm, &headers);
	if (copy_decode(headers, &replay->copy, errstr, sizeof errstr)) {
		/* Nobody's copy: there is no one to tell. */
		counters_foreign(replay->lane);
		log_warn(replay->lane->object, "a record that is no copy is passed over: %s",
			errstr);
		end(replay);
		return;
	}
	begin(replay);
}

void replay_on_abandon(void *opaque, struct intake_record *record)
{
	struct lane *lane = opaque;
	struct replay *replay = (struct replay *)record;
	if (replay->is_sent)
		return; /* its delivery ends it */
	if (replay->is_calling)
		model_call_cancel(&replay->call);
	retry_cancel(&lane->shadow->waiting, &replay->retry);
	end(replay);
}
