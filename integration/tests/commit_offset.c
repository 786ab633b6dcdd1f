/* umbra-commit-offset BROKERS GROUP TOPIC PARTITION OFFSET METADATA: commits for a group that has no
 * members. Debian's Python client knows no metadata. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rd_kafka_t *join(const char *brokers, const char *group)
{
	char errstr[512] = "";
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk = NULL;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, errstr, sizeof(errstr)) ==
			RD_KAFKA_CONF_OK &&
		rd_kafka_conf_set(conf, "group.id", group, errstr, sizeof(errstr)) ==
			RD_KAFKA_CONF_OK)
		rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, sizeof(errstr));
	if (!rk) {
		fprintf(stderr, "%s\n", errstr);
		rd_kafka_conf_destroy(conf);
	}
	return rk;
}

static rd_kafka_resp_err_t commit(rd_kafka_t *rk, char **where)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *place = rd_kafka_topic_partition_list_add(
		list, where[0], (int32_t)strtol(where[1], NULL, 10));
	rd_kafka_resp_err_t err;

	place->offset = strtoll(where[2], NULL, 10);
	place->metadata = strdup(where[3]);
	place->metadata_size = strlen(where[3]);
	err = rd_kafka_commit(rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
	return err;
}

int main(int argc, char **argv)
{
	rd_kafka_t *rk = argc == 7 ? join(argv[1], argv[2]) : NULL;
	rd_kafka_resp_err_t err;

	if (!rk)
		return 2;
	err = commit(rk, argv + 3);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	if (err)
		fprintf(stderr, "%s\n", rd_kafka_err2str(err));
	return err ? 1 : 0;
}
