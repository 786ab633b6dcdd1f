/* umbra.control on the wire: follow the log and fold it; append to it (umbractl, console). */
#ifndef UMBRA_COMMON_CONTROL_LOG_H
#define UMBRA_COMMON_CONTROL_LOG_H

#include "common/control.h"
#include "common/loop.h"

struct control_log;

/* Starts to read the log from its beginning. `loop` may be NULL (umbractl: use control_log_catch_up
 * only). NULL and errstr. A missing topic or broker is retried, not an error here. */
struct control_log *control_log_open(const struct common_settings *settings, struct loop *loop,
	char *errstr, size_t errstr_size);
void control_log_close(struct control_log *log);

/* Folds what has arrived. True when the state changed since the last call. Never blocks. */
bool control_log_tick(struct control_log *log, int64_t now_us);

/* Has the log been folded to the end that it had at open? Until then a program does not act.
 * `why_not` gets a line for /readyz, NULL when ready: "no such topic umbra.control: run umbractl
 * init", ... It is set, too, when a later record could not be understood: the program goes on with
 * what it knew. */
bool control_log_is_current(const struct control_log *log, const char **why_not);

const struct control_state *control_log_state(const struct control_log *log);

/* Blocks until the log is folded to its present end, or timeout_ms. 0, or -1 and errstr. */
int control_log_catch_up(struct control_log *log, int timeout_ms, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* Called with each record read, accepted or not, in order; for history and for the writer. `record`
 * is NULL where bytes were no control record. */
typedef void control_log_observer(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why);
void control_log_observe(struct control_log *log, control_log_observer *observer, void *opaque);

/* Appends a batch of changes as generation current + 1 and reads it back. CONTROL_ACCEPTED;
 * CONTROL_CONFLICT: errstr says who was first; CONTROL_INVALID, CONTROL_NOT_UNDERSTOOD: errstr says why; -1: not
 * written, or not known to be, errstr. Fills generation, write_id, author, time of `record`. Blocks for at most timeout_ms. */
int control_log_append(struct control_log *log, struct control_record *record, int timeout_ms,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

#endif
