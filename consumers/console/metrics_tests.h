/* The store's numbers in /metrics: each arm of what the control state has, summed up; made anew when
 * somebody asks, at most every five seconds. */
#ifndef UMBRA_CONSUMERS_CONSOLE_METRICS_TESTS_H
#define UMBRA_CONSUMERS_CONSOLE_METRICS_TESTS_H

#include "consumers/console/api.h"

struct metrics_tests;

/* Stands in /metrics until it is freed. The view must live longer and is kept true by its owner. */
struct metrics_tests *metrics_tests_new(const struct view *view);
void metrics_tests_free(struct metrics_tests *metrics);

#endif
