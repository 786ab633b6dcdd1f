/* umbra-bare-consumer: the aggregator's yardstick in integration/bench. The least that can be done with
 * a topic: each record is asked for and let go.
 *
 *     umbra-bare-consumer BROKERS TOPIC RECORDS
 *
 * Prints one line of JSON: records per second and CPU time per record, from a tenth on. */
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "bare consumer: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* The aggregator's own settings of the queue. */
static rd_kafka_t *open_consumer(const char *brokers)
{
	static const char *const properties[][2] = {{"group.id", "bare"},
		{"enable.auto.commit", "false"}, {"queued.min.messages", "1000000"},
		{"queued.max.messages.kbytes", "65536"}};
	char errstr[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, sizeof errstr);
	if (!rk)
		die(errstr);
	rd_kafka_poll_set_consumer(rk);
	return rk;
}

static void assign_all(rd_kafka_t *rk, const char *name)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
	if (rd_kafka_metadata(rk, 0, topic, &metadata, 10000))
		die("the brokers do not answer");
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
		rd_kafka_topic_partition_list_add(list, name, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	if (rd_kafka_assign(rk, list))
		die("the partitions cannot be read");
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(topic);
}

static void consume(rd_kafka_t *rk, long records)
{
	double from = 0, cpu = 0;
	long n = 0, before = 0;
	while (n < records) {
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(rk, 10000);
		if (!rkm || rkm->err)
			die("the records ended early");
		rd_kafka_message_destroy(rkm);
		if (++n == records / 10) {
			before = n;
			from = seconds();
			cpu = cpu_seconds();
		}
	}
	double counted = (double)(n - before);
	printf("{\"rate\": %.0f, \"cpu_us\": %.3f}\n", counted / (seconds() - from),
		(cpu_seconds() - cpu) * 1e6 / counted);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		die("see the head of its source");
	rd_kafka_t *rk = open_consumer(argv[1]);
	assign_all(rk, argv[2]);
	consume(rk, strtol(argv[3], NULL, 10));
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return 0;
}
