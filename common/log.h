/* The log: one line per fact on standard error, as text, logfmt or JSON.
 * A warning or error that repeats (same object, same format string) is written at once the first
 * time, then once a period with the number of times it came. */
#ifndef UMBRA_COMMON_LOG_H
#define UMBRA_COMMON_LOG_H

#include <stdarg.h>
#include <stdint.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_LOGFMT, LOG_JSON };

/* `program` must outlive the log. Before this call the log is text at level info. */
void log_open(const char *program, enum log_format format, enum log_level level);
void log_set_level(enum log_level level);

/* `object` says whom the line is about, as "endpoint churn" or "topic churn.requests/3"; NULL: the
 * program itself. Control characters in the text are escaped: no line can be forged. */
void log_write(enum log_level level, const char *object, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(object, ...) log_write(LOG_ERROR, object, __VA_ARGS__)
#define log_warn(object, ...) log_write(LOG_WARN, object, __VA_ARGS__)
#define log_info(object, ...) log_write(LOG_INFO, object, __VA_ARGS__)
#define log_debug(object, ...) log_write(LOG_DEBUG, object, __VA_ARGS__)

/* Writes the counts of repeated lines whose period is over; `now_us` is monotonic. Returns the
 * microseconds until there is more to do, -1 when nothing waits. Part of every tick. */
int64_t log_tick(int64_t now_us);

/* Writes what waits, whatever its period. */
void log_flush(void);

#endif
