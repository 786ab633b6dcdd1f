#include "producer/run.h"
#include "common/clock.h"
#include "common/log.h"
#include "producer/request.h"
#include "producer/truth.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <xxhash.h>

enum {
	SENDS_PER_TICK = 256,
	FULL_RETRY_US = 1000,
	INTERRUPT_WAIT_US = 2000000,
	LABEL_RETRY_US = 100000 /* how often it is seen whether labels take too long */
};

/* Opening and closing. */

static void begin_ledger(struct run *run)
{
	uint64_t random = 0;
	char name[24];
	if (run->options->run) {
		ledger_init(&run->ledger, run->options->run, run->options->in_flight);
		return;
	}
	(void)!getrandom(&random, sizeof random, 0);
	snprintf(name, sizeof name, "%012" PRIx64, random >> 16);
	ledger_init(&run->ledger, name, run->options->in_flight);
}

static void on_timer(void *opaque)
{
	uint64_t expirations;
	const struct run *run = opaque;
	(void)!read(run->timer_fd, &expirations, sizeof expirations);
}

static int open_input(struct run *run, char *errstr, size_t errstr_size)
{
	if (!run->plan.topic)
		return source_open(&run->source, run->loop, run->path, run->options->repeat,
			&run->input, errstr, errstr_size);
	run->capture =
		capture_open(&run->options->common, run->loop, &run->plan, errstr, errstr_size);
	return run->capture ? 0 : -1;
}

static int open_kafka(struct run *run, char *errstr, size_t errstr_size)
{
	const struct common_settings *common = &run->options->common;
	if (target_find(&run->target, run->options, errstr, errstr_size) < 0)
		return -1;
	run->publisher =
		publisher_new(common, run->loop, "requests", PUBLISH_REQUESTS, errstr, errstr_size);
	if (!run->publisher)
		return -1;
	if (target_check_topic(
		    publisher_handle(run->publisher), run->target.topic, errstr, errstr_size) < 0)
		return -1;
	if (!run->options->wait)
		return 0;
	run->answers = answers_open(common, run->loop, run->target.responses, errstr, errstr_size);
	return run->answers ? 0 : -1;
}

int run_open(struct run *run, char *errstr, size_t errstr_size)
{
	run->give_up_us = INT64_MAX;
	tally_init(&run->tally);
	begin_ledger(run);
	pacing_init(&run->pacing, (enum arrivals)run->options->arrivals, run->options->rate,
		XXH3_64bits(run->ledger.run, strlen(run->ledger.run)));
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	assert(run->timer_fd >= 0);
	loop_watch(run->loop, run->timer_fd, on_timer, run);
	if (open_input(run, errstr, errstr_size) < 0)
		return -1;
	return open_kafka(run, errstr, errstr_size);
}

/* The publisher ends its deliveries here: the ledger must live until then. */
void run_close(struct run *run)
{
	if (run->publisher)
		publisher_free(run->publisher);
	answers_close(run->answers);
	loop_unwatch(run->loop, run->timer_fd);
	close(run->timer_fd);
	source_close(&run->source);
	capture_close(run->capture);
	target_fini(&run->target);
	avro_buffer_fini(&run->encoded);
	avro_buffer_fini(&run->truth);
	ledger_fini(&run->ledger);
	tally_fini(&run->tally);
}

const char *run_source(const struct run *run)
{
	return run->capture ? run->plan.topic : run->source.name;
}

/* How a request ends. */

static void end_request(struct run *run, struct in_flight *request)
{
	assert(request->is_open);
	request->is_open = false;
	run->tally.end_us = clock_monotonic_us();
	ledger_settle(&run->ledger, request);
}

static void end_well(struct run *run, struct in_flight *request, int64_t now_us)
{
	run->tally.answered++;
	latency_add(&run->tally.latency, now_us - request->intended_us);
	end_request(run, request);
}

static void end_missing(struct run *run, struct in_flight *request)
{
	tally_add_missing(&run->tally, request->number, request->origin);
	end_request(run, request);
}

static void refuse(struct run *run, struct in_flight *request, rd_kafka_resp_err_t err)
{
	char place[1024];
	run->tally.refused++;
	log_error(NULL, "%s: request %s-%" PRId64 " cannot be published to %s: %s%s",
		origin_write(&request->origin, run_source(run), place, sizeof place),
		run->ledger.run, request->number, run->target.topic, rd_kafka_err2str(err),
		kafka_remedy(err));
	if (request->is_open)
		end_missing(run, request);
	else
		ledger_settle(&run->ledger, request);
}

static void on_delivery(struct delivery *delivery, rd_kafka_resp_err_t err)
{
	struct in_flight *request = (struct in_flight *)delivery;
	struct run *run = request->run;
	request->awaits_ack = false;
	if (err && run->state != RUN_OVER) {
		refuse(run, request, err);
		return;
	}
	if (!err)
		run->tally.acknowledged++;
	if (request->is_open && !run->answers)
		end_well(run, request, clock_monotonic_us());
	else
		ledger_settle(&run->ledger, request);
}

static void read_kind(const rd_kafka_headers_t *headers, struct answer_kind *kind)
{
	const void *value;
	size_t size;
	kafka_header_last(headers, "umbra-variant", &value, &size);
	tally_set_word(kind->variant, value, size);
	kafka_header_last(headers, "umbra-outcome", &value, &size);
	tally_set_word(kind->outcome, value, size);
	kafka_header_last(headers, "umbra-status", &value, &size);
	tally_set_word(kind->status, value, size);
}

/* 0: none of this run. A captured request keeps its id, which may look like one of ours. */
static int64_t read_number(const struct run *run, const rd_kafka_headers_t *headers)
{
	const void *value = NULL;
	size_t size = 0;
	if (run->capture || !kafka_header_last(headers, "umbra-request-id", &value, &size))
		kafka_header_last(headers, "kafka_correlationId", &value, &size);
	return ledger_read_id(&run->ledger, value, size);
}

static void on_answer(void *opaque, const rd_kafka_message_t *rkm)
{
	struct run *run = opaque;
	struct answer_kind kind;
	rd_kafka_headers_t *headers;
	if (rd_kafka_message_headers(rkm, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	int64_t number = read_number(run, headers);
	if (number == 0)
		return;
	struct in_flight *request = ledger_find(&run->ledger, number);
	if (!request || !request->is_open) {
		run->tally.repeated++;
		return;
	}
	read_kind(headers, &kind);
	tally_add_kind(&run->tally, &kind);
	end_well(run, request, clock_monotonic_us());
}

/* Sending. */

static rd_kafka_resp_err_t publish(struct run *run, struct in_flight *request)
{
	struct outgoing record;
	request_make(run, request, &record);
	request->delivery.done = on_delivery;
	rd_kafka_resp_err_t err = publisher_send(run->publisher, &record, &request->delivery);
	if (err && record.headers)
		rd_kafka_headers_destroy(record.headers);
	return err;
}

static void count_sent(struct run *run, const struct in_flight *request)
{
	if (run->tally.start_us < 0)
		run->tally.start_us = request->intended_us;
	if (request->sent_us - request->intended_us > run->tally.behind_us)
		run->tally.behind_us = request->sent_us - request->intended_us;
	run->tally.sent++;
	pacing_sent(&run->pacing);
	run->has_record = false;
	run->has_told = false;
	run->label_us = request->sent_us;
}

/* False: there is no room; a delivery or an answer will make some. */
static bool send_record(struct run *run, int64_t intended_us, int64_t now_us)
{
	struct in_flight *request = ledger_open(&run->ledger);
	if (!request)
		return false;
	request->run = run;
	request->intended_us = intended_us;
	request->sent_us = now_us;
	rd_kafka_resp_err_t err = truth_send(run, request->number) ? publish(run, request)
								   : RD_KAFKA_RESP_ERR__QUEUE_FULL;
	if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		ledger_undo(&run->ledger, request);
		return false;
	}
	request->is_open = true;
	request->awaits_ack = !err;
	count_sent(run, request);
	if (err)
		refuse(run, request, err);
	return true;
}

static void stop_sending(struct run *run)
{
	if (run->state == RUN_SENDING)
		run->state = RUN_DRAINING;
}

static void fail(struct run *run)
{
	run->has_failed = true;
	stop_sending(run);
}

static void report_bad(struct run *run)
{
	const struct parse_error *error = &run->source.reader.error;
	bool goes_on = run->options->skip_bad && !run->source.reader.is_broken;
	if (goes_on) {
		run->tally.skipped++;
		log_warn(NULL, "skipped: %s:%" PRId64 ":%" PRId64 ": %s", run->source.name,
			error->line, error->column, error->message);
		return;
	}
	fprintf(stderr, "%s:%" PRId64 ":%" PRId64 ": %s\n", run->source.name, error->line,
		error->column, error->message);
	fail(run);
}

/* Gets the next record ready. False: there is none now. */
static bool load_record(struct run *run)
{
	if (run->has_record)
		return true;
	if (run->options->limit > 0 && run->tally.sent >= run->options->limit) {
		stop_sending(run);
		return false;
	}
	switch (run->capture ? capture_next(run->capture) : source_next(&run->source)) {
	case SOURCE_RECORD:
		run->has_record = true;
		return true;
	case SOURCE_WAIT:
		return false;
	case SOURCE_BAD:
		report_bad(run);
		return run->state == RUN_SENDING && load_record(run);
	case SOURCE_END:
		stop_sending(run);
		return false;
	case SOURCE_FAILED:
		fprintf(stderr, "%s: %s\n", run_source(run),
			run->capture ? capture_problem(run->capture) : strerror(errno));
		fail(run);
		return false;
	}
	return false;
}

static void arm_timer(const struct run *run, int64_t due_us)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000}};
	timerfd_settime(run->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Returns microseconds until there is more to send, -1: an event will tell. */
static int64_t send_due(struct run *run)
{
	for (int i = 0; i < SENDS_PER_TICK; i++) {
		if (run->state != RUN_SENDING || !load_record(run))
			return -1;
		int64_t now_us = clock_monotonic_us();
		int64_t intended_us = pacing_next(&run->pacing, now_us);
		if (intended_us > now_us) {
			arm_timer(run, intended_us);
			return -1;
		}
		if (!send_record(run, intended_us, now_us))
			return FULL_RETRY_US;
	}
	return 0;
}

/* Time. */

/* Gives up what is older than the timeout. Returns when the next one will be, -1: never. */
static int64_t expire(struct run *run, int64_t now_us)
{
	struct in_flight *next;
	for (struct in_flight *request = run->ledger.oldest; request; request = next) {
		next = request->next;
		if (!request->is_open)
			continue;
		int64_t due_us = request->sent_us + run->options->timeout_us;
		if (due_us > run->give_up_us)
			due_us = run->give_up_us;
		if (due_us > now_us)
			return due_us - now_us;
		end_missing(run, request);
	}
	return -1;
}

static bool is_settled(const struct run *run)
{
	return run->tally.sent == run->tally.answered + run->tally.unanswered;
}

static bool labels_are_settled(const struct run *run, int64_t now_us)
{
	return !run->labels_open || now_us >= run->give_up_us ||
		now_us >= run->label_us + run->options->timeout_us;
}

int64_t run_tick(struct run *run, int64_t now_us)
{
	int64_t wait_us = -1;
	publisher_poll(run->publisher);
	if (run->answers && answers_poll(run->answers, on_answer, run))
		wait_us = 0;
	wait_us = loop_earlier(wait_us, send_due(run));
	wait_us = loop_earlier(wait_us, expire(run, now_us));
	if (run->state == RUN_DRAINING && is_settled(run) && labels_are_settled(run, now_us)) {
		run->state = RUN_OVER;
		wait_us = 0;
	} else if (run->labels_open) {
		wait_us = loop_earlier(wait_us, LABEL_RETRY_US);
	}
	return wait_us;
}

void run_interrupt(struct run *run, int64_t now_us)
{
	run->is_interrupted = true;
	run->give_up_us = now_us + INTERRUPT_WAIT_US;
	stop_sending(run);
}

bool run_is_good(const struct run *run)
{
	return !run->has_failed && !run->is_interrupted && run->tally.unanswered == 0 &&
		run->tally.labels_lost == 0 && run->labels_open == 0;
}
