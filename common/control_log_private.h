/* What reading and writing the control log share. */
#ifndef UMBRA_COMMON_CONTROL_LOG_PRIVATE_H
#define UMBRA_COMMON_CONTROL_LOG_PRIVATE_H

#include "common/control_log.h"
#include "common/kafka.h"
#include <librdkafka/rdkafka.h>

/* The record that control_log_append waits for. */
struct pending_write {
	const struct control_record *record;
	bool seen;
	enum control_verdict verdict;
	char *why;
	size_t why_size;
	char first[400]; /* who took the generation, and when; "": nobody */
	bool reported; /* the delivery report came, with */
	rd_kafka_resp_err_t err;
	bool may_be_written;
};

struct control_log {
	const struct common_settings *settings;
	char topic[250];
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	struct loop *loop;
	int wake_fd;
	rd_kafka_t *producer; /* NULL until the first append */
	struct control_state state;
	int64_t next_offset; /* what is read next */
	bool is_assigned;
	int64_t assign_again_us; /* monotonic, when not assigned */
	int64_t ask_at_us; /* monotonic; why nothing comes, when nothing is known */
	bool has_trouble; /* librdkafka told of it since the end was last reached */
	bool was_current; /* the end was reached once */
	bool changed;
	char trouble[KAFKA_WHY_MAX]; /* what keeps the log from being read, "": nothing known */
	control_log_observer *observer;
	void *opaque;
	struct pending_write *pending;
};

/* Takes what arrives within timeout_ms. */
void control_log_poll(struct control_log *log, int timeout_ms);

int control_log_remaining_ms(int64_t deadline_us);

/* A record was read (NULL: no control record): is it the pending write, or what came before it? */
void control_log_match(struct control_log *log, const struct control_record *record,
	int64_t append_time_us, enum control_verdict verdict, const char *why);

#endif
