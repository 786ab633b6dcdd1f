/* umbra-shadow: calls the shadow variants with the copies, one event for each copy. */
#include "common/event.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/schema.h"
#include "consumers/shadow/shadow.h"
#include <curl/curl.h>

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

static const struct program program = {
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

static void run(struct shadow *shadow, struct loop *loop, struct shadow_settings *settings)
{
	bool stopping = false;
	while (!stopping || !shadow_is_drained(shadow)) {
		int64_t wait_us = shadow_tick(shadow);
		loop_wait(loop, model_caller_multi(shadow->caller), wait_us);
		if (loop_take_reload(loop))
			settings_reload(settings);
		if (loop_is_stopping(loop) && !stopping) {
			stopping = true;
			shadow_stop(shadow);
		}
	}
}

int main(int argc, char **argv)
{
	struct shadow_settings settings;
	char errstr[512];
	int status = settings_load(&program, argc, argv, &settings);
	if (status >= 0)
		return status;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct loop *loop = loop_new(errstr, sizeof errstr);
	struct shadow *shadow = loop ? shadow_new(&settings, loop, errstr, sizeof errstr) : NULL;
	if (shadow) {
		run(shadow, loop, &settings);
		log_info(NULL, "stopped");
	} else {
		log_error(NULL, "cannot start: %s", errstr);
	}
	status = shadow ? 0 : 1;

	shadow_free(shadow);
	loop_free(loop);
	log_flush();
	metrics_free();
	event_free_buffers();
	schema_free_all();
	settings_free(&program, &settings);
	curl_global_cleanup();
	return status;
}
