/* The topics that Umbra needs: what properties they must have, creating them, checking them. */
#ifndef UMBRA_COMMON_TOPICS_H
#define UMBRA_COMMON_TOPICS_H

#include "common/control.h"
#include "common/kafka.h"

enum topic_kind {
	TOPIC_CONTROL,
	TOPIC_EVENTS,
	TOPIC_AGGREGATES,
	TOPIC_REQUESTS,
	TOPIC_RESPONSES,
	TOPIC_SHADOW,
	TOPIC_DEAD_LETTER
};

struct topic_want {
	char name[250];
	enum topic_kind kind;
	int partitions;
	int replication; /* -1: the broker's default */
};

/* Checks at a program's start that umbra.control and umbra.events have the properties of the
 * design. 0, or -1 and errstr with the command that repairs them; 1 and errstr: they cannot be
 * checked, and are taken as they are. Blocks for at most timeout_ms. */
int topics_check(rd_kafka_t *rk, const char *prefix, int timeout_ms, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

/* Which of `want` do not exist: sets missing[i]. 0, or -1 and errstr. */
int topics_find_missing(rd_kafka_t *rk, const struct topic_want *want, size_t n, bool *missing,
	int timeout_ms, char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* Creates them with the properties of their kind. 0, or -1 and errstr naming the topic. */
int topics_create(rd_kafka_t *rk, const struct topic_want *want, size_t n, int timeout_ms,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

/* The kafka-topics command that creates it, for someone who may; malloc'ed. */
char *topics_command(const struct topic_want *want, const char *brokers);

#endif
