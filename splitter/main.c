/* umbra-splitter: requests to production, a sampled copy to the shadow topics, events for both. */
#include "common/clock.h"
#include "common/event.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/schema.h"
#include "common/settings.h"
#include "splitter/splitter.h"
#include <curl/curl.h>

#define FIELD(member) offsetof(struct splitter_settings, member)

static const struct setting settings_table[] = {
	{.path = "endpoints",
		.option = "endpoint",
		.letter = 'e',
		.type = SETTING_LIST,
		.offset = FIELD(endpoints),
		.argument = "NAME",
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

static const struct program program = {
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

static void run(struct splitter *splitter, struct loop *loop, struct splitter_settings *settings)
{
	bool stopping = false;
	while (!stopping || !splitter_is_drained(splitter)) {
		int64_t wait_us = splitter_tick(splitter);
		loop_wait(loop, model_caller_multi(splitter->caller), wait_us);
		if (loop_take_reload(loop))
			settings_reload(settings);
		if (loop_is_stopping(loop) && !stopping) {
			stopping = true;
			splitter_stop(splitter);
		}
	}
}

int main(int argc, char **argv)
{
	struct splitter_settings settings;
	char errstr[512];
	int status = settings_load(&program, argc, argv, &settings);
	if (status >= 0)
		return status;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct loop *loop = loop_new(errstr, sizeof errstr);
	struct splitter *splitter = NULL;
	if (loop)
		splitter = splitter_new(&settings, loop, errstr, sizeof errstr);
	if (splitter) {
		run(splitter, loop, &settings);
		log_info(NULL, "stopped");
	} else {
		log_error(NULL, "cannot start: %s", errstr);
	}

	status = splitter ? 0 : 1;

	splitter_free(splitter);
	loop_free(loop);
	log_flush();
	metrics_free();
	event_free_buffers();
	schema_free_all();
	settings_free(&program, &settings);
	curl_global_cleanup();
	return status;
}
