/* umbra-shadow: calls the shadow variants with the copies, one event for each copy. */
#include "consumers/shadow/shadow.h"

#define FIELD(member) offsetof(struct shadow_settings, member)

static const struct setting settings_table[] = {
	{.path = "max_age",
		.option = "max-age",
		.type = SETTING_DURATION,
		.offset = FIELD(max_age_us),
		.fallback = "5m",
		.min = 1,
		.max = 604800000000,
		.argument = "TIME",
		.help = "Copies older than this are shed: the event says so, the model is not "
			"asked."},
	{.path = "drain_timeout",
		.option = "drain-timeout",
		.type = SETTING_DURATION,
		.offset = FIELD(drain_us),
		.fallback = "30s",
		.min = 0,
		.max = 3600000000,
		.argument = "TIME",
		.help = "How long open copies may take to end after SIGTERM."},
};

const struct program shadow_program = {
	.name = "umbra-shadow",
	.summary = "calls shadow models with the copies of production requests",
	.synopsis = "[OPTION]...",
	.details = "Serves the shadow variants of all tests that the control log knows; see "
		   "umbractl(1). Start more of them to share the partitions of the shadow topics.",
	.settings = settings_table,
	.n_settings = sizeof settings_table / sizeof *settings_table,
	.values_size = sizeof(struct shadow_settings),
	.admin_default = "127.0.0.1:9302",
};

int main(int argc, char **argv)
{
	return service_main(&shadow_kind, argc, argv);
}
