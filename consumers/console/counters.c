#include "consumers/console/counters.h"
#include "common/metrics.h"
#include <stdio.h>

static struct metric_family records = {
	.name = "umbra_console_records_total",
	.type = METRIC_COUNTER,
	.help = "Records of umbra.aggregates that were read, by what they are.",
	.labels = {"kind"},
};

static struct metric_family failed_commits = {
	.name = "umbra_console_failed_commits_total",
	.type = METRIC_COUNTER,
	.help = "Batches that the store did not take; they are read again.",
};

static struct metric_family answers = {
	.name = "umbra_console_http_answers_total",
	.type = METRIC_COUNTER,
	.help = "Answers over HTTP, by status.",
	.labels = {"status"},
};

static struct metric_family durations = {
	.name = "umbra_console_http_seconds",
	.type = METRIC_HISTOGRAM,
	.help = "How long answers took to make.",
};

static struct metric_family refused = {
	.name = "umbra_console_refused_total",
	.type = METRIC_COUNTER,
	.help = "Requests without the token that was asked for.",
	.labels = {"token"},
};

static struct metric_family streams = {
	.name = "umbra_console_streams",
	.type = METRIC_GAUGE,
	.help = "Open streams of changes.",
};

static struct metric_family lags = {
	.name = "umbra_console_lag_records",
	.type = METRIC_GAUGE,
	.help = "Records of the partition of umbra.aggregates that were not read yet.",
	.labels = {"partition"},
};

static struct metric_family store = {
	.name = "umbra_console_store_bytes",
	.type = METRIC_GAUGE,
	.help = "Size of the store's file.",
};

void counters_record(enum record_kind kind)
{
	static const char *const names[RECORD_KINDS] = {"window", "tombstone", "malformed"};
	static struct metric *cached[RECORD_KINDS];
	if (!cached[kind])
		cached[kind] = metric_get(&records, &names[kind]);
	cached[kind]->value++;
}

void counters_failed_commit(void)
{
	metric_get0(&failed_commits)->value++;
}

void counters_answer(unsigned status, int64_t took_us)
{
	char text[16];
	const char *value = text;
	snprintf(text, sizeof text, "%u", status);
	metric_get(&answers, &value)->value++;
	metric_observe_us(metric_get0(&durations), took_us);
}

void counters_refused(const char *why)
{
	metric_get(&refused, &why)->value++;
}

void counters_streams(int n)
{
	metric_get0(&streams)->value = n;
}

void counters_lag(int32_t partition, int64_t n)
{
	char text[16];
	const char *value = text;
	snprintf(text, sizeof text, "%d", (int)partition);
	metric_get(&lags, &value)->value = n;
}

void counters_store(int64_t bytes)
{
	metric_get0(&store)->value = bytes;
}
