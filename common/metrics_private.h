/* What the files of the metrics share. */
#ifndef UMBRA_COMMON_METRICS_PRIVATE_H
#define UMBRA_COMMON_METRICS_PRIVATE_H

#include <stdbool.h>
#include <stdio.h>

/* Backslash and line end are escaped, inside quotes the quote too. */
void metrics_write_escaped(FILE *out, const char *text, bool quoted);

/* What every program tells of its process and build, read at this moment. */
void metrics_write_process(FILE *out);

#endif
