#include "consumers/aggregator/aggregator.h"
#include "common/clock.h"
#include "common/log.h"
#include "consumers/aggregator/reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_control_record(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct aggregator *aggregator = opaque;
	(void)offset;
	(void)append_time_us;
	(void)why;
	if (verdict == CONTROL_ACCEPTED)
		history_note(&aggregator->history, control_log_state(aggregator->service.control),
			record);
}

static int open_aggregator(void *self, char *errstr, size_t errstr_size)
{
	struct aggregator *aggregator = self;
	const struct common_settings *settings = aggregator->service.settings;
	control_log_observe(aggregator->service.control, on_control_record, aggregator);
	if (asprintf(&aggregator->events_topic, "%sevents", settings->prefix) < 0 ||
		asprintf(&aggregator->aggregates_topic, "%saggregates", settings->prefix) < 0) {
		snprintf(errstr, errstr_size, "out of memory");
		return -1;
	}
	aggregator->publisher = publisher_new(settings, aggregator->service.loop, "aggregates",
		PUBLISH_ANSWERS, errstr, errstr_size);
	return aggregator->publisher ? 0 : -1;
}

static void close_aggregator(void *self)
{
	struct aggregator *aggregator = self;
	reader_close(aggregator->reader);
	aggregator->is_closing = true;
	publisher_free(aggregator->publisher);
	while (aggregator->waiting.first)
		retry_tick(&aggregator->waiting, INT64_MAX);
	history_fini(&aggregator->history);
	free(aggregator->events_topic);
	free(aggregator->aggregates_topic);
}

static rd_kafka_t *any_handle(void *self)
{
	struct aggregator *aggregator = self;
	return publisher_handle(aggregator->publisher);
}

static const char *why_not_ready(void *self, char *text, size_t size)
{
	const struct aggregator *aggregator = self;
	if (aggregator->reader && reader_is_assigned(aggregator->reader))
		return NULL;
	snprintf(text, size, "it waits for its partitions of %s", aggregator->events_topic);
	return text;
}

static void try_open_reader(struct aggregator *aggregator)
{
	char errstr[512];
	aggregator->reader = reader_open(aggregator, errstr, sizeof errstr);
	if (!aggregator->reader)
		log_error("events", "the group cannot be joined: %s", errstr);
}

static int64_t tick(void *self)
{
	struct aggregator *aggregator = self;
	const struct service *service = &aggregator->service;
	(void)publisher_poll(aggregator->publisher);
	retry_tick(&aggregator->waiting, service->now_us);
	if (service->is_started && !service->is_stopping && !aggregator->reader &&
		(service->has_changed || service->is_slow_tick))
		try_open_reader(aggregator);
	int64_t wait = -1;
	if (aggregator->reader) {
		wait = reader_tick(aggregator->reader, service->now_us, service->is_stopping);
		if (service->is_slow_tick)
			reader_count(aggregator->reader);
	}
	return loop_earlier(wait, retry_wait(&aggregator->waiting, service->now_us));
}

static int64_t stop(void *self)
{
	struct aggregator *aggregator = self;
	int64_t drain_us = aggregator_settings(aggregator)->drain_us;
	aggregator->stop_deadline_us = clock_monotonic_us() + drain_us;
	return drain_us;
}

static bool is_drained(void *self)
{
	struct aggregator *aggregator = self;
	return !aggregator->open_outputs || clock_monotonic_us() >= aggregator->stop_deadline_us;
}

const struct service_kind aggregator_kind = {
	.program = &aggregator_program,
	.size = sizeof(struct aggregator),
	.open = open_aggregator,
	.tick = tick,
	.handle = any_handle,
	.why_not_ready = why_not_ready,
	.stop = stop,
	.is_drained = is_drained,
	.close = close_aggregator,
};
