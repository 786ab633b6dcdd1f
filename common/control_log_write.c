/* The control log, written. Writing is optimistic: the record says which generation it makes, goes to
 * the log whoever else writes, and what became of it is read back from there like everything else.
 * Whoever waits is told by the record's write id. */
#include "common/clock.h"
#include "common/control_log_private.h"
#include "common/kafka.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void control_log_match(struct control_log *log, const struct control_record *record,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct pending_write *pending = log->pending;
	char time[TEXT_MAX];

	if (!pending || !record)
		return;
	if (strcmp(record->write_id, pending->record->write_id) == 0) {
		if (pending->seen) /* sent twice: the first one counts */
			return;
		pending->seen = true;
		pending->verdict = verdict;
		snprintf(pending->why, pending->why_size, "%s", why);
	} else if (verdict == CONTROL_ACCEPTED &&
		record->generation == pending->record->generation) {
		snprintf(pending->first, sizeof(pending->first), "%s at %s", record->author,
			text_format_time(append_time_us, time));
	}
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *rkm, void *opaque)
{
	struct control_log *log = opaque;

	(void)rk;
	if (!log->pending || rkm->_private != log->pending)
		return;
	log->pending->reported = true;
	log->pending->err = rkm->err;
	log->pending->may_be_written =
		rd_kafka_message_status(rkm) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
}

static rd_kafka_t *open_producer(
	struct control_log *log, int timeout_ms, char *errstr, size_t errstr_size)
{
	char timeout[16];
	const struct kafka_property defaults[] = {
		{"enable.idempotence", "true"},
		{"linger.ms", "0"},
		{"message.timeout.ms", timeout},
		{"message.max.bytes", "8000000"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;

	/* Before the caller's patience ends: what was never sent is then known not to be written. */
	snprintf(timeout, sizeof(timeout), "%d", timeout_ms / 2);
	conf = kafka_conf_new(log->settings, defaults, errstr, errstr_size);
	if (!conf)
		return NULL;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_opaque(conf, log);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, errstr_size);
	if (!rk)
		rd_kafka_conf_destroy(conf);
	return rk;
}

/* A random UUID, version 4. */
static void make_write_id(char *text)
{
	uint8_t b[16];
	ssize_t size = getrandom(b, sizeof(b), 0);

	assert(size == sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
}

/* user@host */
static char *make_author(void)
{
	const struct passwd *user = getpwuid(geteuid());
	char host[256] = "", *author;

	gethostname(host, sizeof(host) - 1);
	if (asprintf(&author, "%s@%s", user ? user->pw_name : "unknown", host) < 0)
		memory_end();
	return author;
}

static void complete_record(const struct control_log *log, struct control_record *record)
{
	record->generation = log->state.generation + 1;
	record->time_us = clock_wall_us();
	make_write_id(record->write_id);
	if (!record->author)
		record->author = make_author();
	if (!record->reason)
		record->reason = strdup("");
	memory_need(record->reason);
}

static int send_record(
	struct control_log *log, struct pending_write *pending, char *errstr, size_t errstr_size)
{
	size_t size;
	void *data = control_record_encode(pending->record, &size);
	rd_kafka_resp_err_t err;

	assert(data);
	err = rd_kafka_producev(log->producer, RD_KAFKA_V_TOPIC(log->topic),
		RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE(data, size),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(pending),
		RD_KAFKA_V_END);
	free(data);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	snprintf(errstr, errstr_size, "not written to %s: %s%s", log->topic, rd_kafka_err2str(err),
		kafka_remedy(err));
	return -1;
}

/* Waits for the delivery report and for the record itself, whatever the report says, as long as the
 * record may be in the log. */
static void wait_for_write(
	struct control_log *log, struct pending_write *pending, int64_t deadline_us)
{
	while (!(pending->seen && pending->reported) && !log->state.not_understood &&
		control_log_remaining_ms(deadline_us) > 0) {
		rd_kafka_poll(log->producer, pending->reported ? 0 : 10);
		if (pending->reported && !pending->may_be_written)
			return;
		control_log_poll(log, pending->reported ? 10 : 0);
	}
}

static int judge_write(const struct control_log *log, const struct pending_write *pending,
	char *errstr, size_t errstr_size)
{
	if (pending->seen && pending->verdict == CONTROL_CONFLICT) {
		snprintf(errstr, errstr_size, "conflict: %s wrote first",
			pending->first[0] != '\0' ? pending->first : "another writer");
		return CONTROL_CONFLICT;
	}
	if (pending->seen)
		return (int)pending->verdict; /* errstr was filled when it was read */
	if (pending->reported && !pending->may_be_written)
		snprintf(errstr, errstr_size, "not written to %s: %s%s", log->topic,
			rd_kafka_err2str(pending->err), kafka_remedy(pending->err));
	else
		snprintf(errstr, errstr_size,
			"it is not known whether write %s reached %s (%s): look for it with "
			"umbractl history",
			pending->record->write_id, log->topic,
			pending->reported ? rd_kafka_err2str(pending->err) : "no answer in time");
	return -1;
}

int control_log_append(struct control_log *log, struct control_record *record, int timeout_ms,
	char *errstr, size_t errstr_size)
{
	int64_t deadline_us = clock_monotonic_us() + INT64_C(1000) * timeout_ms;
	struct pending_write pending = {.record = record, .why = errstr, .why_size = errstr_size};
	int rc = -1;

	if (log->state.not_understood) {
		snprintf(errstr, errstr_size, "%s", log->state.not_understood);
		return CONTROL_NOT_UNDERSTOOD;
	}
	if (!log->producer)
		log->producer = open_producer(log, timeout_ms, errstr, errstr_size);
	if (!log->producer)
		return -1;
	complete_record(log, record);
	log->pending = &pending;
	if (send_record(log, &pending, errstr, errstr_size) == 0) {
		wait_for_write(log, &pending, deadline_us);
		rc = judge_write(log, &pending, errstr, errstr_size);
	}
	log->pending = NULL;
	/* What is unsure must not be sent later on, nor its report come to a write that is gone. */
	if (!pending.reported || pending.err) {
		rd_kafka_purge(log->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_destroy(log->producer);
		log->producer = NULL;
	}
	return rc;
}
