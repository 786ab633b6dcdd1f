/* What the files of the metrics share. */
#ifndef UMBRA_COMMON_METRICS_PRIVATE_H
#define UMBRA_COMMON_METRICS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Backslash and line end are escaped, inside quotes the quote too. */
void metrics_write_escaped(FILE *out, const char *text, bool quoted);

/* Upper bounds of the buckets of every classic histogram, microseconds; +Inf comes behind them. */
enum { METRICS_BOUNDS = 18 };
extern const int64_t metrics_bounds_us[METRICS_BOUNDS];

/* What every program tells of its process and build, read at this moment. */
void metrics_write_process(FILE *out);

#endif
