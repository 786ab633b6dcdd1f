/* The end of a membership, without a wait in the loop. The group is left by asking for it and serving
 * what librdkafka says until it has. Ending the client then waits for what is on the wire, as long as
 * socket.timeout.ms when a broker hangs: a thread does nothing else than that. */
#include "common/clock.h"
#include "common/intake_private.h"
#include "common/log.h"
#include <stdlib.h>
#include <unistd.h>

enum { LATE_US = 10000000 };

static void forget_queue(struct intake *intake)
{
	if (!intake->queue)
		return;
	rd_kafka_queue_io_event_enable(intake->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(intake->queue);
	intake->queue = NULL;
}

void intake_close(struct intake *intake)
{
	if (!intake || !intake->rk || intake->closing)
		return;
	intake->closing = true;
	intake->leave.late_us = clock_monotonic_us() + LATE_US;
	intake_drop_partitions(intake);
	forget_queue(intake);
	intake->queue = rd_kafka_queue_new(intake->rk);
	kafka_queue_wake(intake->queue, intake->wake_fd);
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(intake->rk, intake->queue);
	if (error)
		log_warn(intake->object, "the group is not left: %s", rd_kafka_error_string(error));
	intake->leave.is_left = error != NULL;
	rd_kafka_error_destroy(error);
}

/* Serves what librdkafka says meanwhile; records that still come are nobody's. */
static bool is_left(struct intake *intake, int timeout_ms)
{
	rd_kafka_message_t *rkm;
	if (intake->leave.is_left)
		return true;
	while ((rkm = rd_kafka_consume_queue(intake->queue, timeout_ms)))
		rd_kafka_message_destroy(rkm);
	intake->leave.is_left = rd_kafka_consumer_closed(intake->rk) != 0;
	return intake->leave.is_left;
}

static void *end_client(void *opaque)
{
	static const uint64_t one = 1;
	struct intake *intake = opaque;
	rd_kafka_destroy(intake->rk);
	atomic_store(&intake->leave.is_ended, true);
	(void)!write(intake->wake_fd, &one, sizeof one);
	return NULL;
}

static void start_ending(struct intake *intake)
{
	forget_queue(intake);
	intake->leave.is_ending = true;
	if (pthread_create(&intake->leave.thread, NULL, end_client, intake))
		abort();
}

static void join(struct intake *intake)
{
	pthread_join(intake->leave.thread, NULL);
	intake->rk = NULL;
}

static void note_late(struct intake *intake)
{
	if (intake->leave.is_late || clock_monotonic_us() < intake->leave.late_us)
		return;
	intake->leave.is_late = true;
	log_error(intake->object, "its consumer does not end in time: a broker may hang");
}

/* Records hold on to the client: it ends when they have come back. */
bool intake_is_closed(struct intake *intake)
{
	if (!intake->rk)
		return true;
	if (!intake->closing)
		return false;
	if (!intake->leave.is_ending && is_left(intake, 0) && !intake->open)
		start_ending(intake);
	if (!atomic_load(&intake->leave.is_ended)) {
		note_late(intake);
		return false;
	}
	join(intake);
	return true;
}

bool intake_is_late(const struct intake *intake)
{
	return intake->leave.is_late;
}

void intake_leave_wait(struct intake *intake)
{
	intake_close(intake);
	if (!intake->rk)
		return;
	while (!intake->leave.is_ending && !is_left(intake, 100))
		;
	if (!intake->leave.is_ending)
		start_ending(intake);
	join(intake);
}
