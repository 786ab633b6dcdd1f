#include "consumers/shadow/counters.h"
#include "consumers/shadow/lane.h"
#include "consumers/shadow/replay.h"

struct metric_family counter_events_given_up = {
	.name = "umbra_shadow_events_given_up_total",
	.type = METRIC_COUNTER,
	.help = "Events that Kafka did not acknowledge in time: the books have a gap.",
};

static struct metric_family copies = {
	.name = "umbra_shadow_copies_total",
	.type = METRIC_COUNTER,
	.help = "Copies by what became of them at the shadow variant.",
	.labels = {"endpoint", "test", "variant", "outcome"},
};

static struct metric_family latency = {
	.name = "umbra_shadow_model_latency_seconds",
	.type = METRIC_HISTOGRAM,
	.help = "Last attempt at the shadow variant, from its start to the last byte.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family foreign = {
	.name = "umbra_shadow_foreign_records_total",
	.type = METRIC_COUNTER,
	.help = "Records of a shadow topic that are no copies.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family open_records = {
	.name = "umbra_shadow_open_records",
	.type = METRIC_GAUGE,
	.help = "Copies polled whose event is not acknowledged.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family partitions = {
	.name = "umbra_shadow_partitions",
	.type = METRIC_GAUGE,
	.help = "Partitions of the shadow topic that this member owns.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family lag = {
	.name = "umbra_shadow_lag_records",
	.type = METRIC_GAUGE,
	.help = "Copies between the committed offset and the end of the owned partitions.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family in_flight = {
	.name = "umbra_shadow_in_flight",
	.type = METRIC_GAUGE,
	.help = "Calls that are out at the shadow variant.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family left_alone = {
	.name = "umbra_shadow_model_left_alone",
	.type = METRIC_GAUGE,
	.help = "1: after failures in a row the shadow variant is not called for a while.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family retries = {
	.name = "umbra_shadow_retries_total",
	.type = METRIC_COUNTER,
	.help = "Attempts at the shadow variant beyond each copy's first.",
	.labels = {"endpoint", "variant"},
};

static void name_arm(const struct lane *lane, const char *values[2])
{
	values[0] = lane->endpoint->name;
	values[1] = lane_variant(lane)->name;
}

/* Labels come from the control log, never from headers: their number is bounded. */
void counters_copy(const struct replay *replay)
{
	const struct lane *lane = replay->lane;
	const struct model_call *call = &replay->call;
	const char *arm[2];
	name_arm(lane, arm);
	const char *values[] = {arm[0], lane->test->name, arm[1], outcome_name(replay->outcome)};
	metric_get(&copies, values)->value++;
	if (call->started_us)
		metric_observe_us(metric_get(&latency, arm), call->ended_us - call->started_us);
	if (call->attempts > 1)
		metric_get(&retries, arm)->value += call->attempts - 1;
}

void counters_foreign(const struct lane *lane)
{
	const char *values[2];
	name_arm(lane, values);
	metric_get(&foreign, values)->value++;
}

void counters_lane(const struct lane *lane)
{
	const char *values[2];
	struct intake_status status;
	name_arm(lane, values);
	intake_read_status(lane->intake, &status);
	metric_get(&open_records, values)->value = status.open;
	metric_get(&partitions, values)->value = status.partitions;
	metric_get(&lag, values)->value = status.lag;
	metric_get(&in_flight, values)->value = model_in_flight(lane->model);
	metric_get(&left_alone, values)->value = model_is_left_alone(lane->model);
}
