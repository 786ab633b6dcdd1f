/* A broker without Java for the demo: librdkafka's mock cluster, one node, in memory.
 *
 * It has no admin API, so it creates the topics that its command line names. It keeps 5 MiB per
 * partition, and it proves nothing about a real broker: the tests use Apache Kafka, save those of a
 * leader that is gone, or that takes records and never answers, which this one can play. It prints
 * its address on standard output as one line, then serves until SIGTERM or SIGINT. */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTITIONS = 1000, MAX_TOPIC = 249 };

/* Who leads: broker 2 is there only to hang. */
enum { NOBODY = -1, SOUND = 1, HUNG = 2 };
enum { PRODUCE = 0, HANG_MS = 3600000, HANGS = 10000 };

static int usage(FILE *out, int status)
{
	fprintf(out,
		"Usage: umbra-embedded-broker [--leaderless|--hung] TOPIC[:PARTITIONS]...\n"
		"Serves these topics from memory, prints HOST:PORT, and ends at SIGTERM.\n"
		"The topic after --leaderless has no leaders; that of one after --hung never\n"
		"acknowledges a record.\n");
	return status;
}

/* Splits "TOPIC:PARTITIONS" at its last colon. -1: it is not such a word. */
static int parse_topic(const char *word, char *topic, int *partitions)
{
	const char *colon = strrchr(word, ':');
	size_t size = colon ? (size_t)(colon - word) : strlen(word);
	char *end = "";
	long n = 1;

	if (colon) {
		errno = 0;
		n = strtol(colon + 1, &end, 10);
	}
	if (size == 0 || size > MAX_TOPIC || *end != '\0' || n < 1 || n > MAX_PARTITIONS)
		return -1;
	memcpy(topic, word, size);
	topic[size] = '\0';
	*partitions = (int)n;
	return 0;
}

static int create_topic(rd_kafka_mock_cluster_t *cluster, const char *word, int leader)
{
	char topic[MAX_TOPIC + 1];
	int partitions;

	if (parse_topic(word, topic, &partitions) == -1) {
		fprintf(stderr,
			"umbra-embedded-broker: \"%s\" is not TOPIC:PARTITIONS with 1 to "
			"%d partitions\n",
			word, MAX_PARTITIONS);
		return 2;
	}
	if (rd_kafka_mock_topic_create(cluster, topic, partitions, 1)) {
		fprintf(stderr, "umbra-embedded-broker: could not create %s\n", topic);
		return 1;
	}
	for (int i = 0; i < partitions; i++)
		rd_kafka_mock_partition_set_leader(cluster, topic, i, leader);
	return 0;
}

static int create_topics(rd_kafka_mock_cluster_t *cluster, char **words)
{
	int status = 0, leader = SOUND;

	for (; *words && status == 0; words++) {
		if (strcmp(*words, "--leaderless") == 0) {
			leader = NOBODY;
		} else if (strcmp(*words, "--hung") == 0) {
			leader = HUNG;
		} else {
			status = create_topic(cluster, *words, leader);
			leader = SOUND;
		}
	}
	return status;
}

static int has_hung(char **words)
{
	while (*words && strcmp(*words, "--hung") != 0)
		words++;
	return *words != NULL;
}

/* Everything but a record it answers at once: it may coordinate a group. */
static void hang_producers(rd_kafka_mock_cluster_t *cluster)
{
	for (int i = 0; i < HANGS; i++)
		rd_kafka_mock_broker_push_request_error_rtts(
			cluster, HUNG, PRODUCE, 1, RD_KAFKA_RESP_ERR_NO_ERROR, HANG_MS);
}

/* Serves the topics until a signal of `ends` comes. Returns the exit status. */
static int serve(rd_kafka_t *rk, char **words, const sigset_t *ends)
{
	int is_hung = has_hung(words), status, number;
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(rk, is_hung ? HUNG : SOUND);

	if (!cluster) {
		fprintf(stderr, "umbra-embedded-broker: the mock cluster could not be started\n");
		return 1;
	}
	if (is_hung)
		hang_producers(cluster);
	status = create_topics(cluster, words);
	if (status == 0) {
		printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
		fflush(stdout);
		sigwait(ends, &number);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	return status;
}

int main(int argc, char **argv)
{
	char errstr[512];
	sigset_t ends;
	rd_kafka_t *rk;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (argc < 2 || (argv[1][0] == '-' && argc < 3))
		return usage(stderr, 2);
	/* Blocked before librdkafka's threads start, so that they inherit it. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, errstr, sizeof(errstr));
	if (!rk) {
		fprintf(stderr, "umbra-embedded-broker: %s\n", errstr);
		return 1;
	}
	status = serve(rk, argv + 1, &ends);
	rd_kafka_destroy(rk);
	return status;
}
