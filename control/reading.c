#include "control/reading.h"
#include "common/clock.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

static bool find_ends(struct reading *reading)
{
	for (int i = 0; i < reading->n; i++) {
		int64_t low = 0;
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(reading->ctl->rk,
			reading->topic, i, &low, &reading->end[i], ctl_timeout_ms(reading->ctl));

		if (err) {
			ctl_fail("the ends of %s/%d cannot be learnt: %s", reading->topic, i,
				rd_kafka_err2str(err));
			return false;
		}
		reading->next[i] = low;
		if (reading->from == LIMIT_NOW)
			reading->next[i] = reading->end[i];
		else if (reading->from == LIMIT_OFFSET && reading->from_value > low)
			reading->next[i] = reading->from_value;
	}
	return true;
}

static bool find_times(struct reading *reading)
{
	json_t *time = json_integer(reading->from_value);
	json_t *start = reading->from == LIMIT_TIME
		? resolve_start(reading->ctl, reading->topic, time)
		: json_array();

	json_decref(time);
	if (!start)
		return false;
	for (size_t i = 0; i < json_array_size(start); i++)
		reading->next[i] = json_integer_value(json_array_get(start, i));
	json_decref(start);
	return true;
}

/* The end that counts: as it was at the start, or before --to; none when following. */
static void bound(struct reading *reading)
{
	for (int i = 0; i < reading->n; i++) {
		if (reading->follow)
			reading->end[i] = INT64_MAX;
		if (reading->to == LIMIT_OFFSET && reading->to_value < reading->end[i])
			reading->end[i] = reading->to_value;
	}
}

static void assign(struct reading *reading)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->n);

	for (int i = 0; i < reading->n; i++) {
		if (reading->next[i] >= reading->end[i])
			continue;
		rd_kafka_topic_partition_list_add(list, reading->topic, i)->offset =
			reading->next[i];
		reading->open++;
	}
	rd_kafka_assign(reading->ctl->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void reach(struct reading *reading, int32_t partition, int64_t next)
{
	bool was_open = reading->next[partition] < reading->end[partition];

	reading->next[partition] = next;
	if (was_open && next >= reading->end[partition])
		reading->open--;
}

static void take_record(struct reading *reading, const rd_kafka_message_t *rkm)
{
	int64_t *end = &reading->end[rkm->partition];

	if (rkm->offset >= *end || reading->next[rkm->partition] >= *end)
		return;
	if (reading->to == LIMIT_TIME &&
		rd_kafka_message_timestamp(rkm, NULL) * 1000 >= reading->to_value) {
		reach(reading, rkm->partition, *end);
		return;
	}
	reach(reading, rkm->partition, rkm->offset + 1);
	reading->is_over = !reading->take(reading->opaque, rkm);
}

static int fail(const struct reading *reading, const rd_kafka_message_t *rkm)
{
	char why[KAFKA_WHY_MAX];

	kafka_why_unread(
		reading->ctl->rk, reading->topic, rkm->err, rd_kafka_message_errstr(rkm), why);
	return ctl_fail("%s", why);
}

/* 0, or the exit status. */
static int take(struct reading *reading, const rd_kafka_message_t *rkm)
{
	if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		take_record(reading, rkm);
	else if (rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && rkm->offset > 0)
		reach(reading, rkm->partition,
			reading->follow ? reading->next[rkm->partition] : rkm->offset);
	else if (rkm->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return fail(reading, rkm);
	return 0;
}

static int read_all(struct reading *reading)
{
	int64_t heard_us = clock_monotonic_us();
	int status = 0;

	while (status == 0 && reading->open > 0 && !reading->is_over) {
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(reading->ctl->rk, 100);

		if (rkm) {
			status = take(reading, rkm);
			rd_kafka_message_destroy(rkm);
			heard_us = clock_monotonic_us();
		} else if (!reading->follow &&
			clock_monotonic_us() - heard_us > reading->ctl->settings.timeout_us) {
			status = ctl_fail("%s cannot be read: no answer in time", reading->topic);
		}
		if (reading->follow)
			fflush(stdout);
		if (ferror(stdout))
			status = ctl_fail("cannot write");
	}
	return status;
}

int reading_run(struct reading *reading)
{
	char errstr[512];
	int status;

	reading->open = 0;
	reading->is_over = false;
	reading->n = kafka_partition_count(reading->ctl->rk, reading->topic,
		ctl_timeout_ms(reading->ctl), errstr, sizeof(errstr));
	if (reading->n < 0)
		return ctl_fail("%s", errstr);
	if (reading->n == 0)
		return ctl_fail("no such topic %s", reading->topic);
	reading->next = calloc((size_t)reading->n, sizeof(*reading->next));
	reading->end = calloc((size_t)reading->n, sizeof(*reading->end));
	memory_need(reading->next && reading->end);
	status = find_ends(reading) && find_times(reading) ? EXIT_DONE : EXIT_FAILED;
	if (status == EXIT_DONE) {
		bound(reading);
		assign(reading);
		status = read_all(reading);
	}
	rd_kafka_assign(reading->ctl->rk, NULL);
	free(reading->next);
	free(reading->end);
	return status;
}
