/* A publisher is one rd_kafka_t, so that its queue, its connections and its retries are its own. A
 * fatal error of the idempotent producer ends that handle: what it had not delivered ends in errors,
 * as any delivery may, and another handle takes its place: at once, but one that breaks again and
 * again (it may write to no topic) every few seconds.
 *
 * A topic's max.message.bytes holds for a batch: a small record may be refused for what stood beside
 * it. So what is refused as too large goes once more, by itself, through a handle without batches.
 *
 * An idempotent producer sends a partition's next batch when the last one is acknowledged; while it
 * waits so beyond linger.ms, librdkafka's thread spins. It sleeps when the connection may not take
 * more requests: so these lanes allow two at a time, of whatever partitions.
 *
 * A produce request costs broker and sender more than the records in it, so that batches pay; but
 * librdkafka's shortest linger, 1 ms, costs a record 2 ms and more, since its threads wait in whole
 * milliseconds. Nobody waits for an event or a copy: both linger long, which takes a third of the
 * broker's time per request away. For answers the sender says: what is_prompt goes through a handle
 * that does not linger, the rest through one that lingers for some milliseconds.
 *
 * The partition is chosen inside librdkafka, when it knows the topic: only there is the number of
 * partitions certain, and a record to a topic that was never seen waits in its queue and ends with
 * an error, instead of being sent blind. */
#include "common/publisher.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/too_large.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	FULL_PAUSE_US = 2000, /* the queue was full */
	REFUSED_PAUSE_US = 1000000, /* Kafka refused for now */
	RENEW_PAUSE_US = 5000000 /* before a handle that broke at once is replaced */
};

/* Topic handles are kept: looking one up by name costs a lock and a list walk a record. */
struct publisher_topic {
	rd_kafka_topic_t *rkt;
	char *name;
	struct publisher_topic *next;
};

struct handle {
	rd_kafka_t *rk; /* NULL: not needed yet */
	rd_kafka_queue_t *queue;
	bool is_broken; /* met a fatal error and takes nothing any more */
	int64_t renew_at_us; /* not before then is it replaced */
	struct publisher_topic *topics;
};

/* What librdkafka gives back with a record. It outlives the delivery of a sender that let go. */
struct ticket {
	struct delivery *delivery; /* NULL: nobody waits for it */
	int32_t source_partition;
	struct ticket *next; /* idle ones */
};

struct publisher {
	const struct common_settings *settings;
	enum publish_lane lane;
	struct handle batches;
	struct handle prompt; /* does not linger */
	struct handle singles; /* sends each record by itself */
	struct loop *loop;
	int wake_fd;
	bool is_closing;
	struct ticket *idle; /* tickets are used again */
	struct too_large *too_large; /* PUBLISH_COPIES */
	int open;
	int served; /* deliveries since the last poll began */
	const char *name;
};

static const struct kafka_property every_lane[] = {
	{"message.max.bytes", "20000000"},
	{"sticky.partitioning.linger.ms", "0"}, /* else records without key pass choose_partition */
	{NULL, NULL},
};

/* In each of them message.timeout.ms is a topic's property: see use_choose_partition. */
static const struct kafka_property owed[] = {
	{"enable.idempotence", "true"},
	{"max.in.flight.requests.per.connection", "2"}, /* see the head */
	{"message.timeout.ms", "0"},
	{"queue.buffering.max.messages", "200000"},
	{"topic.metadata.propagation.max.ms", "10000"},
	{NULL, NULL},
};

static const struct kafka_property events[] = {
	{"enable.idempotence", "true"},
	{"max.in.flight.requests.per.connection", "2"}, /* see the head */
	{"message.timeout.ms", "60000"},
	{"queue.buffering.max.messages", "200000"},
	{NULL, NULL},
};

static const struct kafka_property copies[] = {
	{"message.timeout.ms", "5000"},
	{"queue.buffering.max.messages", "50000"},
	{"queue.buffering.max.kbytes", "65536"},
	{"topic.metadata.propagation.max.ms", "2000"},
	{NULL, NULL},
};

static const struct lane {
	const struct kafka_property *properties;
	const char *linger_ms; /* of the batches */
} lanes[] = {
	[PUBLISH_ANSWERS] = {owed, "5"},
	[PUBLISH_REQUESTS] = {owed, "1"},
	[PUBLISH_EVENTS] = {events, "50"},
	[PUBLISH_COPIES] = {copies, "25"},
};

static bool send_alone(struct publisher *publisher, const rd_kafka_message_t *rkm);

static struct ticket *take_ticket(struct publisher *publisher, struct delivery *delivery)
{
	struct ticket *ticket = publisher->idle;
	if (ticket)
		publisher->idle = ticket->next;
	else
		ticket = malloc(sizeof *ticket);
	memory_need(ticket);
	ticket->delivery = delivery;
	ticket->source_partition = delivery->source_partition;
	return ticket;
}

static void put_back(struct publisher *publisher, struct ticket *ticket)
{
	ticket->next = publisher->idle;
	publisher->idle = ticket;
}

static void free_tickets(struct publisher *publisher)
{
	while (publisher->idle) {
		struct ticket *ticket = publisher->idle;
		publisher->idle = ticket->next;
		free(ticket);
	}
}

/* Whether the record goes once more, by itself. Not a copy of which it is known that it is too large: a
 * topic that takes none of them would cost the broker a request for each. */
static bool goes_alone(
	struct publisher *publisher, const rd_kafka_t *rk, const rd_kafka_message_t *rkm)
{
	const char *topic = rd_kafka_topic_name(rkm->rkt);
	size_t size = rkm->key_len + rkm->len;
	if (publisher->lane == PUBLISH_COPIES) {
		int64_t now_us = clock_monotonic_us();
		if (rk == publisher->singles.rk)
			too_large_note(&publisher->too_large, topic, size, now_us);
		else if (too_large_is_known(publisher->too_large, topic, size, now_us))
			return false;
	}
	return rk != publisher->singles.rk && send_alone(publisher, rkm);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *rkm, void *opaque)
{
	struct publisher *publisher = opaque;
	struct ticket *ticket = rkm->_private;
	struct delivery *delivery = ticket->delivery;
	if (delivery && kafka_is_too_large(rkm->err) && goes_alone(publisher, rk, rkm))
		return;
	put_back(publisher, ticket);
	publisher->served++;
	if (!delivery)
		return;
	publisher->open--;
	delivery->done(delivery, rkm->err);
}

/* NULL: one that is being closed. */
static struct handle *handle_of(struct publisher *publisher, const rd_kafka_t *rk)
{
	if (rk == publisher->batches.rk)
		return &publisher->batches;
	if (rk == publisher->prompt.rk)
		return &publisher->prompt;
	return rk == publisher->singles.rk ? &publisher->singles : NULL;
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct publisher *publisher = opaque;
	struct handle *handle = handle_of(publisher, rk);
	char fatal[300];
	if (handle && err == RD_KAFKA_RESP_ERR__FATAL &&
		rd_kafka_fatal_error(rk, fatal, sizeof fatal) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		handle->is_broken = true;
		reason = fatal;
	}
	log_warn(publisher->name, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

/* Runs in librdkafka's threads: touches nothing but the ticket's own number. */
static int32_t choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_size,
	int32_t n, void *topic_opaque, void *ticket_opaque)
{
	(void)rkt, (void)topic_opaque;
	const struct ticket *ticket = ticket_opaque;
	if (ticket->source_partition < n)
		return ticket->source_partition;
	if (key)
		return kafka_murmur2_partition(key, key_size, n);
	return ticket->source_partition % n;
}

/* For every topic of the handle: one that metadata was asked for keeps the configuration that it got
 * then, whatever rd_kafka_topic_new is given later. */
static void use_choose_partition(rd_kafka_conf_t *conf)
{
	rd_kafka_topic_conf_t *topic_conf = rd_kafka_conf_get_default_topic_conf(conf);
	assert(topic_conf);
	rd_kafka_topic_conf_set_partitioner_cb(topic_conf, choose_partition);
}

static rd_kafka_conf_t *make_conf(
	struct publisher *publisher, const char *linger_ms, char *errstr, size_t errstr_size)
{
	struct kafka_properties defaults = {0};
	const struct kafka_property linger[] = {{"linger.ms", linger_ms}, {NULL, NULL}};
	kafka_properties_add(&defaults, every_lane);
	kafka_properties_add(&defaults, lanes[publisher->lane].properties);
	kafka_properties_add(&defaults, linger);
	rd_kafka_conf_t *conf =
		kafka_conf_new(publisher->settings, defaults.items, errstr, errstr_size);
	if (!conf)
		return NULL;
	use_choose_partition(conf);
	rd_kafka_conf_set_opaque(conf, publisher);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	return conf;
}

/* A handle's life. */

static int open_handle(
	struct publisher *publisher, struct handle *handle, char *errstr, size_t errstr_size)
{
	const char *linger_ms =
		handle == &publisher->batches ? lanes[publisher->lane].linger_ms : "0";
	rd_kafka_conf_t *conf = make_conf(publisher, linger_ms, errstr, errstr_size);
	if (!conf)
		return -1;
	if (handle == &publisher->singles)
		rd_kafka_conf_set(conf, "batch.num.messages", "1", errstr, errstr_size);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, errstr_size);
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	*handle = (struct handle){.rk = rk, .queue = rd_kafka_queue_get_main(rk)};
	kafka_queue_wake(handle->queue, publisher->wake_fd);
	return 0;
}

/* Its open deliveries end here, with an error. */
static void close_handle(struct handle handle)
{
	if (!handle.rk)
		return;
	rd_kafka_purge(handle.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (rd_kafka_outq_len(handle.rk) > 0)
		rd_kafka_poll(handle.rk, 100);
	while (handle.topics) {
		struct publisher_topic *topic = handle.topics;
		handle.topics = topic->next;
		rd_kafka_topic_destroy(topic->rkt);
		free(topic->name);
		free(topic);
	}
	rd_kafka_queue_io_event_enable(handle.queue, -1, NULL, 0);
	rd_kafka_queue_destroy(handle.queue);
	rd_kafka_destroy(handle.rk);
}

/* The new handle comes first: what the old one's deliveries send again goes to it. */
static void renew_handle(struct publisher *publisher, struct handle *handle)
{
	char errstr[512];
	struct handle old = *handle;
	if (open_handle(publisher, handle, errstr, sizeof errstr)) {
		log_error(publisher->name, "the broken handle cannot be replaced: %s", errstr);
		return;
	}
	handle->renew_at_us = clock_monotonic_us() + RENEW_PAUSE_US;
	close_handle(old);
	log_info(publisher->name, "a new handle took the place of the broken one");
}

static bool is_open(struct publisher *publisher, struct handle *handle)
{
	char errstr[512];
	if (handle->rk || !open_handle(publisher, handle, errstr, sizeof errstr))
		return true;
	log_error(publisher->name, "no further handle: %s", errstr);
	return false;
}

/* The record of a failed delivery goes again, made now (librdkafka does not tell a failed record's
 * timestamp); its delivery is still owed. */
static bool send_alone(struct publisher *publisher, const rd_kafka_message_t *rkm)
{
	rd_kafka_headers_t *headers = NULL, *copy = NULL;
	if (publisher->is_closing || !is_open(publisher, &publisher->singles))
		return false;
	if (!rd_kafka_message_headers(rkm, &headers))
		copy = rd_kafka_headers_copy(headers);
	rd_kafka_resp_err_t err = rd_kafka_producev(publisher->singles.rk,
		RD_KAFKA_V_TOPIC(rd_kafka_topic_name(rkm->rkt)),
		RD_KAFKA_V_PARTITION(rkm->partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY(rkm->key, rkm->key_len), RD_KAFKA_V_VALUE(rkm->payload, rkm->len),
		RD_KAFKA_V_HEADERS(copy), RD_KAFKA_V_OPAQUE(rkm->_private), RD_KAFKA_V_END);
	if (err && copy)
		rd_kafka_headers_destroy(copy);
	return !err;
}

struct publisher *publisher_new(const struct common_settings *settings, struct loop *loop,
	const char *name, enum publish_lane lane, char *errstr, size_t errstr_size)
{
	struct publisher *publisher = calloc(1, sizeof *publisher);
	memory_need(publisher);
	publisher->settings = settings;
	publisher->lane = lane;
	publisher->loop = loop;
	publisher->name = name;
	publisher->wake_fd = loop_eventfd(loop, NULL, NULL);
	if (open_handle(publisher, &publisher->batches, errstr, errstr_size)) {
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
	close_handle(publisher->batches);
	close_handle(publisher->prompt);
	close_handle(publisher->singles);
	free_tickets(publisher);
	too_large_free(publisher->too_large);
	loop_close_eventfd(publisher->loop, publisher->wake_fd);
	free(publisher);
}

static rd_kafka_topic_t *open_topic(struct handle *handle, const char *name)
{
	for (struct publisher_topic *topic = handle->topics; topic; topic = topic->next)
		if (!strcmp(topic->name, name))
			return topic->rkt;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(handle->rk, name, NULL);
	if (!rkt)
		return NULL;
	struct publisher_topic *topic = calloc(1, sizeof *topic);
	memory_need(topic);
	topic->rkt = rkt;
	topic->name = strdup(name);
	memory_need(topic->name);
	topic->next = handle->topics;
	handle->topics = topic;
	return rkt;
}

static struct handle *choose_handle(struct publisher *publisher, const struct outgoing *record)
{
	if (record->is_prompt && !publisher->prompt.is_broken &&
		is_open(publisher, &publisher->prompt))
		return &publisher->prompt;
	return &publisher->batches;
}

rd_kafka_resp_err_t publisher_send(
	struct publisher *publisher, const struct outgoing *record, struct delivery *delivery)
{
	assert(delivery->done);
	struct handle *handle = choose_handle(publisher, record);
	if (handle->is_broken)
		return RD_KAFKA_RESP_ERR__FATAL;
	rd_kafka_topic_t *rkt = open_topic(handle, record->topic);
	if (!rkt)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	int32_t partition =
		record->partition == PARTITION_SOURCE ? RD_KAFKA_PARTITION_UA : record->partition;
	struct ticket *ticket = take_ticket(publisher, delivery);
	rd_kafka_resp_err_t err = rd_kafka_producev(handle->rk, RD_KAFKA_V_RKT(rkt),
		RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY(record->key, record->key_size),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value, record->value_size),
		RD_KAFKA_V_HEADERS(record->headers), RD_KAFKA_V_TIMESTAMP(record->timestamp_ms),
		RD_KAFKA_V_OPAQUE(ticket), RD_KAFKA_V_END);
	if (err) {
		put_back(publisher, ticket);
		return err;
	}
	delivery->ticket = ticket;
	publisher->open++;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int64_t publisher_pause_us(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? FULL_PAUSE_US : REFUSED_PAUSE_US;
}

static void poll_handle(struct publisher *publisher, struct handle *handle)
{
	if (!handle->rk)
		return;
	rd_kafka_poll(handle->rk, 0);
	if (handle->is_broken && clock_monotonic_us() >= handle->renew_at_us)
		renew_handle(publisher, handle);
}

int publisher_poll(struct publisher *publisher)
{
	publisher->served = 0;
	poll_handle(publisher, &publisher->batches);
	poll_handle(publisher, &publisher->prompt);
	poll_handle(publisher, &publisher->singles);
	return publisher->served;
}

int publisher_open_count(const struct publisher *publisher)
{
	return publisher->open;
}

rd_kafka_t *publisher_handle(struct publisher *publisher)
{
	return publisher->batches.rk;
}

void publisher_let_go(struct publisher *publisher, struct delivery *delivery)
{
	assert(delivery->ticket->delivery == delivery);
	delivery->ticket->delivery = NULL;
	publisher->open--;
}
