/* The load of a host from the page of each usual exporter. */
#include "consumers/console/host_figures.h"
/* cmocka wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static const char process[] = "# TYPE process_cpu_seconds_total counter\n"
			      "process_cpu_seconds_total 12.5\n"
			      "process_resident_memory_bytes 4096\n";
static const char node[] = "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 1000\n"
			   "node_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} 100\n"
			   "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 20\n"
			   "node_cpu_seconds_total{cpu=\"1\",mode=\"system\"} 5\n"
			   "node_memory_MemTotal_bytes 1000\nnode_memory_MemAvailable_bytes 400\n"
			   "node_filesystem_size_bytes{mountpoint=\"/\"} 500\n"
			   "node_filesystem_avail_bytes{mountpoint=\"/\"} 100\n"
			   "node_filesystem_size_bytes{mountpoint=\"/boot\"} 7\n"
			   "process_cpu_seconds_total 1\nprocess_resident_memory_bytes 2\n";

static struct host_figures read_page(struct host_wish wish, const char *page)
{
	struct host_figures figures;

	host_figures_read(&wish, page, strlen(page), &figures);
	return figures;
}

static void a_process_tells_its_own_cpu_and_memory(void **opaque)
{
	struct host_figures figures = read_page((struct host_wish){{0}}, process);

	(void)opaque;
	assert_true(figures.is_counter[HOST_CPU] && figures.value[HOST_CPU] == 12.5);
	assert_true(figures.is_known[HOST_MEMORY] && figures.value[HOST_MEMORY] == 4096);
	assert_false(figures.is_known[HOST_DISK]);
}

static void a_node_exporter_tells_of_the_node_not_of_itself(void **opaque)
{
	struct host_figures figures = read_page((struct host_wish){{0}}, node);

	(void)opaque;
	assert_true(figures.value[HOST_CPU] == 25);
	assert_true(figures.value[HOST_MEMORY] == 600);
	assert_true(figures.value[HOST_DISK] == 400);
}

static void what_is_asked_for_is_taken_and_nothing_else(void **opaque)
{
	struct host_wish wish = {{"cpu_percent", NULL, "node_filesystem_size_bytes"}};
	struct host_figures figures = read_page(wish, node);

	(void)opaque;
	assert_false(figures.is_known[HOST_CPU]);
	assert_true(figures.value[HOST_DISK] == 507);
	figures = read_page(wish, "cpu_percent 42\n");
	assert_true(figures.value[HOST_CPU] == 42 && !figures.is_counter[HOST_CPU]);
	assert_false(figures.is_known[HOST_DISK]);
}

/* The CPU in per cent after the counter was `seconds` at `at_us`; -1: not known. */
static double step(struct host_counter *counter, double seconds, int64_t at_us)
{
	struct host_figures figures = {
		.value = {seconds}, .is_known = {true}, .is_counter = {true}};
	struct host_reading reading;

	host_reading_make(&figures, counter, at_us, &reading);
	return reading.is_known[HOST_CPU] ? reading.value[HOST_CPU] : -1;
}

static void seconds_of_cpu_become_per_cent_of_a_core(void **opaque)
{
	struct host_counter counter = {0};

	(void)opaque;
	assert_true(step(&counter, 100, 1 * SECOND) == -1);
	assert_true(step(&counter, 105, 11 * SECOND) == 50);
	assert_true(step(&counter, 105, 21 * SECOND) == 0);
	assert_true(step(&counter, 145, 31 * SECOND) == 400);
}

static void a_counter_that_begins_anew_gives_no_untrue_rate(void **opaque)
{
	struct host_counter counter = {0};

	(void)opaque;
	assert_true(step(&counter, 100, 1 * SECOND) == -1);
	assert_true(step(&counter, 3, 11 * SECOND) == -1);
	assert_true(step(&counter, 4, 21 * SECOND) == 10);
}

static void after_a_minute_without_a_page_rates_begin_anew(void **opaque)
{
	struct host_counter counter = {0};

	(void)opaque;
	assert_true(step(&counter, 100, 1 * SECOND) == -1);
	assert_true(step(&counter, 200, 62 * SECOND) == -1);
	assert_true(step(&counter, 201, 72 * SECOND) == 10);
	assert_true(step(&counter, 202, 72 * SECOND) == -1);
}

static void what_is_negative_or_unknown_is_left_out(void **opaque)
{
	struct host_figures figures = {.value = {42, -1, 0}, .is_known = {true, true, false}};
	struct host_counter counter = {0};
	struct host_reading reading;

	(void)opaque;
	host_reading_make(&figures, &counter, SECOND, &reading);
	assert_true(reading.is_known[HOST_CPU] && reading.value[HOST_CPU] == 42);
	assert_false(reading.is_known[HOST_MEMORY]);
	assert_false(reading.is_known[HOST_DISK]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_tells_its_own_cpu_and_memory),
		cmocka_unit_test(a_node_exporter_tells_of_the_node_not_of_itself),
		cmocka_unit_test(what_is_asked_for_is_taken_and_nothing_else),
		cmocka_unit_test(seconds_of_cpu_become_per_cent_of_a_core),
		cmocka_unit_test(a_counter_that_begins_anew_gives_no_untrue_rate),
		cmocka_unit_test(after_a_minute_without_a_page_rates_begin_anew),
		cmocka_unit_test(what_is_negative_or_unknown_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
