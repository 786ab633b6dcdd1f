/* umbra-event-load: for integration/bench. Fills umbra.events with what a splitter and a shadow
 * consumer would say of so many requests, as fast as the broker takes it.
 *
 *     umbra-event-load BROKERS TOPIC ENDPOINT GENERATION REQUESTS PERCENT ANSWERED
 *
 * The test is "t", made and known at that generation; its shadow is "v2". PERCENT of the requests are
 * copied; with ANSWERED 1 the copies' own events follow a thousand requests later, with 0 never. Prints
 * the number of events. */
#include "common/event.h"
#include "common/sampling.h"
#include "common/schema.h"
#include "common/text.h"
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { SOURCES = 4, BEHIND = 1000, OPEN_REQUESTS = 4000 };

static const char BODY[] = "{\"probability\": 0.25, \"label\": 0}";

struct load {
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	uint64_t partitions, seed;
	const char *endpoint;
	int64_t generation, requests, percent, now_us, sent;
	bool is_answered;
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "event load: %s\n", what);
	exit(1);
}

static void open_load(struct load *load, const char *brokers, const char *topic)
{
	static const char *const properties[][2] = {{"linger.ms", "20"},
		{"compression.codec", "lz4"}, {"queue.buffering.max.messages", "200000"},
		{"batch.num.messages", "10000"}};
	const struct rd_kafka_metadata *metadata;
	char errstr[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0);
	load->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr);
	if (!load->rk)
		die(errstr);
	load->topic = rd_kafka_topic_new(load->rk, topic, NULL);
	if (rd_kafka_metadata(load->rk, 0, load->topic, &metadata, 10000))
		die("the brokers do not answer");
	load->partitions = (uint64_t)metadata->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(metadata);
	if (!load->partitions)
		die("no such topic");
}

static void publish(struct load *load, const struct event *event)
{
	size_t id_size = strlen(event->request_id), size;
	const void *data;

	if (event_encode(event, &data, &size))
		die("no memory");
	int32_t partition = (int32_t)(XXH3_64bits(event->request_id, id_size) % load->partitions);
	while (rd_kafka_produce(load->topic, partition, RD_KAFKA_MSG_F_COPY,
		(void *)(uintptr_t)data, size, event->request_id, id_size, NULL)) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			die(rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_poll(load->rk, 10);
	}
	load->sent++;
}

/* What both arms' events have in common. */
static struct event event_of(const struct load *load, int64_t i, char id[32])
{
	int64_t offset = i / SOURCES;

	snprintf(id, 32, "request-%010" PRId64, i);
	return (struct event){
		.request_id = id,
		.endpoint = load->endpoint,
		.epoch = 1,
		.generation = load->generation,
		.source_topic = "bench.requests",
		.source_partition = (int32_t)(i % SOURCES),
		.source_offset = offset,
		.done_below = offset > OPEN_REQUESTS ? offset - OPEN_REQUESTS : 0,
		.request_time_us = load->now_us,
		.outcome = OUTCOME_OK,
		.reason = "",
		.status_code = 200,
		.attempts = 1,
		.model_latency_us = 900 + i * 7919 % 1000,
		.overhead_latency_us = 100 + i * 104729 % 100,
		.queue_us = i % 10,
		.request_bytes = 400,
		.response_bytes = sizeof BODY - 1,
		.response_content_type = "application/json",
		.response_body = BODY,
		.response_body_size = sizeof BODY - 1,
		.instance = "bench",
	};
}

static bool is_copied(const struct load *load, const char *id, uint64_t *hash)
{
	*hash = sampling_hash(id, strlen(id), load->seed);
	return sampling_takes(*hash, (uint32_t)load->percent * 10000);
}

static void publish_production(struct load *load, int64_t i)
{
	static const struct sampled_for copy = {"t", ROLE_SHADOW, "v2"};
	struct sampling_decision decision = {.test = "t"};
	char id[32];
	struct event event = event_of(load, i, id);

	event.variant = "v1";
	event.n_sampled_for = is_copied(load, id, &decision.hash);
	event.sampled_for = &copy;
	event.decisions = &decision;
	event.n_decisions = 1;
	if (!event.n_sampled_for) {
		event.response_body = NULL;
		event.response_body_size = 0;
	}
	publish(load, &event);
}

static void publish_shadow(struct load *load, int64_t i)
{
	uint64_t hash;
	char id[32];
	struct event event = event_of(load, i, id);

	event.variant = "v2";
	event.role = ROLE_SHADOW;
	event.test = "t";
	event.model_latency_us += 200;
	if (is_copied(load, id, &hash))
		publish(load, &event);
}

static void run(struct load *load)
{
	for (int64_t i = 0; i < load->requests + BEHIND; i++) {
		if (i < load->requests)
			publish_production(load, i);
		if (load->is_answered && i >= BEHIND)
			publish_shadow(load, i - BEHIND);
		if (i % 1000 == 0)
			rd_kafka_poll(load->rk, 0);
	}
	if (rd_kafka_flush(load->rk, 60000))
		die("the broker did not take all");
	printf("%" PRId64 "\n", load->sent);
}

int main(int argc, char **argv)
{
	struct load load = {0};
	int64_t answered;

	if (argc != 8 || text_parse_int(argv[4], &load.generation) ||
		text_parse_int(argv[5], &load.requests) || text_parse_int(argv[6], &load.percent) ||
		text_parse_int(argv[7], &answered))
		die("see the head of its source");
	load.endpoint = argv[3];
	load.is_answered = answered != 0;
	load.now_us = (int64_t)time(NULL) * 1000000;
	load.seed = sampling_seed("t", load.generation);
	open_load(&load, argv[1], argv[2]);
	run(&load);
	rd_kafka_topic_destroy(load.topic);
	rd_kafka_destroy(load.rk);
	event_free_buffers();
	schema_free_all();
	return 0;
}
