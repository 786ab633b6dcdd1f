/* The control log, read. One consumer is assigned partition 0 of umbra.control and never asks for
 * more than what has arrived, so that a program's loop goes on while the broker is away. The end of
 * the log is known by librdkafka's end-of-partition event. */
#include "common/clock.h"
#include "common/control_log_private.h"
#include "common/kafka.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

enum {
	ASSIGN_AGAIN_US = 500000,
	SILENCE_US = 3000000, /* after so long without a word, why there is none is asked */
	ASK_TIMEOUT_MS = 1000 /* the whole loop waits meanwhile */
};

static void assign(struct control_log *log)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, log->topic, 0)->offset =
		log->next_offset > 0 ? log->next_offset : RD_KAFKA_OFFSET_BEGINNING;
	if (rd_kafka_assign(log->rk, list) == RD_KAFKA_RESP_ERR_NO_ERROR)
		log->is_assigned = true;
	else
		log->assign_again_us = clock_monotonic_us() + ASSIGN_AGAIN_US;
	rd_kafka_topic_partition_list_destroy(list);
}

static bool is_missing_topic(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
		err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static void note_trouble(struct control_log *log, rd_kafka_resp_err_t err, const char *reason)
{
	if (is_missing_topic(err))
		snprintf(log->trouble, sizeof(log->trouble), "no such topic %s: run umbractl init",
			log->topic);
	else
		kafka_why_unread(log->rk, log->topic, err, reason, log->trouble);
	log_warn("control log", "%s", log->trouble);
	log->has_trouble = true;
}

static void assign_later(struct control_log *log)
{
	log->is_assigned = false;
	log->assign_again_us = clock_monotonic_us() + ASSIGN_AGAIN_US;
}

static void take_error(struct control_log *log, const rd_kafka_message_t *rkm)
{
	note_trouble(log, rkm->err, rd_kafka_message_errstr(rkm));
	if (!rkm->rkt && rkm->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		return; /* librdkafka connects again by itself */
	assign_later(log);
}

/* What librdkafka tells about no record: that brokers are away, or (2.0) that the topic is missing.
 * It connects again by itself; a missing topic has to be assigned again. */
static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct control_log *log = opaque;

	(void)rk;
	note_trouble(log, (rd_kafka_resp_err_t)err, reason);
	if (is_missing_topic((rd_kafka_resp_err_t)err))
		assign_later(log);
}

/* An idle program asks five times a second, umbractl wants the end at once. */
static rd_kafka_t *open_reader(struct control_log *log, char *errstr, size_t errstr_size)
{
	const struct kafka_property properties[] = {{"fetch.wait.max.ms", log->loop ? "200" : "10"},
		{"topic.metadata.propagation.max.ms", "0"}, {NULL, NULL}};
	struct kafka_reader_config config = {properties, on_error, log};
	return kafka_reader_open(log->settings, &config, errstr, errstr_size);
}

struct control_log *control_log_open(
	const struct common_settings *settings, struct loop *loop, char *errstr, size_t errstr_size)
{
	struct control_log *log = calloc(1, sizeof(*log));

	memory_need(log);
	log->settings = settings;
	log->loop = loop;
	log->wake_fd = -1;
	control_state_init(&log->state);
	snprintf(log->topic, sizeof(log->topic), "%scontrol", settings->prefix);
	snprintf(log->trouble, sizeof(log->trouble), "%s has not been read yet", log->topic);
	log->ask_at_us = clock_monotonic_us() + SILENCE_US;
	log->rk = open_reader(log, errstr, errstr_size);
	if (!log->rk) {
		control_log_close(log);
		return NULL;
	}
	log->queue = rd_kafka_queue_get_consumer(log->rk);
	if (loop) {
		log->wake_fd = loop_eventfd(loop, NULL, NULL);
		kafka_queue_wake(log->queue, log->wake_fd);
	}
	assign(log);
	return log;
}

void control_log_close(struct control_log *log)
{
	if (!log)
		return;
	kafka_consumer_close(log->rk, log->queue);
	if (log->producer)
		rd_kafka_destroy(log->producer);
	if (log->wake_fd >= 0)
		loop_close_eventfd(log->loop, log->wake_fd);
	control_state_fini(&log->state);
	free(log);
}

void control_log_observe(struct control_log *log, control_log_observer *observer, void *opaque)
{
	log->observer = observer;
	log->opaque = opaque;
}

const struct control_state *control_log_state(const struct control_log *log)
{
	return &log->state;
}

bool control_log_is_current(const struct control_log *log, const char **why_not)
{
	*why_not = NULL;
	if (log->state.not_understood)
		*why_not = log->state.not_understood;
	else if (!log->was_current)
		*why_not = log->trouble;
	return log->was_current;
}

static void take_verdict(struct control_log *log, const struct control_record *record,
	int64_t offset, enum control_verdict verdict, const char *why)
{
	const char *author = record ? record->author : "an unknown writer";

	switch (verdict) {
	case CONTROL_ACCEPTED:
		log->changed = true;
		break;
	case CONTROL_NOT_UNDERSTOOD:
		log->changed = true; /* readiness does */
		log_error("control log", "offset %lld: %s; install a newer version",
			(long long)offset, why);
		break;
	default:
		log_debug("control log", "offset %lld by %s is refused: %s", (long long)offset,
			author, why);
	}
}

static void fold(struct control_log *log, const rd_kafka_message_t *rkm)
{
	struct control_record record = {0};
	char why[512] = "";
	int64_t append_time_us = rd_kafka_message_timestamp(rkm, NULL) * 1000;
	int decoded = control_record_decode(rkm->payload, rkm->len, &record, why, sizeof(why));
	enum control_verdict verdict = CONTROL_INVALID;

	if (decoded == 0)
		verdict =
			control_state_apply(&log->state, &record, append_time_us, why, sizeof(why));
	else if (decoded == -2)
		verdict = control_state_stop(&log->state, why);
	take_verdict(log, decoded == 0 ? &record : NULL, rkm->offset, verdict, why);
	control_log_match(log, decoded == 0 ? &record : NULL, append_time_us, verdict, why);
	if (log->observer)
		log->observer(log->opaque, decoded == 0 ? &record : NULL, rkm->offset,
			append_time_us, verdict, why);
	if (decoded == 0)
		control_record_fini(&record);
}

/* The position may be behind what was read when the same topic is assigned again. */
static void take_record(struct control_log *log, const rd_kafka_message_t *rkm)
{
	if (rkm->offset < log->next_offset)
		return;
	log->next_offset = rkm->offset + 1;
	fold(log, rkm);
}

static void take_end(struct control_log *log, int64_t offset)
{
	if (offset > log->next_offset)
		log->next_offset = offset;
	log->trouble[0] = '\0';
	log->has_trouble = false;
	if (!log->was_current)
		log->changed = true;
	log->was_current = true;
}

static void take(struct control_log *log, const rd_kafka_message_t *rkm)
{
	if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		take_record(log, rkm);
	else if (rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		take_end(log, rkm->offset);
	else
		take_error(log, rkm);
}

void control_log_poll(struct control_log *log, int timeout_ms)
{
	rd_kafka_message_t *rkm;

	if (!log->is_assigned && clock_monotonic_us() >= log->assign_again_us)
		assign(log);
	while ((rkm = rd_kafka_consumer_poll(log->rk, timeout_ms))) {
		take(log, rkm);
		rd_kafka_message_destroy(rkm);
		timeout_ms = 0;
	}
}

/* librdkafka says nothing of an assigned topic that it may not ask about. Asked only as long as no other
 * trouble is known, so that a broker that is away holds nobody up. */
static void ask_why_silent(struct control_log *log, int64_t now_us)
{
	char why[KAFKA_WHY_MAX];

	if (log->was_current || log->has_trouble || now_us < log->ask_at_us)
		return;
	log->ask_at_us = now_us + SILENCE_US;
	if (kafka_partition_count(log->rk, log->topic, ASK_TIMEOUT_MS, why, sizeof(why)) >= 0)
		return;
	snprintf(log->trouble, sizeof(log->trouble), "%s", why);
	log_warn("control log", "%s", log->trouble);
}

bool control_log_tick(struct control_log *log, int64_t now_us)
{
	bool changed;

	control_log_poll(log, 0);
	ask_why_silent(log, now_us);
	changed = log->changed;
	log->changed = false;
	return changed;
}

int control_log_remaining_ms(int64_t deadline_us)
{
	int64_t left = (deadline_us - clock_monotonic_us()) / 1000;

	return left > 0 ? (int)left : 0;
}

/* The log's present end; -1 and errstr. A topic that was just made may have no leader yet. */
static int64_t find_end(
	struct control_log *log, int64_t deadline_us, char *errstr, size_t errstr_size)
{
	int64_t low, high;
	rd_kafka_resp_err_t err;
	int count = kafka_partition_count(
		log->rk, log->topic, control_log_remaining_ms(deadline_us), errstr, errstr_size);

	if (count < 0)
		return -1;
	if (count == 0) {
		snprintf(errstr, errstr_size, "no such topic %s: run umbractl init", log->topic);
		return -1;
	}
	do {
		err = rd_kafka_query_watermark_offsets(
			log->rk, log->topic, 0, &low, &high, control_log_remaining_ms(deadline_us));
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			return high;
	} while (err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE &&
		control_log_remaining_ms(deadline_us) > 0);
	snprintf(errstr, errstr_size, "the end of %s cannot be learnt: %s", log->topic,
		rd_kafka_err2str(err));
	return -1;
}

int control_log_catch_up(struct control_log *log, int timeout_ms, char *errstr, size_t errstr_size)
{
	int64_t deadline_us = clock_monotonic_us() + INT64_C(1000) * timeout_ms;
	int64_t end = find_end(log, deadline_us, errstr, errstr_size);

	if (end < 0)
		return -1;
	while (!log->state.not_understood && (log->next_offset < end || !log->was_current)) {
		if (control_log_remaining_ms(deadline_us) == 0) {
			snprintf(errstr, errstr_size,
				"%s was read to offset %lld of %lld, then: %s", log->topic,
				(long long)log->next_offset, (long long)end,
				log->trouble[0] != '\0' ? log->trouble : "no answer in time");
			return -1;
		}
		control_log_poll(log,
			control_log_remaining_ms(deadline_us) < 100
				? control_log_remaining_ms(deadline_us)
				: 100);
	}
	if (!log->state.not_understood)
		return 0;
	snprintf(errstr, errstr_size, "%s", log->state.not_understood);
	return -1;
}
