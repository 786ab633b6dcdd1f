/* What must hold before a program of the path acts: the control log is folded to its end, and the
 * topics umbra.* have the properties of the design. Until then it is not ready and touches nothing. */
#ifndef UMBRA_COMMON_STARTUP_H
#define UMBRA_COMMON_STARTUP_H

#include "common/control_log.h"
#include "common/kafka.h"

struct startup {
	bool is_over;
	char problem[512]; /* why not yet; "": not known */
	int64_t next_check_us;
};

/* True once everything holds, and ever after. Asks Kafka at most every 5 s, then blocks for at most
 * 5 s: nothing is in flight yet that this could hold up. `rk` is any producer's handle. */
bool startup_check(struct startup *startup, struct control_log *control, rd_kafka_t *rk,
	const char *prefix, int64_t now_us);

/* One line for /readyz; NULL: ready so far. */
const char *startup_why_not(const struct startup *startup, struct control_log *control);

/* How this process is called in events: its setting `instance`, else HOST-PID. */
enum { INSTANCE_MAX = 160 };
void startup_name_instance(const struct common_settings *settings, char *instance);

#endif
