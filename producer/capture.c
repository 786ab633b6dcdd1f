#include "producer/capture.h"
#include "common/log.h"
#include "common/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 15000 };

struct part {
	rd_kafka_queue_t *queue;
	struct range range;
	rd_kafka_message_t *head; /* the next record; NULL: none is there yet */
	bool is_over; /* the range is read */
};

struct capture {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue; /* what concerns no partition */
	struct loop *loop;
	int wake_fd;
	const char *topic;
	struct part *parts; /* [n]: all partitions */
	int n;
	rd_kafka_message_t *current; /* handed out */
	int64_t total; /* offsets in the ranges */
	char problem[KAFKA_WHY_MAX]; /* what ended the reading; "": nothing */
};

/* Can waiting mend it? */
static bool is_final(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
		err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE || kafka_is_permanent(err);
}

/* What is wrong with a partition comes here or in place of a record. */
static void on_error(rd_kafka_t *rk, int number, const char *reason, void *opaque)
{
	struct capture *capture = opaque;
	rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)number;
	char why[KAFKA_WHY_MAX];
	kafka_why_unread(rk, capture->topic, err, reason, why);
	if (is_final(err))
		snprintf(capture->problem, sizeof capture->problem, "%s", why);
	else
		log_warn(NULL, "%s", why);
}

static int open_reader(struct capture *capture, const struct common_settings *settings,
	char *errstr, size_t errstr_size)
{
	static const struct kafka_property properties[] = {{"fetch.wait.max.ms", "500"},
		{"queued.max.messages.kbytes", "8192"}, /* for each partition */
		{NULL, NULL}};
	struct kafka_reader_config config = {properties, on_error, capture};
	capture->rk = kafka_reader_open(settings, &config, errstr, errstr_size);
	if (!capture->rk)
		return -1;
	capture->queue = rd_kafka_queue_get_consumer(capture->rk);
	kafka_queue_wake(capture->queue, capture->wake_fd);
	return 0;
}

static int find_partitions(struct capture *capture, char *errstr, size_t errstr_size)
{
	capture->n =
		kafka_partition_count(capture->rk, capture->topic, TIMEOUT_MS, errstr, errstr_size);
	if (capture->n == 0)
		snprintf(errstr, errstr_size, "there is no topic \"%s\" to read from",
			capture->topic);
	if (capture->n <= 0) {
		capture->n = 0;
		return -1;
	}
	capture->parts = calloc((size_t)capture->n, sizeof *capture->parts);
	memory_need(capture->parts);
	return 0;
}

/* The offsets of a bound of kind time; the others need none. 0, or -1 and errstr. */
static int find_times(struct capture *capture, const struct bound *bound, int64_t *found,
	char *errstr, size_t errstr_size)
{
	if (bound->kind != BOUND_TIME)
		return 0;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(capture->n);
	for (int i = 0; i < capture->n; i++)
		rd_kafka_topic_partition_list_add(list, capture->topic, i)->offset =
			(bound->value + 999) / 1000;
	rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(capture->rk, list, TIMEOUT_MS);
	for (int i = 0; !err && i < capture->n; i++) {
		err = list->elems[i].err;
		found[list->elems[i].partition] = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		snprintf(errstr, errstr_size, "the offsets of %s at a time cannot be learnt: %s%s",
			capture->topic, rd_kafka_err2str(err), kafka_remedy(err));
	return err ? -1 : 0;
}

static int set_range(struct capture *capture, int i, const struct capture_plan *plan,
	const int64_t found[2], char *errstr, size_t errstr_size)
{
	int64_t low, high;
	struct part *part = &capture->parts[i];
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
		capture->rk, capture->topic, i, &low, &high, TIMEOUT_MS);
	if (err) {
		snprintf(errstr, errstr_size, "the ends of %s/%d cannot be learnt: %s%s",
			capture->topic, i, rd_kafka_err2str(err), kafka_remedy(err));
		return -1;
	}
	int64_t gone = range_set(&part->range, bound_offset(&plan->from, low, high, found[0]),
		bound_offset(&plan->to, low, high, found[1]), low, high);
	if (gone)
		log_warn(NULL, "%s/%d: %" PRId64 " of the wanted offsets are gone from the topic",
			capture->topic, i, gone);
	part->is_over = part->range.begin == part->range.end;
	capture->total += part->range.end - part->range.begin;
	return 0;
}

static int set_ranges(
	struct capture *capture, const struct capture_plan *plan, char *errstr, size_t errstr_size)
{
	size_t n = (size_t)capture->n;
	int64_t *from = calloc(n, sizeof *from), *to = calloc(n, sizeof *to);
	memory_need(from && to);
	int result = find_times(capture, &plan->from, from, errstr, errstr_size);
	if (result == 0)
		result = find_times(capture, &plan->to, to, errstr, errstr_size);
	for (int i = 0; result == 0 && i < capture->n; i++) {
		const int64_t found[2] = {from[i], to[i]};
		result = set_range(capture, i, plan, found, errstr, errstr_size);
	}
	free(from);
	free(to);
	return result;
}

static void open_queue(struct capture *capture, int i)
{
	struct part *part = &capture->parts[i];
	part->queue = rd_kafka_queue_get_partition(capture->rk, capture->topic, i);
	rd_kafka_queue_forward(part->queue, NULL);
	kafka_queue_wake(part->queue, capture->wake_fd);
}

static int assign(struct capture *capture, char *errstr, size_t errstr_size)
{
	rd_kafka_topic_partition_list_t *places = rd_kafka_topic_partition_list_new(capture->n);
	for (int i = 0; i < capture->n; i++) {
		if (capture->parts[i].is_over)
			continue;
		open_queue(capture, i);
		rd_kafka_topic_partition_list_add(places, capture->topic, i)->offset =
			capture->parts[i].range.begin;
	}
	rd_kafka_resp_err_t err = rd_kafka_assign(capture->rk, places);
	rd_kafka_topic_partition_list_destroy(places);
	if (err)
		snprintf(errstr, errstr_size, "topic %s cannot be read: %s", capture->topic,
			rd_kafka_err2str(err));
	return err ? -1 : 0;
}

struct capture *capture_open(const struct common_settings *settings, struct loop *loop,
	const struct capture_plan *plan, char *errstr, size_t errstr_size)
{
	struct capture *capture = calloc(1, sizeof *capture);
	memory_need(capture);
	capture->topic = plan->topic;
	capture->loop = loop;
	capture->wake_fd = loop_eventfd(loop, NULL, NULL);
	if (open_reader(capture, settings, errstr, errstr_size) < 0 ||
		find_partitions(capture, errstr, errstr_size) < 0 ||
		set_ranges(capture, plan, errstr, errstr_size) < 0 ||
		assign(capture, errstr, errstr_size) < 0) {
		capture_close(capture);
		return NULL;
	}
	return capture;
}

static void drop(rd_kafka_message_t **rkm)
{
	if (*rkm)
		rd_kafka_message_destroy(*rkm);
	*rkm = NULL;
}

static void close_part(struct part *part)
{
	drop(&part->head);
	if (!part->queue)
		return;
	rd_kafka_queue_io_event_enable(part->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(part->queue);
	part->queue = NULL;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	drop(&capture->current);
	for (int i = 0; i < capture->n; i++)
		close_part(&capture->parts[i]);
	kafka_consumer_close(capture->rk, capture->queue);
	loop_close_eventfd(capture->loop, capture->wake_fd);
	free(capture->parts);
	free(capture);
}

/* Nothing more of it is fetched. */
static void end_part(struct capture *capture, int i)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, capture->topic, i);
	rd_kafka_pause_partitions(capture->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	capture->parts[i].is_over = true;
	capture->parts[i].range.next = capture->parts[i].range.end;
	close_part(&capture->parts[i]);
}

/* The log may end before the range does: its last offsets are those of no record, or of a transaction
 * that is still open. */
static void take(struct capture *capture, int i, rd_kafka_message_t *rkm)
{
	struct part *part = &capture->parts[i];
	bool is_end = rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
		(!rkm->err && rkm->offset >= part->range.end);
	if (is_end)
		end_part(capture, i);
	else if (rkm->err)
		on_error(capture->rk, rkm->err, rd_kafka_message_errstr(rkm), capture);
	else
		part->head = rkm;
	if (part->head != rkm)
		rd_kafka_message_destroy(rkm);
}

/* False: its next record is still to come. */
static bool look_at(struct capture *capture, int i)
{
	struct part *part = &capture->parts[i];
	if (!part->is_over && part->range.next == part->range.end)
		end_part(capture, i);
	while (!part->is_over && !part->head) {
		rd_kafka_message_t *rkm = rd_kafka_consume_queue(part->queue, 0);
		if (!rkm)
			return false;
		take(capture, i, rkm);
	}
	return true;
}

/* Errors only: each partition has its own queue. */
static void poll_reader(struct capture *capture)
{
	rd_kafka_message_t *rkm;
	while ((rkm = rd_kafka_consumer_poll(capture->rk, 0))) {
		if (rkm->err)
			on_error(capture->rk, rkm->err, rd_kafka_message_errstr(rkm), capture);
		rd_kafka_message_destroy(rkm);
	}
}

static int64_t time_of(const struct part *part)
{
	rd_kafka_timestamp_type_t type;
	return rd_kafka_message_timestamp(part->head, &type);
}

static void hand_out_earliest(struct capture *capture)
{
	struct part *earliest = NULL;
	for (int i = 0; i < capture->n; i++) {
		struct part *part = &capture->parts[i];
		if (part->head && (!earliest || time_of(part) < time_of(earliest)))
			earliest = part;
	}
	if (!earliest)
		return;
	capture->current = earliest->head;
	earliest->head = NULL;
	earliest->range.next = capture->current->offset + 1;
}

enum source_result capture_next(struct capture *capture)
{
	bool is_whole = true;
	drop(&capture->current);
	for (int i = 0; i < capture->n; i++)
		is_whole &= look_at(capture, i);
	if (!is_whole)
		poll_reader(capture);
	if (capture->problem[0])
		return SOURCE_FAILED;
	if (!is_whole)
		return SOURCE_WAIT;
	hand_out_earliest(capture);
	return capture->current ? SOURCE_RECORD : SOURCE_END;
}

rd_kafka_message_t *capture_record(struct capture *capture)
{
	return capture->current;
}

const char *capture_problem(const struct capture *capture)
{
	return capture->problem;
}

double capture_share(const struct capture *capture)
{
	int64_t done = 0;
	for (int i = 0; i < capture->n; i++)
		done += capture->parts[i].range.next - capture->parts[i].range.begin;
	return capture->total ? (double)done / (double)capture->total : 1;
}
