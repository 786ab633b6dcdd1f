#include "common/mock_test_fixture.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

void mock_open(struct mock *mock)
{
	static char prefix[] = "umbra.";
	char errstr[300];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL);
	mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr);
	assert(mock->rk);
	mock->cluster = rd_kafka_mock_cluster_new(mock->rk, 1);
	mock->settings.brokers = strdup(rd_kafka_mock_cluster_bootstraps(mock->cluster));
	mock->settings.prefix = prefix;
}

void mock_close(struct mock *mock)
{
	rd_kafka_mock_cluster_destroy(mock->cluster);
	rd_kafka_destroy(mock->rk);
	free(mock->settings.brokers);
}
