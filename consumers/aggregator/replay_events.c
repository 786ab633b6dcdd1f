/* umbra-replay-events: for tests. Reads a log from standard input, feeds it to a ledger, writes the
 * final records to standard output; no Kafka.
 *
 *     umbra-replay-events HORIZON_US MEMORY_US CRASH_EVERY
 *
 * In: for each record one byte (c: of umbra.control, e: of umbra.events), the append time in
 * microseconds (8 bytes), the size (4 bytes), the bytes. Out: for each record the key's size, the key,
 * the value's size, the value. Numbers are little-endian. With CRASH_EVERY above 0 the ledger is
 * thrown away after that many events, time and again, and reads on from what it would have committed
 * a while before. */
#include "common/memory.h"
#include "common/schema.h"
#include "common/text.h"
#include "consumers/aggregator/feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_US = 10000000 };

struct line {
	char kind;
	int64_t append_us;
	uint32_t size;
	char *data;
};

struct replay {
	struct line *lines; /* of umbra.events only; an offset is an index */
	size_t n, capacity;
	struct control_state state;
	struct history history;
	struct ledger_config config;
	struct avro_buffer value; /* of the record that is written */
};

static bool read_line(struct line *line)
{
	if (fread(&line->kind, 1, 1, stdin) != 1)
		return false;
	if (fread(&line->append_us, sizeof line->append_us, 1, stdin) != 1 ||
		fread(&line->size, sizeof line->size, 1, stdin) != 1)
		return false;
	line->data = malloc(line->size + 1);
	memory_need(line->data);
	return fread(line->data, 1, line->size, stdin) == line->size;
}

static void fold(struct replay *replay, const struct line *line)
{
	char why[300] = "";
	struct control_record record;
	if (control_record_decode(line->data, line->size, &record, why, sizeof why)) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	if (control_state_apply(&replay->state, &record, line->append_us, why, sizeof why) !=
		CONTROL_ACCEPTED) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	history_note(&replay->history, &replay->state, &record);
	control_record_fini(&record);
}

static void read_log(struct replay *replay)
{
	struct line line;
	while (read_line(&line)) {
		if (line.kind == 'c') {
			fold(replay, &line);
			free(line.data);
			continue;
		}
		if (replay->n == replay->capacity) {
			replay->capacity = replay->capacity ? 2 * replay->capacity : 1024;
			replay->lines = reallocarray(
				replay->lines, replay->capacity, sizeof *replay->lines);
			memory_need(replay->lines);
		}
		replay->lines[replay->n++] = line;
	}
}

static void put(const void *data, size_t size)
{
	uint32_t small = (uint32_t)size;
	fwrite(&small, sizeof small, 1, stdout);
	fwrite(data, 1, size, stdout);
}

static void on_final(void *opaque, const struct tally *tally, int64_t window_start_us)
{
	struct replay *replay = opaque;
	struct tally_frame frame = {window_start_us, WINDOW_US, 0, false};
	char key[TALLY_KEY_MAX];
	size_t key_size = tally_key(tally->arm, &frame, key);
	tally_write(tally, &frame, &replay->value);
	put(key, key_size);
	put(replay->value.data, replay->value.size);
}

static void replay_fini(struct replay *replay)
{
	for (size_t i = 0; i < replay->n; i++)
		free(replay->lines[i].data);
	free(replay->lines);
	avro_buffer_fini(&replay->value);
	history_fini(&replay->history);
	control_state_fini(&replay->state);
	event_free_buffers();
	schema_free_all();
}

static void run(struct replay *replay, int64_t crash_every)
{
	struct ledger_point points[2] = {{0, LEDGER_NEVER, LEDGER_NEVER, LEDGER_NEVER}};
	int64_t until_crash = crash_every;
	points[1] = points[0];
	struct ledger *ledger = ledger_new(&replay->config, &points[0]);
	for (size_t i = 0; i < replay->n; i++) {
		const struct line *line = &replay->lines[i];
		struct feed_record fed = {line->data, line->size, 0, (int64_t)i, line->append_us};
		(void)feed_take(ledger, &replay->history, &fed, false);
		if (i % 500 == 0) {
			points[0] = points[1];
			ledger_point(ledger, &points[1]);
		}
		if (crash_every && !--until_crash) {
			ledger_free(ledger);
			ledger = ledger_new(&replay->config, &points[0]);
			points[1] = points[0];
			i = (size_t)points[0].offset - 1;
			/* Each time a bit further, so that it comes to the end. */
			crash_every += crash_every / 8;
			until_crash = crash_every;
		}
	}
	ledger_free(ledger);
}

int main(int argc, char **argv)
{
	struct replay replay = {0};
	int64_t horizon_us, memory_us, crash_every;
	if (argc != 4 || text_parse_int(argv[1], &horizon_us) ||
		text_parse_int(argv[2], &memory_us) || text_parse_int(argv[3], &crash_every)) {
		fprintf(stderr, "usage: umbra-replay-events HORIZON_US MEMORY_US CRASH_EVERY\n");
		return 2;
	}
	control_state_init(&replay.state);
	replay.config = (struct ledger_config){
		.limits = {WINDOW_US, horizon_us, memory_us, INT64_MAX, INT64_MAX, INT64_MAX},
		.history = &replay.history,
		.on_final = on_final,
		.opaque = &replay,
	};
	read_log(&replay);
	run(&replay, crash_every);
	replay_fini(&replay);
	return fflush(stdout) ? 1 : 0;
}
