/* umbractl cat: any topic as JSON lines. It reads each partition from where --from says to the end
 * that it had when the command started, or on and on with -f. */
#include "control/cat.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {
	{.option = "follow",
		.letter = 'f',
		.type = SETTING_BOOL,
		.offset = CTL_AT(follow),
		.fallback = "false",
		.help = "Go on with what arrives later."},
	{.option = "from",
		.type = SETTING_STRING,
		.offset = CTL_AT(from),
		.argument = "OFFSET|TIME|now",
		.help = "The first record of each partition."},
	{.option = "to",
		.type = SETTING_STRING,
		.offset = CTL_AT(to),
		.argument = "OFFSET|TIME",
		.help = "Stop in each partition before this offset or time."},
	{.option = "key",
		.type = SETTING_STRING,
		.offset = CTL_AT(key),
		.argument = "K",
		.help = "Only records with this key."},
	{.option = "count",
		.letter = 'n',
		.type = SETTING_INT,
		.offset = CTL_AT(count),
		.fallback = "-1",
		.min = -1,
		.max = INT64_MAX,
		.argument = "N",
		.help = "Stop after N records."},
	OPTION_TIMEOUT,
};

enum limit { LIMIT_NONE, LIMIT_OFFSET, LIMIT_TIME, LIMIT_NOW };

struct reading {
	struct ctl *ctl;
	const char *topic;
	int n; /* partitions */
	int64_t *next, *end;
	int open; /* partitions whose end is not reached */
	enum limit from, to;
	int64_t from_value, to_value;
	int64_t printed;
};

/* False after a message. */
static bool parse_limit(const char *text, const char *option, enum limit *limit, int64_t *value)
{
	*limit = LIMIT_NONE;
	if (!text || strcmp(text, "earliest") == 0)
		return true;
	*limit = strcmp(text, "now") == 0 ? LIMIT_NOW : LIMIT_OFFSET;
	if (*limit == LIMIT_NOW || (text_parse_int(text, value) == 0 && *value >= 0))
		return true;
	*limit = LIMIT_TIME;
	if (text_parse_time(text, value) == 0)
		return true;
	ctl_usage("%s must be an offset or a time, as 2026-01-31T12:00:00Z", option);
	return false;
}

static bool find_ends(struct reading *reading)
{
	for (int i = 0; i < reading->n; i++) {
		int64_t low = 0;
		rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(reading->ctl->rk,
			reading->topic, i, &low, &reading->end[i], ctl_timeout_ms(reading->ctl));

		if (err) {
			ctl_fail("the ends of %s/%d cannot be learnt: %s", reading->topic, i,
				rd_kafka_err2str(err));
			return false;
		}
		reading->next[i] = low;
		if (reading->from == LIMIT_NOW)
			reading->next[i] = reading->end[i];
		else if (reading->from == LIMIT_OFFSET && reading->from_value > low)
			reading->next[i] = reading->from_value;
	}
	return true;
}

static bool find_times(struct reading *reading)
{
	json_t *time = json_integer(reading->from_value);
	json_t *start = reading->from == LIMIT_TIME
		? resolve_start(reading->ctl, reading->topic, time)
		: json_array();

	json_decref(time);
	if (!start)
		return false;
	for (size_t i = 0; i < json_array_size(start); i++)
		reading->next[i] = json_integer_value(json_array_get(start, i));
	json_decref(start);
	return true;
}

/* The end that counts: as it was at the start, or before --to; none when following. */
static void bound(struct reading *reading)
{
	for (int i = 0; i < reading->n; i++) {
		if (reading->ctl->settings.follow)
			reading->end[i] = INT64_MAX;
		if (reading->to == LIMIT_OFFSET && reading->to_value < reading->end[i])
			reading->end[i] = reading->to_value;
	}
}

static void assign(struct reading *reading)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->n);

	for (int i = 0; i < reading->n; i++) {
		if (reading->next[i] >= reading->end[i])
			continue;
		rd_kafka_topic_partition_list_add(list, reading->topic, i)->offset =
			reading->next[i];
		reading->open++;
	}
	rd_kafka_assign(reading->ctl->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void reach(struct reading *reading, int32_t partition, int64_t next)
{
	bool was_open = reading->next[partition] < reading->end[partition];

	reading->next[partition] = next;
	if (was_open && next >= reading->end[partition])
		reading->open--;
}

static bool has_key(const rd_kafka_message_t *rkm, const char *key)
{
	return !key ||
		(rkm->key && rkm->key_len == strlen(key) &&
			memcmp(rkm->key, key, rkm->key_len) == 0);
}

static void take_record(struct reading *reading, const rd_kafka_message_t *rkm)
{
	int64_t *end = &reading->end[rkm->partition];

	if (rkm->offset >= *end || reading->next[rkm->partition] >= *end)
		return;
	if (reading->to == LIMIT_TIME &&
		rd_kafka_message_timestamp(rkm, NULL) * 1000 >= reading->to_value) {
		reach(reading, rkm->partition, *end);
		return;
	}
	reach(reading, rkm->partition, rkm->offset + 1);
	if (!has_key(rkm, reading->ctl->settings.key))
		return;
	cat_print_record(rkm);
	reading->printed++;
}

/* 0, or the exit status. */
static int take(struct reading *reading, const rd_kafka_message_t *rkm)
{
	if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		take_record(reading, rkm);
	else if (rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && rkm->offset > 0)
		reach(reading, rkm->partition,
			reading->ctl->settings.follow ? reading->next[rkm->partition]
						      : rkm->offset);
	else if (rkm->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return ctl_fail(
			"%s cannot be read: %s", reading->topic, rd_kafka_message_errstr(rkm));
	return 0;
}

static int read_all(struct reading *reading)
{
	const struct ctl_settings *settings = &reading->ctl->settings;
	int64_t heard_us = clock_monotonic_us();
	int status = 0;

	while (status == 0 && reading->open > 0 &&
		(settings->count < 0 || reading->printed < settings->count)) {
		rd_kafka_message_t *rkm = rd_kafka_consumer_poll(reading->ctl->rk, 100);

		if (rkm) {
			status = take(reading, rkm);
			rd_kafka_message_destroy(rkm);
			heard_us = clock_monotonic_us();
		} else if (!settings->follow &&
			clock_monotonic_us() - heard_us > settings->timeout_us) {
			status = ctl_fail("%s cannot be read: no answer in time", reading->topic);
		}
		if (settings->follow)
			fflush(stdout);
		if (ferror(stdout))
			status = ctl_fail("cannot write");
	}
	return status;
}

static int read_topic(struct reading *reading)
{
	int status;

	reading->next = calloc((size_t)reading->n, sizeof(*reading->next));
	reading->end = calloc((size_t)reading->n, sizeof(*reading->end));
	memory_need(reading->next && reading->end);
	status = find_ends(reading) && find_times(reading) ? EXIT_DONE : EXIT_FAILED;
	if (status == EXIT_DONE) {
		bound(reading);
		assign(reading);
		status = read_all(reading);
	}
	free(reading->next);
	free(reading->end);
	return status;
}

static int run(struct ctl *ctl)
{
	struct reading reading = {.ctl = ctl};
	char errstr[512];
	int status;

	if (ctl->n_operands != 1)
		return ctl_usage("which topic? umbractl cat TOPIC");
	if (!parse_limit(ctl->settings.from, "--from", &reading.from, &reading.from_value) ||
		!parse_limit(ctl->settings.to, "--to", &reading.to, &reading.to_value))
		return EXIT_USAGE;
	status = ctl_connect(ctl);
	if (status != EXIT_DONE)
		return status;
	reading.topic = ctl->operands[0];
	reading.n = kafka_partition_count(
		ctl->rk, reading.topic, ctl_timeout_ms(ctl), errstr, sizeof(errstr));
	if (reading.n < 0)
		return ctl_fail("%s", errstr);
	if (reading.n == 0)
		return ctl_fail("no such topic %s", reading.topic);
	return read_topic(&reading);
}

const struct verb verb_cat = {"cat",
	CTL_PROGRAM("cat TOPIC [OPTION]...", "Print a topic as JSON lines.",
		"Each line has partition, offset, timestamp, key, headers (a list of [name, "
		"value]) "
		"and value. Umbra's own records are decoded, JSON is embedded, other text is a "
		"string, other bytes are {\"base64\": ...}.",
		options, 1),
	run};
