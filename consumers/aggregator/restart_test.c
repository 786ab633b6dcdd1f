/* A property: whoever reads a log, however often it crashed and read on from a commit, writes the
 * same records. Random logs with duplicates, disorder, losses, redeliveries much later, silent
 * sources and orphans; the bytes of the final records are compared. */
#include "common/schema.h"
#include "consumers/aggregator/event_ledger_test_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOGS = 60, RECORDS = 3000, MAX_WRITTEN = 20000, SOURCES = 3 };

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

struct line {
	struct event event;
	struct sampled_for copies[2];
	char id[24];
	int64_t append_us;
	bool is_tick;
};

/* A record that was written: key, a NUL, value. */
struct written {
	char *bytes;
	size_t size;
};

struct output {
	struct written records[MAX_WRITTEN];
	size_t n;
};

static void write_down(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct output *output = opaque;
	struct tally_frame frame = {window_start_us, 10 * SECOND, 0, false};
	struct avro_buffer value = {0};
	char key[TALLY_KEY_MAX];
	size_t key_size = tally_key(tally->arm, &frame, key);
	tally_write(tally, &frame, &value);
	assert_true(tally_closes(tally, true));
	assert_true(output->n < MAX_WRITTEN);
	struct written *record = &output->records[output->n++];
	record->size = key_size + 1 + value.size;
	record->bytes = malloc(record->size);
	memcpy(record->bytes, key, key_size + 1);
	memcpy(record->bytes + key_size + 1, value.data, value.size);
	avro_buffer_fini(&value);
}

static int by_key(const void *a, const void *b)
{
	const struct written *x = a, *y = b;
	return strcmp(x->bytes, y->bytes);
}

/* A record written twice must be the same bytes; one of them goes. */
static void sort_and_fold(struct output *output)
{
	size_t kept = 0;
	qsort(output->records, output->n, sizeof *output->records, by_key);
	for (size_t i = 0; i < output->n; i++) {
		struct written *record = &output->records[i];
		struct written *before = kept ? &output->records[kept - 1] : NULL;
		if (before && !strcmp(before->bytes, record->bytes)) {
			assert_int_equal(before->size, record->size);
			assert_memory_equal(before->bytes, record->bytes, record->size);
			free(record->bytes);
		} else {
			output->records[kept++] = *record;
		}
	}
	output->n = kept;
}

static void output_free(struct output *output)
{
	for (size_t i = 0; i < output->n; i++)
		free(output->records[i].bytes);
	free(output);
}

/* The log. */

static void make_production(struct line *line, int64_t offset, int source, int64_t done_below)
{
	static const char *const variants[] = {"v2", "v3"};
	line->event = production_event(offset, false);
	for (size_t i = 0; i < 2; i++)
		if ((offset * 7 + source) % (int64_t)(3 + i) == 0)
			line->copies[line->event.n_sampled_for++] =
				(struct sampled_for){"t", ROLE_SHADOW, variants[i]};
	line->event.done_below = done_below;
	line->event.outcome = (enum outcome)random_below(3);
	line->event.model_latency_us = (int64_t)random_below(1000000);
}

static void make_copy(struct line *line, int64_t offset)
{
	bool is_lost = random_below(4) == 0;
	line->event = is_lost ? lost_event(offset, OUTCOME_SHED) : copy_event(offset);
	line->event.variant = random_below(2) ? "v2" : "v3";
	if (!is_lost)
		line->event.model_latency_us = (int64_t)random_below(1000000);
	if (!is_lost && random_below(3) == 0)
		line->event.response_body = "{\"q\":1.26}";
}

static void make_line(struct line *line, int64_t next[SOURCES], int64_t done[SOURCES],
	int64_t *now_us, bool is_last)
{
	int source = (int)random_below(SOURCES);
	int64_t *newest = &next[source];
	int64_t back = (int64_t)random_below(random_below(10) ? 20 : 400);
	int64_t old = *newest > back ? *newest - back : 0;
	*now_us += (int64_t)random_below(100) < 2 ? (int64_t)random_below(300 * SECOND)
						  : (int64_t)random_below(SECOND);
	*line = (struct line){.append_us = *now_us};
	switch (is_last ? 99 : (int)random_below(20)) {
	case 0:
	case 1: /* again */
		make_production(line, old, source, random_below(2) ? done[source] : -1);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
	case 7: /* in disorder, with the committed offset a bit behind */
		++*newest;
		if (*newest - 20 + (int64_t)random_below(10) > done[source])
			done[source] = *newest - 20;
		make_production(line, *newest - (int64_t)random_below(2), source, done[source]);
		break;
	case 99:
		line->is_tick = true;
		return;
	default:
		make_copy(line, random_below(3) ? old : *newest + (int64_t)random_below(3));
	}
	snprintf(line->id, sizeof line->id, "r%lld", (long long)line->event.source_offset);
	line->event.source_partition = source;
}

static struct line *make_log(void)
{
	struct line *log = calloc(RECORDS, sizeof *log);
	int64_t next[SOURCES] = {0}, done[SOURCES] = {0}, now_us = 1000 * SECOND;
	for (int i = 0; i < RECORDS; i++)
		make_line(&log[i], next, done, &now_us, false);
	now_us += INT64_C(100000) * SECOND;
	make_line(&log[RECORDS - 1], next, done, &now_us, true);
	for (int i = 0; i < RECORDS; i++) {
		log[i].event.request_id = log[i].id;
		log[i].event.sampled_for = log[i].copies;
	}
	return log;
}

static void take(struct ledger *ledger, const struct line *log, int64_t offset)
{
	ledger_take(ledger,
		&(struct ledger_record){
			.offset = offset,
			.append_us = log[offset].append_us,
			.kind = log[offset].is_tick ? LEDGER_OTHER : LEDGER_EVENT,
			.event = &log[offset].event,
		});
}

static const struct ledger_point beginning = {0, LEDGER_NEVER, LEDGER_NEVER, LEDGER_NEVER};

static struct output *read_through(const struct ledger_config *config, const struct line *log)
{
	struct ledger_config own = *config;
	own.opaque = calloc(1, sizeof(struct output));
	struct ledger *ledger = ledger_new(&own, &beginning);
	for (int64_t i = 0; i < RECORDS; i++)
		take(ledger, log, i);
	ledger_free(ledger);
	return own.opaque;
}

/* Crashes now and then; some of what was written since the last commit is written again. */
static struct output *read_crashing(const struct ledger_config *config, const struct line *log)
{
	struct ledger_config own = *config;
	struct ledger_point point = beginning, ahead;
	own.opaque = calloc(1, sizeof(struct output));
	struct ledger *ledger = ledger_new(&own, &point);
	int64_t crashes = 25;
	for (int64_t i = 0; i < RECORDS; i++) {
		take(ledger, log, i);
		if (random_below(40) == 0) {
			ledger_point(ledger, &ahead);
			assert_true(ahead.offset >= point.offset);
			assert_true(ahead.offset <= i + 1);
			point = ahead;
		}
		if (crashes && random_below(90) == 0) {
			crashes--;
			ledger_free(ledger);
			ledger = ledger_new(&own, &point);
			i = point.offset - 1;
		}
	}
	ledger_free(ledger);
	return own.opaque;
}

static void check_log(struct fixture *fixture)
{
	struct line *log = make_log();
	struct output *whole = read_through(&fixture->config, log);
	struct output *pieces = read_crashing(&fixture->config, log);
	sort_and_fold(whole);
	sort_and_fold(pieces);
	assert_true(whole->n > 20);
	assert_int_equal(whole->n, pieces->n);
	for (size_t i = 0; i < whole->n; i++) {
		assert_string_equal(whole->records[i].bytes, pieces->records[i].bytes);
		assert_int_equal(whole->records[i].size, pieces->records[i].size);
		assert_memory_equal(
			whole->records[i].bytes, pieces->records[i].bytes, whole->records[i].size);
	}
	output_free(whole);
	output_free(pieces);
	free(log);
}

static void a_reader_that_crashes_writes_the_same_records(void **state)
{
	struct fixture *fixture = *state;
	seed = 0x9e3779b97f4a7c15;
	fixture->config.on_final = write_down;
	for (int i = 0; i < LOGS; i++)
		check_log(fixture);
}

static void it_does_so_too_when_its_limits_are_reached(void **state)
{
	struct fixture *fixture = *state;
	seed = 0x5851f42d4c957f2d;
	fixture->config.on_final = write_down;
	fixture->config.limits.joins = 15;
	fixture->config.limits.join_bytes = 4000;
	for (int i = 0; i < LOGS; i++)
		check_log(fixture);
}

static void it_does_so_too_when_silent_sources_are_soon_forgotten(void **state)
{
	struct fixture *fixture = *state;
	seed = 0x2545f4914f6cdd1d;
	fixture->config.on_final = write_down;
	fixture->config.limits.memory_us = 300 * SECOND;
	for (int i = 0; i < LOGS; i++)
		check_log(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reader_that_crashes_writes_the_same_records,
			fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(it_does_so_too_when_its_limits_are_reached,
			fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(
			it_does_so_too_when_silent_sources_are_soon_forgotten, fixture_set_up,
			fixture_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
