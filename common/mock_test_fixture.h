/* librdkafka's mock brokers, and settings that lead to them. */
#ifndef UMBRA_COMMON_MOCK_TEST_FIXTURE_H
#define UMBRA_COMMON_MOCK_TEST_FIXTURE_H

#include "common/kafka.h"
#include "common/settings.h"
#include <librdkafka/rdkafka_mock.h>

struct mock {
	rd_kafka_t *rk; /* of the brokers */
	rd_kafka_mock_cluster_t *cluster;
	struct common_settings settings; /* brokers and prefix "umbra." */
};

void mock_open(struct mock *mock);
void mock_close(struct mock *mock);

#endif
