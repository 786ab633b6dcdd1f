#include "consumers/aggregator/counters.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/sample_ratio.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct metric_family records = {
	.name = "umbra_aggregator_records_total",
	.type = METRIC_COUNTER,
	.help = "Records of umbra.events that were read, by what they are.",
	.labels = {"kind"},
};

static struct metric_family finals = {
	.name = "umbra_aggregator_final_records_total",
	.type = METRIC_COUNTER,
	.help = "Records of closed windows that were written.",
};

static struct metric_family provisionals = {
	.name = "umbra_aggregator_provisional_records_total",
	.type = METRIC_COUNTER,
	.help = "Records of open windows that were written.",
};

static struct metric_family refused = {
	.name = "umbra_aggregator_refused_records_total",
	.type = METRIC_COUNTER,
	.help = "Final records that Kafka refused; they are sent again.",
};

static struct metric_family alarms = {
	.name = "umbra_aggregator_alarms_total",
	.type = METRIC_COUNTER,
	.help = "What closed windows hold that must not be: wrong sampling decisions, unsolicited "
		"events, events given up, copies of which nobody told what became of them, or that "
		"found no room to wait, books that do not close; and, once, a share of sampled "
		"requests that cannot be chance.",
	.labels = {"endpoint", "test", "variant", "what"},
};

static struct metric_family partitions = {
	.name = "umbra_aggregator_partitions",
	.type = METRIC_GAUGE,
	.help = "Partitions of umbra.events that this member owns.",
};

static struct metric_family clocks = {
	.name = "umbra_aggregator_clock_seconds",
	.type = METRIC_GAUGE,
	.help = "The partition's clock: the largest append time that was read, since 1970; 0: not "
		"ours.",
	.labels = {"partition"},
};

static struct metric_family lags = {
	.name = "umbra_aggregator_lag_records",
	.type = METRIC_GAUGE,
	.help = "Records of the partition that were not read yet.",
	.labels = {"partition"},
};

static struct metric_family held = {
	.name = "umbra_aggregator_held",
	.type = METRIC_GAUGE,
	.help = "What is kept for a partition: open windows, requests, joins, bytes of answers.",
	.labels = {"partition", "what"},
};

static struct metric_family oddities = {
	.name = "umbra_aggregator_oddities",
	.type = METRIC_GAUGE,
	.help = "Seen in the partition since it was taken over: events that came again, malformed "
		"ones, joins given up at a limit, windows that are not written because records "
		"were deleted.",
	.labels = {"partition", "what"},
};

static const char *const kind_names[FEED_KIND_COUNT] = {
	"event", "gap", "label", "tick", "unreadable"};

void counters_record(enum feed_kind kind)
{
	static struct metric *cached[FEED_KIND_COUNT];
	if (!cached[kind])
		cached[kind] = metric_get(&records, &kind_names[kind]);
	cached[kind]->value++;
}

static void count_alarm(const struct arm *arm, const char *what, int64_t n)
{
	const char *values[] = {arm->endpoint, arm->test ? arm->test : "", arm->variant, what};
	if (n)
		metric_get(&alarms, values)->value += n;
}

/* What this process has seen of an arm's sampling decisions. */
struct watch {
	char *endpoint, *test, *variant;
	struct counts decided, taken;
	bool is_alarmed; /* it is said once */
	struct watch *next;
};

static struct watch *watch_of(const struct arm *arm)
{
	static struct watch *watches;
	for (struct watch *watch = watches; watch; watch = watch->next)
		if (!strcmp(watch->endpoint, arm->endpoint) && !strcmp(watch->test, arm->test) &&
			!strcmp(watch->variant, arm->variant))
			return watch;
	struct watch *watch = calloc(1, sizeof *watch);
	memory_need(watch);
	watch->endpoint = strdup(arm->endpoint);
	watch->test = strdup(arm->test);
	watch->variant = strdup(arm->variant);
	memory_need(watch->endpoint && watch->test && watch->variant);
	watch->next = watches;
	return watches = watch;
}

static void watch_ratio(const struct tally *tally)
{
	struct watch *watch = watch_of(tally->arm);
	for (size_t i = 0; i < tally->n_ratios; i++) {
		const struct tally_ratio *ratio = &tally->ratios[i];
		char name[24];
		snprintf(name, sizeof name, "%lld", (long long)ratio->k);
		counts_add(&watch->decided, name, ratio->decided);
		counts_add(&watch->taken, name, ratio->taken);
	}
	struct sample_ratio ratio = sample_ratio_of(&watch->decided, &watch->taken);
	if (watch->is_alarmed || !sample_ratio_is_mismatch(&ratio))
		return;
	watch->is_alarmed = true;
	count_alarm(tally->arm, "sample_ratio", 1);
	log_error(watch->test,
		"%lld of %lld requests were sampled for %s, where %.0f were to be expected (p = "
		"%.1g)",
		(long long)ratio.sampled, (long long)ratio.requests, watch->variant, ratio.expected,
		ratio.p);
}

void counters_final(const struct tally *tally)
{
	metric_get0(&finals)->value++;
	count_alarm(tally->arm, "wrong_sampling_decisions", tally->wrong_decisions);
	count_alarm(tally->arm, "unsolicited", tally->unsolicited);
	count_alarm(tally->arm, "given_up_events", tally->given_up_events);
	count_alarm(tally->arm, "unwritten_windows", tally->unwritten_windows);
	count_alarm(tally->arm, "unanswered", tally->losses[LOSS_UNANSWERED]);
	count_alarm(tally->arm, "state_bound", tally->losses[LOSS_STATE_BOUND]);
	count_alarm(tally->arm, "open_books", !tally_closes(tally, true));
	if (tally->n_ratios)
		watch_ratio(tally);
}

void counters_provisional(void)
{
	metric_get0(&provisionals)->value++;
}

void counters_refused(void)
{
	metric_get0(&refused)->value++;
}

void counters_partitions(int n)
{
	metric_get0(&partitions)->value = n;
}

static void set(
	struct metric_family *family, const char *partition, const char *what, int64_t value)
{
	const char *values[] = {partition, what};
	metric_get(family, values)->value = value;
}

void counters_shard(int32_t partition, const struct ledger_status *status, int64_t lag)
{
	char text[16];
	snprintf(text, sizeof text, "%d", partition);
	set(&clocks, text, NULL, status->clock_us > 0 ? status->clock_us / 1000000 : 0);
	set(&lags, text, NULL, lag);
	set(&held, text, "windows", status->windows);
	set(&held, text, "requests", status->requests);
	set(&held, text, "joins", status->joins);
	set(&held, text, "join_bytes", status->join_bytes);
	set(&oddities, text, "duplicates", status->duplicates);
	set(&oddities, text, "malformed", status->malformed);
	set(&oddities, text, "state_bound", status->state_bound);
	set(&oddities, text, "labels_given_up", status->labels_given_up);
	set(&oddities, text, "unwritten_windows", status->unwritten);
}

void counters_shard_gone(int32_t partition)
{
	static const struct ledger_status none;
	counters_shard(partition, &none, 0);
}
