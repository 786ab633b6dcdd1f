#include "producer/answers.h"
#include "common/clock.h"
#include "common/log.h"
#include "producer/target.h"
#include <stdio.h>
#include <stdlib.h>

enum { OFFSET_TIMEOUT_MS = 15000, RETRY_MS = 100, POLL_MAX = 1000 };

struct answers {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	struct loop *loop;
	int wake_fd;
	const char *topic; /* the caller's */
};

/* A topic that was just made may have no leader yet: asked again after a pause, in which the metadata
 * are refreshed. -1 and errstr. */
static int64_t find_end(
	struct answers *answers, const char *topic, int partition, char *errstr, size_t errstr_size)
{
	int64_t low, high, deadline_us = clock_monotonic_us() + OFFSET_TIMEOUT_MS * 1000;
	for (;;) {
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
			answers->rk, topic, partition, &low, &high, OFFSET_TIMEOUT_MS);
		if (!err)
			return high;
		if (clock_monotonic_us() > deadline_us) {
			snprintf(errstr, errstr_size, "the end of %s/%d cannot be learnt: %s",
				topic, partition, rd_kafka_err2str(err));
			return -1;
		}
		rd_kafka_poll(answers->rk, RETRY_MS);
		if (target_check_topic(answers->rk, topic, errstr, errstr_size) < 0)
			return -1;
	}
}

/* Adds each partition with the offset of its end. */
static int find_ends(struct answers *answers, rd_kafka_topic_partition_list_t *places,
	const char *topic, char *errstr, size_t errstr_size)
{
	int n = target_check_topic(answers->rk, topic, errstr, errstr_size);
	for (int i = 0; i < n; i++) {
		int64_t end = find_end(answers, topic, i, errstr, errstr_size);
		if (end < 0)
			return -1;
		rd_kafka_topic_partition_list_add(places, topic, i)->offset = end;
	}
	return n;
}

static int assign(struct answers *answers, const char *topic, char *errstr, size_t errstr_size)
{
	rd_kafka_topic_partition_list_t *places = rd_kafka_topic_partition_list_new(16);
	int result = find_ends(answers, places, topic, errstr, errstr_size);
	if (result > 0) {
		rd_kafka_resp_err_t err = rd_kafka_assign(answers->rk, places);
		if (err) {
			snprintf(errstr, errstr_size, "topic %s cannot be read: %s", topic,
				rd_kafka_err2str(err));
			result = -1;
		}
	}
	rd_kafka_topic_partition_list_destroy(places);
	return result;
}

struct answers *answers_open(const struct common_settings *settings, struct loop *loop,
	const char *topic, char *errstr, size_t errstr_size)
{
	struct answers *answers = calloc(1, sizeof *answers);
	if (!answers) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	answers->loop = loop;
	answers->topic = topic;
	answers->rk = kafka_reader_new(settings, errstr, errstr_size);
	if (!answers->rk) {
		free(answers);
		return NULL;
	}
	answers->wake_fd = loop_eventfd(loop, NULL, NULL);
	answers->queue = rd_kafka_queue_get_consumer(answers->rk);
	kafka_queue_wake(answers->queue, answers->wake_fd);
	if (assign(answers, topic, errstr, errstr_size) < 0) {
		answers_close(answers);
		return NULL;
	}
	return answers;
}

void answers_close(struct answers *answers)
{
	if (!answers)
		return;
	kafka_consumer_close(answers->rk, answers->queue);
	loop_close_eventfd(answers->loop, answers->wake_fd);
	free(answers);
}

static void tell_unread(const struct answers *answers, const rd_kafka_message_t *rkm)
{
	char why[KAFKA_WHY_MAX];
	kafka_why_unread(answers->rk, answers->topic, rkm->err, rd_kafka_message_errstr(rkm), why);
	log_warn(NULL, "%s", why);
}

bool answers_poll(struct answers *answers,
	void (*on_answer)(void *opaque, const rd_kafka_message_t *rkm), void *opaque)
{
	for (int i = 0; i < POLL_MAX; i++) {
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(answers->rk, 0);
		if (!rkm)
			return false;
		if (!rkm->err)
			on_answer(opaque, rkm);
		else if (rkm->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
			tell_unread(answers, rkm);
		rd_kafka_message_destroy(rkm);
	}
	return true;
}
