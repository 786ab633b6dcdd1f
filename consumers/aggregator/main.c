/* umbra-aggregator: turns the events of both arms into the numbers of each window. */
#include "consumers/aggregator/aggregator.h"
#include <stdio.h>

#define FIELD(member) offsetof(struct aggregator_settings, member)

static const struct setting settings_table[] = {
	{.path = "horizon",
		.option = "horizon",
		.type = SETTING_DURATION,
		.offset = FIELD(horizon_us),
		.fallback = "10m",
		.min = 0,
		.max = 86400000000,
		.argument = "TIME",
		.help = "How long after its window's end a copy's event is waited for; one value "
			"for the whole installation."},
	{.path = "memory",
		.option = "memory",
		.type = SETTING_DURATION,
		.offset = FIELD(memory_us),
		.fallback = "12h",
		.min = 1,
		.max = 604800000000,
		.argument = "TIME",
		.help = "How long a request's redelivery is recognised when its source says "
			"nothing "
			"more; less than umbra.events keeps its records."},
	{.path = "max_joins",
		.option = "max-joins",
		.type = SETTING_INT,
		.offset = FIELD(max_joins),
		.fallback = "100000",
		.min = 1,
		.max = 100000000,
		.argument = "N",
		.help = "Copies per partition that may wait for their other half; the oldest "
			"beyond "
			"are given up as state_bound."},
	{.path = "max_join_bytes",
		.option = "max-join-bytes",
		.type = SETTING_SIZE,
		.offset = FIELD(max_join_bytes),
		.fallback = "256MiB",
		.min = 1 << 20,
		.max = INT64_C(1) << 40,
		.argument = "SIZE",
		.help = "Answers per partition that may be kept for them."},
	{.path = "max_requests",
		.option = "max-requests",
		.type = SETTING_INT,
		.offset = FIELD(max_requests),
		.fallback = "4000000",
		.min = 1,
		.max = 1000000000,
		.argument = "N",
		.help = "Requests per partition that are remembered, at some 200 bytes each."},
	{.path = "drain_timeout",
		.option = "drain-timeout",
		.type = SETTING_DURATION,
		.offset = FIELD(drain_us),
		.fallback = "10s",
		.min = 0,
		.max = 3600000000,
		.argument = "TIME",
		.help = "How long records that are on their way may take after SIGTERM."},
};

static int check(const void *values, char *errstr, size_t errstr_size)
{
	const struct aggregator_settings *settings = values;
	if (settings->memory_us >= 2 * (settings->horizon_us + WINDOW_US))
		return 0;
	snprintf(errstr, errstr_size,
		"memory must be at least twice the horizon and the window of 10s together");
	return -1;
}

const struct program aggregator_program = {
	.name = "umbra-aggregator",
	.summary = "turns events into the numbers of shadow tests",
	.synopsis = "[OPTION]...",
	.details = "Joins production's and the shadows' events of umbra.events request by request, "
		   "accounts for every copy, compares the answers, and writes each window of 10 s "
		   "to umbra.aggregates. Start more of them to share the partitions of "
		   "umbra.events.",
	.settings = settings_table,
	.n_settings = sizeof settings_table / sizeof *settings_table,
	.values_size = sizeof(struct aggregator_settings),
	.admin_default = "127.0.0.1:9303",
	.check = check,
};

int main(int argc, char **argv)
{
	return service_main(&aggregator_kind, argc, argv);
}
