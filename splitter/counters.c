#include "splitter/counters.h"
#include "common/intake.h"
#include "splitter/exchange.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include <string.h>

struct metric_family counter_events_given_up = {
	.name = "umbra_splitter_events_given_up_total",
	.type = METRIC_COUNTER,
	.help = "Events that Kafka did not acknowledge in time: the books have a gap.",
};

static struct metric_family requests = {
	.name = "umbra_splitter_requests_total",
	.type = METRIC_COUNTER,
	.help = "Requests by what became of them at the production variant.",
	.labels = {"endpoint", "variant", "outcome"},
};

static struct metric_family latency = {
	.name = "umbra_splitter_model_latency_seconds",
	.type = METRIC_HISTOGRAM,
	.help = "Last attempt at the production variant, from its start to the last byte.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family dead_letters = {
	.name = "umbra_splitter_dead_letters_total",
	.type = METRIC_COUNTER,
	.help = "Records that could not be made a request, by reason.",
	.labels = {"endpoint", "code"},
};

static struct metric_family copies = {
	.name = "umbra_splitter_copies_total",
	.type = METRIC_COUNTER,
	.help = "Shadow copies by fate: delivered, or why not.",
	.labels = {"endpoint", "test", "variant", "result"},
};

static struct metric_family open_records = {
	.name = "umbra_splitter_open_records",
	.type = METRIC_GAUGE,
	.help = "Records polled whose parts are not all acknowledged.",
	.labels = {"endpoint"},
};

static struct metric_family partitions = {
	.name = "umbra_splitter_partitions",
	.type = METRIC_GAUGE,
	.help = "Partitions of the request topic that this member owns.",
	.labels = {"endpoint"},
};

static struct metric_family stopped = {
	.name = "umbra_splitter_stopped_partitions",
	.type = METRIC_GAUGE,
	.help = "Owned partitions that are not read until an operator sets a new start position.",
	.labels = {"endpoint"},
};

static struct metric_family lag = {
	.name = "umbra_splitter_lag_records",
	.type = METRIC_GAUGE,
	.help = "Records between the committed offset and the end of the owned partitions.",
	.labels = {"endpoint"},
};

static struct metric_family in_flight = {
	.name = "umbra_splitter_in_flight",
	.type = METRIC_GAUGE,
	.help = "Calls that are out at the production variant.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family waiting = {
	.name = "umbra_splitter_waiting",
	.type = METRIC_GAUGE,
	.help = "Requests that wait for an in-flight slot of the production variant.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family left_alone = {
	.name = "umbra_splitter_model_left_alone",
	.type = METRIC_GAUGE,
	.help = "1: after failures in a row the production variant is not called for a while.",
	.labels = {"endpoint", "variant"},
};

static struct metric_family retries = {
	.name = "umbra_splitter_retries_total",
	.type = METRIC_COUNTER,
	.help = "Attempts at the production variant beyond each request's first.",
	.labels = {"endpoint", "variant"},
};

struct metric *counters_latency(const char *endpoint, const char *variant)
{
	const char *values[] = {endpoint, variant};
	return metric_get(&latency, values);
}

void counters_request(struct exchange *exchange)
{
	struct arm *arm = exchange->arm;
	const struct model_call *call = &exchange->call;
	if (!arm->outcomes[call->outcome]) {
		const char *values[] = {exchange->lineup->endpoint->name, arm->variant->name,
			outcome_name(call->outcome)};
		arm->outcomes[call->outcome] = metric_get(&requests, values);
	}
	arm->outcomes[call->outcome]->value++;
	if (call->started_us)
		metric_observe_us(arm->latency, call->ended_us - call->started_us);
	if (call->attempts > 1) {
		const char *values[] = {exchange->lineup->endpoint->name, arm->variant->name};
		metric_get(&retries, values)->value += call->attempts - 1;
	}
}

void counters_dead_letter(const struct exchange *exchange)
{
	const char *values[] = {exchange->lineup->endpoint->name, exchange->error.code};
	metric_get(&dead_letters, values)->value++;
}

static struct metric *copy_series(const struct part *part, const char *result)
{
	const struct test *test = part->trial->test;
	const char *values[] = {test->endpoint, test->name, part_variant(part), result};
	return metric_get(&copies, values);
}

void counters_copy(const struct part *part, const char *result)
{
	const struct exchange *exchange = part->exchange;
	size_t series = part->variant;
	if (part_role(part) == ROLE_BASELINE)
		series += (size_t)(exchange->arm - exchange->lineup->arms);
	struct metric **delivered = &part->trial->delivered[series];
	if (strcmp(result, "delivered")) {
		copy_series(part, result)->value++;
		return;
	}
	if (!*delivered)
		*delivered = copy_series(part, result);
	(*delivered)->value++;
}

void counters_route(const struct route *route)
{
	const struct lineup *lineup = route->lineup;
	const char *endpoint[] = {lineup->endpoint->name};
	struct intake_status status;
	intake_read_status(route->intake, &status);
	metric_get(&open_records, endpoint)->value = status.open;
	metric_get(&partitions, endpoint)->value = status.partitions;
	metric_get(&stopped, endpoint)->value = status.stopped;
	metric_get(&lag, endpoint)->value = status.lag;
	for (size_t i = 0; i < lineup->n_arms; i++) {
		const char *values[] = {endpoint[0], lineup->arms[i].variant->name};
		metric_get(&in_flight, values)->value = model_in_flight(lineup->arms[i].model);
		metric_get(&waiting, values)->value = model_waiting(lineup->arms[i].model);
		metric_get(&left_alone, values)->value = model_is_left_alone(lineup->arms[i].model);
	}
}
