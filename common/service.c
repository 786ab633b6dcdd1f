#include "common/service.h"
#include "common/clock.h"
#include "common/event.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "common/notify.h"
#include "common/schema.h"
#include "common/topics.h"
#include "common/watchdog.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SLOW_TICK_US = 500000,
	CHECK_INTERVAL_US = 5000000, /* a check of the topics that failed is tried again */
	CHECK_TIMEOUT_MS = 5000, /* nothing is in flight yet that this could hold up */
	CLOSE_SECONDS = 10 /* for the end, when what was open has ended or had its time */
};

static void name_instance(struct service *service)
{
	char host[100] = "";
	gethostname(host, sizeof host - 1);
	if (service->settings->instance)
		snprintf(service->instance, INSTANCE_MAX, "%s", service->settings->instance);
	else
		snprintf(service->instance, INSTANCE_MAX, "%s-%d", host, (int)getpid());
}

static int open_service(struct service *service, char *errstr, size_t errstr_size)
{
	const struct common_settings *settings = service->settings;
	name_instance(service);
	service->has_changed = true;
	service->notify = notify_open(errstr, errstr_size);
	if (!service->notify && *errstr)
		log_warn(NULL, "%s", errstr);
	service->loop = loop_new(errstr, errstr_size);
	if (!service->loop)
		return -1;
	service->admin = admin_open(service->loop, settings->admin, errstr, errstr_size);
	if (!service->admin)
		return -1;
	service->caller = model_caller_new(errstr, errstr_size);
	if (!service->caller)
		return -1;
	service->control = control_log_open(settings, service->loop, errstr, errstr_size);
	if (!service->control)
		return -1;
	return service->kind->open(service, errstr, errstr_size);
}

static void close_service(struct service *service)
{
	service->kind->close(service);
	control_log_close(service->control);
	model_caller_free(service->caller);
	admin_close(service->admin);
	loop_free(service->loop);
	notify_close(service->notify);
}

/* Before the first act: are the topics as the design says, is there an installation? */
static void try_start(struct service *service)
{
	const char *why_not;
	if (service->now_us < service->next_check_us ||
		!control_log_is_current(service->control, &why_not))
		return;
	int checked = topics_check(service->kind->handle(service), service->settings->prefix,
		CHECK_TIMEOUT_MS, service->problem, sizeof service->problem);
	bool failed = checked < 0;
	if (checked > 0)
		log_warn(NULL, "%s", service->problem);
	if (!failed && !control_log_state(service->control)->event_partitions) {
		snprintf(service->problem, sizeof service->problem,
			"there is no installation yet: run umbractl init");
		failed = true;
	}
	service->next_check_us = clock_monotonic_us() + CHECK_INTERVAL_US;
	service->is_started = !failed;
	if (failed)
		log_error(NULL, "%s", service->problem);
}

static const char *why_not_started(struct service *service)
{
	const char *why_not = NULL;
	if (!control_log_is_current(service->control, &why_not))
		return why_not ? why_not : "the control log is being read";
	if (!service->is_started)
		return service->problem[0] ? service->problem : "starting";
	return control_log_state(service->control)->not_understood;
}

static void tell_readiness(struct service *service)
{
	char text[300];
	const char *why_not = service->is_stopping ? "stopping" : why_not_started(service);
	if (!why_not)
		why_not = service->kind->why_not_ready(service, text, sizeof text);
	admin_set_ready(service->admin, why_not);
	notify_tell(service->notify, why_not);
}

static int64_t tick(struct service *service)
{
	service->now_us = clock_monotonic_us();
	service->is_slow_tick = service->now_us >= service->next_slow_us;
	if (service->is_slow_tick)
		service->next_slow_us = service->now_us + SLOW_TICK_US;
	service->has_changed |= control_log_tick(service->control, service->now_us);
	if (!service->is_started && !service->is_stopping)
		try_start(service);
	int64_t wait = service->kind->tick(service);
	if (service->is_started)
		service->has_changed = false;
	if (service->is_slow_tick)
		tell_readiness(service);
	wait = loop_earlier(wait, service->next_slow_us - service->now_us);
	wait = loop_earlier(wait, admin_tick(service->admin));
	wait = loop_earlier(wait, notify_tick(service->notify, service->now_us));
	return loop_earlier(wait, log_tick(service->now_us));
}

/* From here on it ends in time, whatever hangs. */
static void begin_stop(struct service *service)
{
	service->is_stopping = true;
	notify_stopping(service->notify);
	tell_readiness(service);
	int64_t drain_us = service->kind->stop(service);
	watchdog_arm((unsigned)((drain_us + 999999) / 1000000) + CLOSE_SECONDS);
}

static void run(struct service *service)
{
	CURLM *multi = model_caller_multi(service->caller);
	while (!service->is_stopping || !service->kind->is_drained(service)) {
		loop_wait(service->loop, multi, tick(service));
		if (loop_take_reload(service->loop))
			settings_reload(service->settings);
		if (loop_is_stopping(service->loop) && !service->is_stopping)
			begin_stop(service);
	}
}

static int live(struct service *service)
{
	char errstr[512];
	int failed = open_service(service, errstr, sizeof errstr);
	if (failed) {
		log_error(NULL, "cannot start: %s", errstr);
		watchdog_arm(CLOSE_SECONDS);
	} else {
		run(service);
		log_info(NULL, "stopped");
	}
	close_service(service);
	watchdog_disarm();
	return failed ? 1 : 0;
}

int service_main(const struct service_kind *kind, int argc, char **argv)
{
	struct service *service = calloc(1, kind->size);
	void *settings = calloc(1, kind->program->values_size);
	memory_need(service && settings);
	service->kind = kind;
	service->settings = settings;
	int status = settings_load(kind->program, argc, argv, settings);
	if (status < 0) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		status = live(service);
		log_flush();
		metrics_free();
		event_free_buffers();
		schema_free_all();
		settings_free(kind->program, settings);
		curl_global_cleanup();
	}
	free(settings);
	free(service);
	return status;
}
