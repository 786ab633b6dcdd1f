/* umbra-delete-records BROKERS TOPIC PARTITION OFFSET: the records before the offset are gone, as when
 * their time is over. Debian's Python client cannot ask for it. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 30000 };

static rd_kafka_t *connect_to(const char *brokers)
{
	char errstr[512] = "";
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk = NULL;

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, errstr, sizeof(errstr)) ==
		RD_KAFKA_CONF_OK)
		rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
	if (!rk) {
		fprintf(stderr, "%s\n", errstr);
		rd_kafka_conf_destroy(conf);
	}
	return rk;
}

static rd_kafka_resp_err_t wait_result(rd_kafka_queue_t *queue)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
	rd_kafka_resp_err_t err = rd_kafka_event_error(event);

	if (!event)
		return RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (!err)
		err = rd_kafka_DeleteRecords_result_offsets(
			rd_kafka_event_DeleteRecords_result(event))
			      ->elems[0]
			      .err;
	rd_kafka_event_destroy(event);
	return err;
}

static rd_kafka_resp_err_t delete_before(
	rd_kafka_t *rk, const char *topic, int32_t partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_DeleteRecords_t *request;
	rd_kafka_resp_err_t err;

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
	request = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
	err = wait_result(queue);
	rd_kafka_DeleteRecords_destroy(request);
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(list);
	return err;
}

int main(int argc, char **argv)
{
	rd_kafka_t *rk = argc == 5 ? connect_to(argv[1]) : NULL;
	rd_kafka_resp_err_t err;

	if (!rk)
		return 2;
	err = delete_before(
		rk, argv[2], (int32_t)strtol(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
	rd_kafka_destroy(rk);
	if (err)
		fprintf(stderr, "%s\n", rd_kafka_err2str(err));
	return err ? 1 : 0;
}
