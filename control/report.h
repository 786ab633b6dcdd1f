/* The report as people and spreadsheets read it. */
#ifndef UMBRA_CONTROL_REPORT_H
#define UMBRA_CONTROL_REPORT_H

#include "common/report.h"
#include <stdio.h>

/* A table: alarms, variants, comparison, accounting. */
void report_print(const struct report *report, FILE *out);
/* A line for each window and arm, after a line of names; the fold is by window. */
void report_print_csv(const struct report_fold *fold, FILE *out);

#endif
