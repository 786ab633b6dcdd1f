/* The life of a long-running program: settings, one loop, admin port, control log, model calls; it
 * acts once the control log is folded and the umbra.* topics are as the design says, and ends with a
 * drain. A program embeds `struct service` and gives its own part as a `struct service_kind`. */
#ifndef UMBRA_COMMON_SERVICE_H
#define UMBRA_COMMON_SERVICE_H

#include "common/admin.h"
#include "common/control_log.h"
#include "common/kafka.h"

enum { INSTANCE_MAX = 160 };

struct service {
	const struct service_kind *kind;
	struct common_settings *settings; /* the program's own struct begins with it */
	struct loop *loop;
	struct admin *admin;
	struct control_log *control;
	struct notify *notify; /* NULL: not started by systemd */
	struct model_caller *caller;
	char instance[INSTANCE_MAX]; /* stands in events: the setting, else HOST-PID */
	bool is_started; /* the control state is known and may be acted upon */
	bool is_stopping;
	bool has_changed; /* the control state did since the last tick; true at the first */
	int64_t now_us; /* monotonic, at the begin of the tick */
	bool is_slow_tick; /* twice a second: for gauges and what goes by the wall clock */
	char problem[512]; /* why it is not started; "": not known */
	int64_t next_slow_us;
	int64_t next_check_us;
};

/* `self` is the program's struct, which begins with its struct service. */
struct service_kind {
	const struct program *program;
	size_t size; /* of the program's struct; it is zeroed before open() */
	/* Opens what is the program's own. -1 and errstr. */
	int (*open)(void *self, char *errstr, size_t errstr_size);
	/* Does all due work; returns microseconds until there is more, -1: only an event brings some.
	 * service->is_started tells whether the control state may be acted upon. */
	int64_t (*tick)(void *self);
	/* Any producer's handle, to ask about topics. */
	rd_kafka_t *(*handle)(void *self);
	/* Why it is not ready though started; NULL: ready. `text` may hold the line. */
	const char *(*why_not_ready)(void *self, char *text, size_t size);
	/* Takes nothing new; what is open may end. Returns how long that may take, in microseconds. */
	int64_t (*stop)(void *self);
	bool (*is_drained)(void *self);
	/* Frees what open() made, also when it failed half-way. */
	void (*close)(void *self);
};

/* The whole main(). Returns the exit status. */
int service_main(const struct service_kind *kind, int argc, char **argv);

#endif
