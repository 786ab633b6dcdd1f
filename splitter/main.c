/* umbra-splitter: requests to production, a sampled copy to the shadow topics, events for both. */
#include "splitter/splitter.h"

#define FIELD(member) offsetof(struct splitter_settings, member)

static const struct setting settings_table[] = {
	{.path = "endpoints",
		.option = "endpoint",
		.letter = 'e',
		.type = SETTING_LIST,
		.offset = FIELD(endpoints),
		.argument = "ENDPOINT",
		.help = "Serve only this endpoint; may be repeated. Without it, all are served."},
	{.path = "drain_timeout",
		.option = "drain-timeout",
		.type = SETTING_DURATION,
		.offset = FIELD(drain_us),
		.fallback = "30s",
		.min = 0,
		.max = 3600000000,
		.argument = "TIME",
		.help = "How long open requests may take to end after SIGTERM."},
};

const struct program splitter_program = {
	.name = "umbra-splitter",
	.summary = "sends requests from Kafka to production and a sampled copy to shadow topics",
	.synopsis = "[OPTION]...",
	.details = "Endpoints and tests come from the control log; see umbractl(1). Start more "
		   "splitters to share the partitions of each endpoint's request topic.",
	.settings = settings_table,
	.n_settings = sizeof settings_table / sizeof *settings_table,
	.values_size = sizeof(struct splitter_settings),
	.admin_default = "127.0.0.1:9301",
};

int main(int argc, char **argv)
{
	return service_main(&splitter_kind, argc, argv);
}
