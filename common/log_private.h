/* What log.c hands to log_line.c: one line, ready to be laid out. */
#ifndef UMBRA_COMMON_LOG_PRIVATE_H
#define UMBRA_COMMON_LOG_PRIVATE_H

#include "common/log.h"
#include <stdbool.h>
#include <stddef.h>

struct log_line {
	int64_t time_us; /* UTC */
	enum log_level level;
	const char *program;
	const char *object; /* NULL: the program */
	const char *text;
};

/* Lays `line` out with its line end; what does not fit is cut off at a whole character. Returns the
 * size. `capacity` is at least 1,024. */
size_t log_line_format(
	const struct log_line *line, enum log_format format, char *buffer, size_t capacity);

#endif
