/* The alarms of the running tests. Their reports are folded for them, so they are made every few seconds at
 * most, however many ask. */
#ifndef UMBRA_CONSUMERS_CONSOLE_TEST_ALARMS_H
#define UMBRA_CONSUMERS_CONSOLE_TEST_ALARMS_H

#include <jansson.h>

struct test_alarms;
struct view;

struct test_alarms *test_alarms_new(void);
void test_alarms_free(struct test_alarms *alarms);

/* Sentences that name the test; stays the callee's. */
const json_t *test_alarms_list(struct test_alarms *alarms, const struct view *view);

#endif
