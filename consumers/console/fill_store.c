/* For integration/bench-console: a store as 30 days leave it. Every 10 s, on each partition, three arms
 * have had some requests; latencies are log-normal, the candidate's a tenth longer, days have a night. The
 * records are those that the aggregator would write, and go the way of every record. The hosts of two
 * variants are read as often, into the file beside it. */
#include "common/log.h"
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include "consumers/aggregator/tally.h"
#include "consumers/console/host_store.h"
#include "consumers/console/store.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_US INT64_C(10000000)
#define DAY_US INT64_C(86400000000)

enum { ARMS = 3, BATCH_WINDOWS = 60, FAIL_SHARE = 200, DIFFER_SHARE = 50 };

struct filling {
	struct store *store;
	struct arm arms[ARMS];
	struct avro_buffer value;
	unsigned short random[3];
	int64_t records;
};

static bool is_one_in(struct filling *filling, long n)
{
	return nrand48(filling->random) % n == 0;
}

static int64_t latency(struct filling *filling, double median_us)
{
	double normal = sqrt(-2 * log(1 - erand48(filling->random))) *
		cos(2 * M_PI * erand48(filling->random));
	return (int64_t)(median_us * exp(0.4 * normal)) + 1;
}

static void invoke(struct filling *filling, struct tally *tally, int64_t model_us)
{
	struct event event = {
		.outcome = is_one_in(filling, FAIL_SHARE) ? OUTCOME_TIMEOUT : OUTCOME_OK,
		.request_bytes = 300,
		.response_bytes = 40,
		.model_latency_us = model_us,
		.overhead_latency_us = latency(filling, 120),
		.queue_us = nrand48(filling->random) % 40};
	tally_add_event(tally, &event);
}

/* Two answers of 100 bytes. */
static void keep_example(struct filling *filling, struct tally *tally)
{
	char kind[] = "number", topic[] = "bench.requests", id[37] = {0}, answer[100];
	uint64_t rank = (uint64_t)nrand48(filling->random);
	if (!mismatches_want(&tally->mismatches, rank))
		return;
	memset(id, 'i', sizeof id - 1);
	memset(answer, 'a', sizeof answer);
	struct mismatch mismatch = {.rank = rank,
		.kind = kind,
		.request_id = id,
		.topic = topic,
		.offset = filling->records,
		.production = {answer, sizeof answer, sizeof answer},
		.candidate = {answer, sizeof answer, sizeof answer}};
	mismatches_add(&tally->mismatches, &mismatch);
}

static void compare(
	struct filling *filling, struct tally *tally, int64_t production_us, int64_t own_us)
{
	struct compare_result result = {
		.verdict = is_one_in(filling, DIFFER_SHARE) ? COMPARE_MISMATCH : COMPARE_MATCH};
	if (result.verdict == COMPARE_MISMATCH)
		keep_example(filling, tally);
	tally->sampled++;
	tally->paired++;
	tally_add_comparison(tally, &result, production_us, own_us);
}

static int hand_in(
	struct filling *filling, const struct tally *tally, const struct tally_frame *frame)
{
	char key[TALLY_KEY_MAX], errstr[300];
	size_t key_size = tally_key(tally->arm, frame, key);
	tally_write(tally, frame, &filling->value);
	filling->records++;
	if (!store_take(filling->store, key, key_size, filling->value.data, filling->value.size,
		    errstr, sizeof errstr))
		return 0;
	log_error(NULL, "%s", errstr);
	return -1;
}

static int fill_window(struct filling *filling, const struct tally_frame *frame)
{
	struct tally tallies[ARMS] = {{0}};
	double day = (double)(frame->window_start_us % DAY_US) / (double)DAY_US;
	int64_t requests = (int64_t)(12 - 8 * cos(2 * M_PI * day));
	int failed = 0;
	for (int i = 0; i < ARMS; i++)
		tallies[i].arm = &filling->arms[i];
	for (int64_t i = 0; i < requests; i++) {
		int64_t production_us = latency(filling, 8000), own_us = latency(filling, 8800),
			second_us = latency(filling, 8000);
		invoke(filling, &tallies[0], production_us);
		invoke(filling, &tallies[1], own_us);
		invoke(filling, &tallies[2], second_us);
		compare(filling, &tallies[1], production_us, own_us);
		compare(filling, &tallies[2], production_us, second_us);
	}
	for (int i = 0; i < ARMS; i++) {
		failed |= hand_in(filling, &tallies[i], frame);
		tally_fini(&tallies[i]);
	}
	return failed;
}

static int fill(struct filling *filling, int64_t from_us, int64_t to_us, int32_t partitions)
{
	char errstr[300];
	struct tally_frame frame = {.window_start_us = from_us, .window_us = WINDOW_US};
	for (int64_t n = 1; frame.window_start_us < to_us;
		n++, frame.window_start_us += WINDOW_US) {
		for (frame.partition = 0; frame.partition < partitions; frame.partition++)
			if (fill_window(filling, &frame))
				return -1;
		if (n % BATCH_WINDOWS)
			continue;
		if (store_commit(filling->store, errstr, sizeof errstr)) {
			log_error(NULL, "%s", errstr);
			return -1;
		}
		store_prune(filling->store);
	}
	return store_commit(filling->store, errstr, sizeof errstr);
}

/* The load of production's and the candidate's hosts. */
static int fill_hosts(struct filling *filling, const char *path, int64_t from_us, int64_t to_us)
{
	char errstr[300];
	int failed = 0;
	struct host_store *hosts = host_store_open(path, errstr, sizeof errstr);
	if (!hosts) {
		log_error(NULL, "%s", errstr);
		return -1;
	}
	for (int64_t at_us = from_us; !failed && at_us < to_us; at_us += WINDOW_US)
		for (int i = 0; i < 2; i++) {
			struct host_reading reading = {0};
			for (int metric = 0; metric < HOST_METRICS; metric++) {
				reading.is_known[metric] = true;
				reading.value[metric] = 100 * erand48(filling->random);
			}
			failed |= host_store_put(hosts, filling->arms[i].endpoint,
				filling->arms[i].variant, at_us, &reading);
		}
	host_store_close(hosts);
	return failed;
}

int main(int argc, char **argv)
{
	char errstr[300], production[] = "v1", candidate[] = "v2";
	int64_t end_us, days, partitions;
	if (argc != 8 || text_parse_int(argv[5], &end_us) || text_parse_int(argv[6], &days) ||
		text_parse_int(argv[7], &partitions)) {
		fprintf(stderr,
			"usage: umbra-fill-store STORE PREFIX ENDPOINT TEST END_US DAYS "
			"PARTITIONS\n");
		return 2;
	}
	struct filling filling = {.random = {1},
		.arms = {{argv[3], NULL, production, ROLE_PRODUCTION},
			{argv[3], argv[4], candidate, ROLE_SHADOW},
			{argv[3], argv[4], production, ROLE_BASELINE}}};
	filling.store = store_open(argv[1], argv[2], errstr, sizeof errstr);
	if (!filling.store) {
		log_error(NULL, "%s", errstr);
		return 1;
	}
	end_us -= end_us % WINDOW_US;
	int failed = fill(&filling, end_us - days * DAY_US, end_us, (int32_t)partitions);
	store_close(filling.store);
	char *hosts;
	memory_need(asprintf(&hosts, "%s-hosts", argv[1]) >= 0);
	failed = failed || fill_hosts(&filling, hosts, end_us - days * DAY_US, end_us);
	free(hosts);
	avro_buffer_fini(&filling.value);
	schema_free_all();
	printf("%lld\n", (long long)filling.records);
	return failed ? 1 : 0;
}
