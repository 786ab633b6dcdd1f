#include "consumers/console/test_alarms.h"
#include "common/clock.h"
#include "common/memory.h"
#include "consumers/console/api.h"
#include <stdlib.h>

#define PERIOD_US INT64_C(5000000)

struct test_alarms {
	json_t *list; /* NULL: not made yet */
	int64_t made_us; /* monotonic; valid with `list` */
};

struct test_alarms *test_alarms_new(void)
{
	struct test_alarms *alarms = calloc(1, sizeof *alarms);
	memory_need(alarms);
	return alarms;
}

void test_alarms_free(struct test_alarms *alarms)
{
	if (!alarms)
		return;
	json_decref(alarms->list);
	free(alarms);
}

static void add_alarms(json_t *list, const struct view *view, const struct test *test)
{
	struct query nothing = {.n = 0};
	struct reply unused = {0};
	struct stretch stretch;
	char *alarm;
	(void)api_stretch(view, test, &nothing, &stretch, &unused);
	struct report_fold *fold = api_fold(view, test, &stretch, 0);
	struct report report = api_report_of(view, test, &stretch, fold);
	for (size_t i = 0; (alarm = report_alarm(&report, i)); i++) {
		json_array_append_new(list, json_sprintf("Test %s: %s", test->name, alarm));
		free(alarm);
	}
	report_fold_free(fold);
}

const json_t *test_alarms_list(struct test_alarms *alarms, const struct view *view)
{
	int64_t now_us = clock_monotonic_us();
	if (alarms->list && now_us - alarms->made_us < PERIOD_US)
		return alarms->list;
	json_decref(alarms->list);
	alarms->list = json_array();
	alarms->made_us = now_us;
	for (size_t i = 0; i < view->state->n_tests; i++)
		if (test_state_at(view->state->tests[i], view->now_us) == TEST_RUNNING)
			add_alarms(alarms->list, view, view->state->tests[i]);
	return alarms->list;
}
