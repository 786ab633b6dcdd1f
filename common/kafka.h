/* librdkafka as all programs use it: configuration, headers, partitions, queues that wake the loop. */
#ifndef UMBRA_COMMON_KAFKA_H
#define UMBRA_COMMON_KAFKA_H

#include "common/settings.h"
#include <librdkafka/rdkafka.h>

struct kafka_property {
	const char *name;
	const char *value;
};

/* Begins as {0}. A property that stands twice has its last value. */
struct kafka_properties {
	struct kafka_property items[24]; /* the rest has no name */
	size_t n;
};

/* `more` ends with a NULL name; NULL: none. */
void kafka_properties_add(struct kafka_properties *list, const struct kafka_property *more);

/* Is "name=value" a property of librdkafka with a value that it takes? -1 and errstr, which never
 * holds the value. `sasl.password_file=PATH` stands for sasl.password with the file's first line. */
int kafka_property_check(const char *property, char *errstr, size_t errstr_size);

/* A configuration with brokers, client id and log set, then `defaults` (ended by a NULL name), then
 * the user's properties, which win. NULL and errstr, which never holds a value. */
rd_kafka_conf_t *kafka_conf_new(const struct common_settings *settings,
	const struct kafka_property *defaults, char *errstr, size_t errstr_size);

enum { KAFKA_WHY_MAX = 600 };

/* A consumer that reads what it is told by rd_kafka_assign and commits nothing: for small topics
 * that are read from end to end. */
rd_kafka_t *kafka_reader_new(
	const struct common_settings *settings, char *errstr, size_t errstr_size);

/* `properties` win over the reader's own, and are ended by a NULL name. Both may be NULL. */
struct kafka_reader_config {
	const struct kafka_property *properties;
	void (*on_error)(rd_kafka_t *rk, int err, const char *reason, void *opaque);
	void *opaque;
};

/* The same for one who reads on: with an error callback, and properties that suit its topic. */
rd_kafka_t *kafka_reader_open(const struct common_settings *settings,
	const struct kafka_reader_config *config, char *errstr, size_t errstr_size);

/* Ends any consumer: its queue first, as librdkafka wants it. Both may be NULL. */
void kafka_consumer_close(rd_kafka_t *rk, rd_kafka_queue_t *queue);

/* Lets `queue` write to the eventfd `fd` when it gets its first element. */
void kafka_queue_wake(rd_kafka_queue_t *queue, int fd);

/* The last header of that name (Kafka's rule where a header repeats), compared without regard to
 * ASCII case. False: none. A null value gives *value NULL, *size 0. */
bool kafka_header_last(
	const rd_kafka_headers_t *headers, const char *name, const void **value, size_t *size);

/* The hash by itself; Java prints it as a signed number. */
uint32_t kafka_murmur2(const void *key, size_t size);

/* Java's murmur2 as the default partitioner uses it: toPositive(murmur2(key)) mod n. */
int32_t kafka_murmur2_partition(const void *key, size_t size, int32_t n);

/* Does the record not fit, whatever else may change? */
bool kafka_is_too_large(rd_kafka_resp_err_t err);

/* Is it an error that sending the same record again can never mend, as long as nobody repairs the
 * topic or its rights? */
bool kafka_is_permanent(rd_kafka_resp_err_t err);

/* What to add to a message about this error: where the remedy is found, or "". */
const char *kafka_remedy(rd_kafka_resp_err_t err);

/* Why such a reader gets nothing from the topic; `reason` as librdkafka gives it, or NULL. */
void kafka_why_unread(rd_kafka_t *rk, const char *topic, rd_kafka_resp_err_t err,
	const char *reason, char text[KAFKA_WHY_MAX]);

/* The number of partitions of a topic; 0: it does not exist; -1 and errstr: could not be learnt.
 * Blocks for at most timeout_ms. */
int kafka_partition_count(
	rd_kafka_t *rk, const char *topic, int timeout_ms, char *errstr, size_t errstr_size);

#endif
