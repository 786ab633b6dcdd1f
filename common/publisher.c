/* A publisher is one rd_kafka_t, so that its queue, its connections and its retries are its own. A
 * fatal error of the idempotent producer ends that handle: what it had not delivered ends in errors,
 * as any delivery may, and another handle takes its place.
 *
 * A topic's max.message.bytes holds for a batch: a small record may be refused for what stood beside
 * it. So what is refused as too large goes once more, by itself, through a handle without batches.
 *
 * The partition is chosen inside librdkafka, when it knows the topic: only there is the number of
 * partitions certain, and a record to a topic that was never seen waits in its queue and ends with
 * an error, instead of being sent blind. */
#include "common/publisher.h"
#include "common/log.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct publisher {
	const struct common_settings *settings;
	enum publish_lane lane;
	rd_kafka_t *rk;
	bool is_broken; /* rk met a fatal error and takes nothing any more */
	rd_kafka_t *singles; /* sends each record by itself; NULL: not needed yet */
	rd_kafka_queue_t *singles_queue;
	rd_kafka_queue_t *queue;
	struct loop *loop;
	int wake_fd;
	bool is_closing;
	int open;
	int served; /* deliveries since the last poll began */
	const char *name;
	struct publisher_topic *topics; /* of rk */
};

/* Topic handles are kept: looking one up by name costs a lock and a list walk a record. */
struct publisher_topic {
	rd_kafka_topic_t *rkt;
	char *name;
	struct publisher_topic *next;
};

static const struct kafka_property answers_defaults[] = {
	{"enable.idempotence", "true"},
	{"message.timeout.ms", "0"},
	{"linger.ms", "1"},
	{"message.max.bytes", "20000000"},
	{"queue.buffering.max.messages", "200000"},
	{"allow.auto.create.topics", "false"},
	{"sticky.partitioning.linger.ms", "0"}, /* else records without key pass choose_partition */
	{"topic.metadata.propagation.max.ms", "10000"},
	{NULL, NULL},
};

static const struct kafka_property events_defaults[] = {
	{"enable.idempotence", "true"},
	{"message.timeout.ms", "60000"},
	{"linger.ms", "5"},
	{"message.max.bytes", "20000000"},
	{"queue.buffering.max.messages", "200000"},
	{"allow.auto.create.topics", "false"},
	{"sticky.partitioning.linger.ms", "0"}, /* else records without key pass choose_partition */
	{NULL, NULL},
};

static const struct kafka_property copies_defaults[] = {
	{"message.timeout.ms", "5000"},
	{"linger.ms", "5"},
	{"message.max.bytes", "20000000"},
	{"queue.buffering.max.messages", "50000"},
	{"queue.buffering.max.kbytes", "65536"},
	{"allow.auto.create.topics", "false"},
	{"sticky.partitioning.linger.ms", "0"}, /* else records without key pass choose_partition */
	{"topic.metadata.propagation.max.ms", "2000"},
	{NULL, NULL},
};

static const struct kafka_property *const lane_defaults[] = {
	[PUBLISH_ANSWERS] = answers_defaults,
	[PUBLISH_EVENTS] = events_defaults,
	[PUBLISH_COPIES] = copies_defaults,
};

static bool send_alone(struct publisher *publisher, const rd_kafka_message_t *rkm);

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *rkm, void *opaque)
{
	struct publisher *publisher = opaque;
	struct delivery *delivery = rkm->_private;
	if (rkm->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && rk != publisher->singles &&
		send_alone(publisher, rkm))
		return;
	publisher->open--;
	publisher->served++;
	delivery->done(delivery, rkm->err);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct publisher *publisher = opaque;
	char fatal[300];
	if (err == RD_KAFKA_RESP_ERR__FATAL &&
		rd_kafka_fatal_error(rk, fatal, sizeof fatal) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		publisher->is_broken = true;
		reason = fatal;
	}
	log_warn(publisher->name, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

/* Runs in librdkafka's threads: touches nothing but the delivery's own number. */
static int32_t choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_size,
	int32_t n, void *topic_opaque, void *delivery_opaque)
{
	(void)rkt, (void)topic_opaque;
	const struct delivery *delivery = delivery_opaque;
	if (delivery->source_partition < n)
		return delivery->source_partition;
	if (key)
		return kafka_murmur2_partition(key, key_size, n);
	return delivery->source_partition % n;
}

/* For every topic of the handle: one that metadata was asked for keeps the configuration that it got
 * then, whatever rd_kafka_topic_new is given later. */
static void use_choose_partition(rd_kafka_conf_t *conf)
{
	rd_kafka_topic_conf_t *topic_conf = rd_kafka_conf_get_default_topic_conf(conf);
	assert(topic_conf); /* each lane sets message.timeout.ms, which is a topic's */
	rd_kafka_topic_conf_set_partitioner_cb(topic_conf, choose_partition);
}

static rd_kafka_conf_t *make_conf(const struct common_settings *settings,
	struct publisher *publisher, enum publish_lane lane, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = kafka_conf_new(settings, lane_defaults[lane], errstr, errstr_size);
	if (!conf)
		return NULL;
	use_choose_partition(conf);
	rd_kafka_conf_set_opaque(conf, publisher);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	return conf;
}

/* Records by themselves. */

static int open_singles(struct publisher *publisher)
{
	char errstr[512];
	rd_kafka_conf_t *conf =
		make_conf(publisher->settings, publisher, publisher->lane, errstr, sizeof errstr);
	if (conf)
		rd_kafka_conf_set(conf, "batch.num.messages", "1", errstr, sizeof errstr);
	publisher->singles =
		conf ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr) : NULL;
	if (!publisher->singles) {
		if (conf)
			rd_kafka_conf_destroy(conf);
		log_error(publisher->name, "no handle for single records: %s", errstr);
		return -1;
	}
	publisher->singles_queue = rd_kafka_queue_get_main(publisher->singles);
	kafka_queue_wake(publisher->singles_queue, publisher->wake_fd);
	return 0;
}

/* The record of a failed delivery goes again, made now (librdkafka does not tell a failed record's
 * timestamp); its delivery is still owed. */
static bool send_alone(struct publisher *publisher, const rd_kafka_message_t *rkm)
{
	rd_kafka_headers_t *headers = NULL, *copy = NULL;
	if (publisher->is_closing || (!publisher->singles && open_singles(publisher)))
		return false;
	if (!rd_kafka_message_headers(rkm, &headers))
		copy = rd_kafka_headers_copy(headers);
	rd_kafka_resp_err_t err = rd_kafka_producev(publisher->singles,
		RD_KAFKA_V_TOPIC(rd_kafka_topic_name(rkm->rkt)),
		RD_KAFKA_V_PARTITION(rkm->partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY(rkm->key, rkm->key_len), RD_KAFKA_V_VALUE(rkm->payload, rkm->len),
		RD_KAFKA_V_HEADERS(copy), RD_KAFKA_V_OPAQUE(rkm->_private), RD_KAFKA_V_END);
	if (err && copy)
		rd_kafka_headers_destroy(copy);
	return !err;
}

/* The handle's life. */

static int open_handle(struct publisher *publisher, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf =
		make_conf(publisher->settings, publisher, publisher->lane, errstr, errstr_size);
	rd_kafka_t *rk = conf ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, errstr_size) : NULL;
	if (!rk) {
		if (conf)
			rd_kafka_conf_destroy(conf);
		return -1;
	}
	publisher->rk = rk;
	publisher->is_broken = false;
	publisher->topics = NULL;
	publisher->queue = rd_kafka_queue_get_main(rk);
	kafka_queue_wake(publisher->queue, publisher->wake_fd);
	return 0;
}

/* Its open deliveries end here, with an error. */
static void close_handle(rd_kafka_t *rk, rd_kafka_queue_t *queue, struct publisher_topic *topics)
{
	rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (rd_kafka_outq_len(rk) > 0)
		rd_kafka_poll(rk, 100);
	while (topics) {
		struct publisher_topic *topic = topics;
		topics = topic->next;
		rd_kafka_topic_destroy(topic->rkt);
		free(topic->name);
		free(topic);
	}
	rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
}

/* The new handle comes first: what the old one's deliveries send again goes to it. */
static void renew_handle(struct publisher *publisher)
{
	char errstr[512];
	struct publisher old = *publisher;
	if (open_handle(publisher, errstr, sizeof errstr)) {
		log_error(publisher->name, "the broken handle cannot be replaced: %s", errstr);
		return;
	}
	close_handle(old.rk, old.queue, old.topics);
	log_info(publisher->name, "a new handle took the place of the broken one");
}

struct publisher *publisher_new(const struct common_settings *settings, struct loop *loop,
	const char *name, enum publish_lane lane, char *errstr, size_t errstr_size)
{
	struct publisher *publisher = calloc(1, sizeof *publisher);
	if (!publisher) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	publisher->settings = settings;
	publisher->lane = lane;
	publisher->loop = loop;
	publisher->name = name;
	publisher->wake_fd = loop_eventfd(loop, NULL, NULL);
	if (open_handle(publisher, errstr, errstr_size)) {
		loop_close_eventfd(loop, publisher->wake_fd);
		free(publisher);
		return NULL;
	}
	return publisher;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	publisher->is_closing = true;
	close_handle(publisher->rk, publisher->queue, publisher->topics);
	if (publisher->singles)
		close_handle(publisher->singles, publisher->singles_queue, NULL);
	loop_close_eventfd(publisher->loop, publisher->wake_fd);
	free(publisher);
}

static rd_kafka_topic_t *open_topic(struct publisher *publisher, const char *name)
{
	for (struct publisher_topic *topic = publisher->topics; topic; topic = topic->next)
		if (!strcmp(topic->name, name))
			return topic->rkt;
	struct publisher_topic *topic = calloc(1, sizeof *topic);
	if (topic) {
		topic->name = strdup(name);
		topic->rkt = rd_kafka_topic_new(publisher->rk, name, NULL);
	}
	if (!topic || !topic->rkt) {
		free(topic ? topic->name : NULL);
		free(topic);
		return NULL;
	}
	topic->next = publisher->topics;
	publisher->topics = topic;
	return topic->rkt;
}

rd_kafka_resp_err_t publisher_send(
	struct publisher *publisher, const struct outgoing *record, struct delivery *delivery)
{
	assert(delivery->done);
	if (publisher->is_broken)
		return RD_KAFKA_RESP_ERR__FATAL;
	rd_kafka_topic_t *rkt = open_topic(publisher, record->topic);
	if (!rkt)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	int32_t partition =
		record->partition == PARTITION_SOURCE ? RD_KAFKA_PARTITION_UA : record->partition;
	rd_kafka_resp_err_t err = rd_kafka_producev(publisher->rk, RD_KAFKA_V_RKT(rkt),
		RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY(record->key, record->key_size),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value, record->value_size),
		RD_KAFKA_V_HEADERS(record->headers), RD_KAFKA_V_TIMESTAMP(record->timestamp_ms),
		RD_KAFKA_V_OPAQUE(delivery), RD_KAFKA_V_END);
	if (!err)
		publisher->open++;
	return err;
}

int publisher_poll(struct publisher *publisher)
{
	publisher->served = 0;
	rd_kafka_poll(publisher->rk, 0);
	if (publisher->singles)
		rd_kafka_poll(publisher->singles, 0);
	if (publisher->is_broken)
		renew_handle(publisher);
	return publisher->served;
}

int publisher_open_count(const struct publisher *publisher)
{
	return publisher->open;
}

rd_kafka_t *publisher_handle(struct publisher *publisher)
{
	return publisher->rk;
}

void publisher_purge_queue(struct publisher *publisher)
{
	rd_kafka_purge(publisher->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}
