/* umbra-bare-splitter: the yardstick of integration/bench. The least that a splitter can do: consume,
 * call the model, publish answer and event, copy a share. It keeps no promise: no safe commits, no
 * sampling by hash, no accounting, no retries, no settings.
 *
 *     umbra-bare-splitter BROKERS URL REQUESTS IN_FLIGHT PERCENT INPUT ANSWERS SHADOW EVENTS GROUP [ids]
 *
 * With `ids` each answer bears its request's id, for a caller who waits for it.
 * Prints one line of JSON: requests per second and CPU time per request, from a tenth on. */
#include <curl/curl.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 8192, EVENT_SIZE = 200 };

struct call {
	CURL *easy;
	rd_kafka_message_t *rkm;
	char answer[ANSWER_MAX];
	size_t size;
	double begun;
	struct call *next; /* idle */
};

struct bare {
	rd_kafka_t *consumer, *live, *copies;
	rd_kafka_queue_t *queue;
	int wake_fd;
	CURLM *multi;
	struct call *calls, *idle;
	struct curl_slist *headers;
	const char *answers, *shadow, *events;
	long requests, percent, begun, ended, delivered;
	double *latencies; /* of each call, in seconds */
	bool has_ids; /* answers bear their requests' ids */
	bool is_empty; /* the queue was, when a record was last asked for: the eventfd tells of more */
};

static void die(const char *what)
{
	fprintf(stderr, "bare splitter: %s\n", what);
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

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char errstr[300];
	if (rd_kafka_conf_set(conf, name, value, errstr, sizeof errstr) != RD_KAFKA_CONF_OK)
		die(errstr);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *rkm, void *opaque)
{
	(void)rk;
	struct bare *bare = opaque;
	bare->delivered += !rkm->err;
}

static rd_kafka_t *open_producer(struct bare *bare, const char *brokers)
{
	char errstr[300];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	set(conf, "bootstrap.servers", brokers);
	set(conf, "linger.ms", "1");
	set(conf, "socket.nagle.disable", "true");
	rd_kafka_conf_set_opaque(conf, bare);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof errstr);
	if (!rk)
		die(errstr);
	return rk;
}

static void open_kafka(struct bare *bare, const char *brokers, const char *input, const char *group)
{
	char errstr[300];
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	set(conf, "bootstrap.servers", brokers);
	set(conf, "group.id", group);
	set(conf, "auto.offset.reset", "earliest");
	set(conf, "socket.nagle.disable", "true");
	bare->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, sizeof errstr);
	if (!bare->consumer)
		die(errstr);
	bare->live = open_producer(bare, brokers);
	bare->copies = open_producer(bare, brokers);
	rd_kafka_poll_set_consumer(bare->consumer);
	bare->queue = rd_kafka_queue_get_consumer(bare->consumer);
	bare->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	rd_kafka_queue_io_event_enable(bare->queue, bare->wake_fd, &one, sizeof one);
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, input, RD_KAFKA_PARTITION_UA);
	rd_kafka_subscribe(bare->consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
}

static size_t on_body(char *data, size_t one, size_t n, void *opaque)
{
	struct call *call = opaque;
	size_t size = one * n;
	if (size > ANSWER_MAX - call->size)
		return 0;
	memcpy(call->answer + call->size, data, size);
	call->size += size;
	return size;
}

static void open_calls(struct bare *bare, const char *url, long n)
{
	bare->multi = curl_multi_init();
	curl_multi_setopt(bare->multi, CURLMOPT_MAXCONNECTS, n + 1);
	bare->headers = curl_slist_append(NULL, "content-type: application/json");
	bare->headers = curl_slist_append(bare->headers, "expect:");
	bare->calls = calloc((size_t)n, sizeof *bare->calls);
	for (long i = 0; i < n; i++) {
		struct call *call = &bare->calls[i];
		call->easy = curl_easy_init();
		curl_easy_setopt(call->easy, CURLOPT_URL, url);
		curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, bare->headers);
		curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
		curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
		curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
		call->next = bare->idle;
		bare->idle = call;
	}
}

/* NULL: none. */
static rd_kafka_headers_t *answer_headers(const struct bare *bare, const rd_kafka_message_t *rkm)
{
	rd_kafka_headers_t *asked, *headers;
	const void *id;
	size_t size;
	if (!bare->has_ids || rd_kafka_message_headers(rkm, &asked) ||
		rd_kafka_header_get_last(asked, "x-request-id", &id, &size))
		return NULL;
	headers = rd_kafka_headers_new(1);
	rd_kafka_header_add(headers, "umbra-request-id", -1, id, (ssize_t)size);
	return headers;
}

/* The headers are Kafka's from here on; NULL: none. */
static void publish(rd_kafka_t *rk, const char *topic, const rd_kafka_message_t *rkm,
	const void *value, size_t size, rd_kafka_headers_t *headers)
{
	while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
		       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		       RD_KAFKA_V_KEY(rkm->key, rkm->key_len),
		       RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
		       RD_KAFKA_V_HEADERS(headers),
		       RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 10);
}

static void begin(struct bare *bare, rd_kafka_message_t *rkm)
{
	struct call *call = bare->idle;
	bare->idle = call->next;
	call->rkm = rkm;
	call->size = 0;
	call->begun = seconds();
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE, (long)rkm->len);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, rkm->payload);
	curl_multi_add_handle(bare->multi, call->easy);
	if (bare->begun++ % 100 < bare->percent)
		publish(bare->copies, bare->shadow, rkm, rkm->payload, rkm->len, NULL);
}

static void take_requests(struct bare *bare)
{
	uint64_t ignored;
	while (read(bare->wake_fd, &ignored, sizeof ignored) > 0)
		;
	bare->is_empty = bare->begun == bare->requests;
	while (bare->idle && !bare->is_empty && bare->begun < bare->requests) {
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(bare->consumer, 0);
		bare->is_empty = !rkm;
		if (!rkm)
			return;
		if (rkm->err)
			rd_kafka_message_destroy(rkm);
		else
			begin(bare, rkm);
	}
}

static void take_answers(struct bare *bare)
{
	static const char event[EVENT_SIZE] = "what became of the request";
	int running, left;
	CURLMsg *msg;
	curl_multi_perform(bare->multi, &running);
	while ((msg = curl_multi_info_read(bare->multi, &left))) {
		struct call *call = NULL;
		CURL *easy = msg->easy_handle;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
		curl_multi_remove_handle(bare->multi, easy);
		publish(bare->live, bare->answers, call->rkm, call->answer, call->size,
			answer_headers(bare, call->rkm));
		publish(bare->live, bare->events, call->rkm, event, sizeof event, NULL);
		rd_kafka_message_destroy(call->rkm);
		call->next = bare->idle;
		bare->idle = call;
		bare->latencies[bare->ended++] = seconds() - call->begun;
	}
}

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;
	return (one > other) - (one < other);
}

static void print_latencies(struct bare *bare)
{
	double sum = 0;
	for (long i = 0; i < bare->ended; i++)
		sum += bare->latencies[i];
	qsort(bare->latencies, (size_t)bare->ended, sizeof *bare->latencies, compare);
	printf("\"mean_us\": %.1f, \"p99_us\": %.1f}\n", sum * 1e6 / (double)bare->ended,
		bare->latencies[(size_t)(0.99 * (double)(bare->ended - 1))] * 1e6);
}

static void run(struct bare *bare)
{
	double from = 0, cpu = 0;
	long before = 0;
	while (bare->ended < bare->requests) {
		take_requests(bare);
		take_answers(bare);
		rd_kafka_poll(bare->live, 0);
		rd_kafka_poll(bare->copies, 0);
		if (!before && bare->ended >= bare->requests / 10) {
			before = bare->ended;
			from = seconds();
			cpu = cpu_seconds();
		}
		struct curl_waitfd wake = {.fd = bare->wake_fd, .events = CURL_WAIT_POLLIN};
		bool more = bare->idle && !bare->is_empty;
		curl_multi_poll(bare->multi, &wake, 1, more ? 0 : 100, NULL);
	}
	rd_kafka_flush(bare->live, 30000);
	rd_kafka_flush(bare->copies, 30000);
	double n = (double)(bare->requests - before);
	printf("{\"rate\": %.1f, \"cpu_us\": %.3f, \"delivered\": %ld, ", n / (seconds() - from),
		(cpu_seconds() - cpu) * 1e6 / n, bare->delivered);
	print_latencies(bare);
}

int main(int argc, char **argv)
{
	struct bare bare = {0};
	if (argc != 11 && argc != 12)
		die("usage: BROKERS URL REQUESTS IN_FLIGHT PERCENT INPUT ANSWERS SHADOW EVENTS "
		    "GROUP [ids]");
	bare.has_ids = argc == 12;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bare.requests = strtol(argv[3], NULL, 10);
	bare.percent = strtol(argv[5], NULL, 10);
	bare.answers = argv[7];
	bare.shadow = argv[8];
	bare.events = argv[9];
	bare.latencies = calloc((size_t)bare.requests, sizeof *bare.latencies);
	open_kafka(&bare, argv[1], argv[6], argv[10]);
	open_calls(&bare, argv[2], strtol(argv[4], NULL, 10));
	run(&bare);
	fflush(stdout);
	_exit(0); /* it has said what it was for */
}
