/* Figures of a Prometheus page, chosen by name and labels. */
#include "common/metric_query.h"
/* cmocka wants these first */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char page[] = "# TYPE node_cpu_seconds_total counter\n"
			   "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 1000\n"
			   "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 20\n"
			   "node_cpu_seconds_total{cpu=\"1\",mode=\"user\"} 30\n"
			   "node_cpu_seconds_total{cpu=\"1\",mode=\"system\"} NaN\n"
			   "total 100\nfree{a=\"b\"} 40\n";

struct asked {
	struct metric_query query;
	struct metric_figure figure;
};

static void add(void *opaque, const struct exposition_sample *sample)
{
	struct asked *asked = opaque;

	metric_query_add(&asked->query, sample, &asked->figure);
}

/* The figure; NaN: it is not there. */
static double ask(const char *text)
{
	struct asked asked = {.figure = {0}};

	assert_int_equal(0, metric_query_parse(&asked.query, text));
	assert_int_equal(0, exposition_read(page, sizeof page - 1, add, &asked));
	return metric_figure_is_known(&asked.query, &asked.figure) ? asked.figure.value : NAN;
}

static void the_samples_that_fit_are_added_up(void **opaque)
{
	static const struct {
		const char *query;
		double value;
	} cases[] = {
		{"total", 100},
		{"node_cpu_seconds_total", 1050},
		{"node_cpu_seconds_total{mode!=\"idle\"}", 50},
		{" node_cpu_seconds_total { mode != \"idle\" , cpu = \"1\" } ", 30},
		{"total - free", 60},
		{"free-total", -60},
		{"total{a=\"\"}", 100},
		{"free{a!=\"\"}", 40},
		{"total{}", 100},
	};

	(void)opaque;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_true(ask(cases[i].query) == cases[i].value);
}

static void what_is_not_on_the_page_is_not_known(void **opaque)
{
	(void)opaque;
	assert_true(isnan(ask("tota")));
	assert_true(isnan(ask("total{a=\"b\"}")));
	assert_true(isnan(ask("total - none")));
	assert_true(isnan(ask("node_cpu_seconds_total{mode=\"system\"}")));
}

static void a_figure_is_a_counter_as_its_samples_are(void **opaque)
{
	struct asked asked = {.figure = {0}};

	(void)opaque;
	assert_int_equal(0, metric_query_parse(&asked.query, "node_cpu_seconds_total"));
	exposition_read(page, sizeof page - 1, add, &asked);
	assert_true(asked.figure.is_counter);
}

static void what_is_no_query_is_refused(void **opaque)
{
	static const char *const wrong[] = {"", " ", "1a", "a b", "a{", "a{b", "a{b=", "a{b=\"",
		"a{b=\"c", "a{b=\"c\"", "a{b=\"c\\\"\"}", "a{b=c}", "a{b~\"c\"}",
		"a{b=\"c\"d=\"e\"}", "a{,}", "a -", "- a", "a - b - c", "a + b", "a{b=\"c\"}}",
		"a{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",i=\"\"}"};
	struct metric_query query;

	(void)opaque;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(-1, metric_query_parse(&query, wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_samples_that_fit_are_added_up),
		cmocka_unit_test(what_is_not_on_the_page_is_not_known),
		cmocka_unit_test(a_figure_is_a_counter_as_its_samples_are),
		cmocka_unit_test(what_is_no_query_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
