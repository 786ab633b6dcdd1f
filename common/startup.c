#include "common/startup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/topics.h"
#include <stdio.h>
#include <unistd.h>

enum { CHECK_INTERVAL_US = 5000000, CHECK_TIMEOUT_MS = 5000 };

bool startup_check(struct startup *startup, struct control_log *control, rd_kafka_t *rk,
	const char *prefix, int64_t now_us)
{
	if (startup->is_over)
		return true;
	const char *why_not;
	if (now_us < startup->next_check_us || !control_log_is_current(control, &why_not))
		return false;
	int failed = topics_check(
		rk, prefix, CHECK_TIMEOUT_MS, startup->problem, sizeof startup->problem);
	if (!failed && !control_log_state(control)->event_partitions) {
		snprintf(startup->problem, sizeof startup->problem,
			"the installation is not initialised: run umbractl init");
		failed = -1;
	}
	startup->next_check_us = clock_monotonic_us() + CHECK_INTERVAL_US;
	startup->is_over = !failed;
	if (failed)
		log_error(NULL, "%s", startup->problem);
	return startup->is_over;
}

const char *startup_why_not(const struct startup *startup, struct control_log *control)
{
	const char *why_not = NULL;
	if (!control_log_is_current(control, &why_not))
		return why_not ? why_not : "the control log is being read";
	if (!startup->is_over)
		return startup->problem[0] ? startup->problem : "starting";
	return control_log_state(control)->not_understood;
}

void startup_name_instance(const struct common_settings *settings, char *instance)
{
	char host[100] = "";
	gethostname(host, sizeof host - 1);
	if (settings->instance)
		snprintf(instance, INSTANCE_MAX, "%s", settings->instance);
	else
		snprintf(instance, INSTANCE_MAX, "%s-%d", host, (int)getpid());
}
