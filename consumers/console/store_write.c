/* A batch: rows are read when they are first touched, added to in memory, and written once, when the
 * batch is made lasting. */
#include "common/clock.h"
#include "common/memory.h"
#include "common/partition_clock.h"
#include "common/text.h"
#include "consumers/console/row.h"
#include "consumers/console/store_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_US INT64_C(10000000)
#define DAY_US INT64_C(86400000000)
enum { ROOM_LEAST = 64, HOURS_WINDOWS = 360 };

/* Columns. */

void store_bind_columns(
	struct store *store, sqlite3_stmt *statement, int first, struct aggregate *aggregate)
{
	row_write_counts(aggregate, &store->buffer);
	sqlite3_bind_blob64(
		statement, first, store->buffer.data, store->buffer.size, SQLITE_TRANSIENT);
	for (size_t i = 0; i < row_histograms(); i++) {
		if (!aggregate_histogram(aggregate, i, NULL)->count)
			continue;
		row_write_histogram(aggregate, i, &store->buffer);
		sqlite3_bind_blob64(statement, first + 1 + (int)i, store->buffer.data,
			store->buffer.size, SQLITE_TRANSIENT);
	}
	if (!aggregate->mismatches.n)
		return;
	row_write_mismatches(aggregate, &store->buffer);
	sqlite3_bind_blob64(statement, first + 1 + (int)row_histograms(), store->buffer.data,
		store->buffer.size, SQLITE_TRANSIENT);
}

int store_read_columns(struct store *store, sqlite3_stmt *statement, int first, unsigned histograms,
	struct aggregate *aggregate)
{
	int bad = row_read_counts(aggregate, sqlite3_column_blob(statement, first),
		(size_t)sqlite3_column_bytes(statement, first));
	for (size_t i = 0; !bad && i < row_histograms(); i++) {
		int column = first + 1 + (int)i;
		if (histograms & 1U << i && sqlite3_column_type(statement, column) != SQLITE_NULL)
			bad = row_read_histogram(aggregate, i,
				sqlite3_column_blob(statement, column),
				(size_t)sqlite3_column_bytes(statement, column));
	}
	int last = first + 1 + (int)row_histograms();
	if (!bad && histograms & STORE_MISMATCHES &&
		sqlite3_column_type(statement, last) != SQLITE_NULL)
		bad = row_read_mismatches(aggregate, sqlite3_column_blob(statement, last),
			(size_t)sqlite3_column_bytes(statement, last));
	store->is_damaged |= bad != 0;
	return bad;
}

/* The batch's rows. */

static void free_row(struct batch_row *row)
{
	aggregate_fini(&row->sum);
	free(row->finals);
	*row = (struct batch_row){0};
}

void store_drop_batch(struct store *store)
{
	for (size_t i = 0; i < store->batch_room; i++)
		free_row(&store->batch[i]);
	store->n_batch = 0;
}

static struct batch_row *place_of(struct store *store, int64_t id)
{
	size_t i = (size_t)((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
		(store->batch_room - 1);
	while (store->batch[i].id && store->batch[i].id != id)
		i = (i + 1) & (store->batch_room - 1);
	return &store->batch[i];
}

static void grow_batch(struct store *store)
{
	struct batch_row *old = store->batch;
	size_t n = store->batch_room;
	store->batch_room = n ? 2 * n : ROOM_LEAST;
	store->batch = calloc(store->batch_room, sizeof *store->batch);
	memory_need(store->batch);
	for (size_t i = 0; i < n; i++)
		if (old[i].id)
			*place_of(store, old[i].id) = old[i];
	free(old);
}

static void read_row(struct store *store, struct batch_row *row)
{
	sqlite3_stmt *get = store->statements[GET_ROW];
	sqlite3_bind_int64(get, 1, row->id);
	int code = sqlite3_step(get);
	store_note(store, code);
	if (code == SQLITE_ROW && !store_read_columns(store, get, 1, ~0U, &row->sum)) {
		row->n_finals = (size_t)sqlite3_column_bytes(get, 0);
		row->finals = malloc(row->n_finals + 1);
		memory_need(row->finals);
		if (row->n_finals)
			memcpy(row->finals, sqlite3_column_blob(get, 0), row->n_finals);
	}
	sqlite3_reset(get);
}

static struct batch_row *touch(struct store *store, int64_t id)
{
	if (2 * store->n_batch >= store->batch_room)
		grow_batch(store);
	struct batch_row *row = place_of(store, id);
	if (!row->id) {
		row->id = id;
		store->n_batch++;
		read_row(store, row);
	}
	return row;
}

static uint8_t *final_byte(struct batch_row *hour, const struct aggregate *aggregate, uint8_t *bit)
{
	size_t window = (size_t)(aggregate->window_start_us / WINDOW_US % HOURS_WINDOWS);
	size_t need = ((size_t)aggregate->partition + 1) * WINDOWS_BYTES;
	if (hour->n_finals < need) {
		hour->finals = realloc(hour->finals, need);
		memory_need(hour->finals);
		memset(hour->finals + hour->n_finals, 0, need - hour->n_finals);
		hour->n_finals = need;
	}
	*bit = (uint8_t)(1U << window % 8);
	return &hour->finals[(size_t)aggregate->partition * WINDOWS_BYTES + window / 8];
}

/* Taking. */

/* Without it the batch would be wrong: a window that is final and open, too, counts twice. */
static void must_step(struct store *store, enum statement statement)
{
	store->has_failed |= store_step(store, statement) != 0;
}

static int64_t id_of(
	const struct store_arm *arm, enum level level, const struct aggregate *aggregate)
{
	return store_row_id(
		level, arm->id, plan_floor(aggregate->window_start_us, level_width_us(level)));
}

static void take_final(
	struct store *store, const struct store_arm *arm, const struct aggregate *aggregate)
{
	uint8_t bit;
	uint8_t *byte = final_byte(touch(store, id_of(arm, LEVEL_1H, aggregate)), aggregate, &bit);
	if (*byte & bit)
		return;
	*byte |= bit;
	for (enum level level = LEVEL_10S; level < LEVEL_COUNT; level++) {
		if (!plan_has(&store->plan, level, aggregate->window_start_us))
			continue;
		struct batch_row *row = touch(store, id_of(arm, level, aggregate));
		aggregate_merge(&row->sum, aggregate);
		if (level != LEVEL_1H)
			mismatches_fini(&row->sum.mismatches);
		row->has_changed = true;
	}
	sqlite3_stmt *drop = store->statements[DROP_OPEN];
	sqlite3_bind_int64(drop, 1, arm->id);
	sqlite3_bind_int64(drop, 2, aggregate->window_start_us);
	sqlite3_bind_int(drop, 3, aggregate->partition);
	must_step(store, DROP_OPEN);
}

static void take_open(struct store *store, const struct store_arm *arm, struct aggregate *aggregate,
	const void *key, size_t key_size)
{
	uint8_t bit;
	if (*final_byte(touch(store, id_of(arm, LEVEL_1H, aggregate)), aggregate, &bit) & bit)
		return;
	sqlite3_stmt *put = store->statements[PUT_OPEN];
	sqlite3_bind_blob64(put, 1, key, key_size, SQLITE_TRANSIENT);
	sqlite3_bind_int64(put, 2, arm->id);
	sqlite3_bind_int64(put, 3, aggregate->window_start_us);
	sqlite3_bind_int(put, 4, aggregate->partition);
	store_bind_columns(store, put, 5, aggregate);
	must_step(store, PUT_OPEN);
}

static void note_newest(
	struct store *store, struct store_arm *arm, const struct aggregate *aggregate)
{
	int64_t start_us = aggregate->window_start_us, end_us = start_us + WINDOW_US;
	bool is_ahead = start_us > clock_wall_us() + DAY_US; /* no clock is that wrong */
	if (!is_ahead && start_us > arm->newest_us)
		arm->newest_us = start_us;
	if (!is_ahead && start_us > store->newest_us)
		store->newest_us = start_us;
	if (is_ahead || aggregate->is_provisional)
		return;
	while (aggregate->partition >= store->n_clocks) {
		store->clocks = reallocarray(
			store->clocks, (size_t)store->n_clocks + 1, sizeof *store->clocks);
		memory_need(store->clocks);
		store->clocks[store->n_clocks++] = 0;
	}
	if (end_us > store->clocks[aggregate->partition])
		store->clocks[aggregate->partition] = end_us;
}

static int take(struct store *store, struct aggregate *aggregate, const void *key, size_t key_size)
{
	struct store_arm *arm = store_find_arm(store, aggregate);
	if (!arm)
		return -1;
	arm->has_news = arm->is_unwritten = true;
	note_newest(store, arm, aggregate);
	if (aggregate->is_provisional)
		take_open(store, arm, aggregate, key, key_size);
	else
		take_final(store, arm, aggregate);
	return 0;
}

/* Names and numbers that ours can have. */
static const char *why_refused(const struct aggregate *aggregate)
{
	if (!text_is_name(aggregate->endpoint) ||
		(aggregate->test && !text_is_name(aggregate->test)) ||
		(aggregate->variant[0] && !text_is_name(aggregate->variant)))
		return "a name that nothing of ours can have";
	if (aggregate->window_us != WINDOW_US || aggregate->window_start_us < 0 ||
		aggregate->window_start_us % WINDOW_US ||
		aggregate->window_start_us / WINDOW_US >= (INT64_C(1) << 36) - HOURS_WINDOWS)
		return "no window of 10 s";
	if (aggregate->partition < 0 || aggregate->partition >= PARTITIONS_MAX)
		return "a partition that there cannot be";
	return NULL;
}

static void take_tombstone(struct store *store, const void *key, size_t key_size)
{
	sqlite3_stmt *drop = store->statements[DROP_OPEN_KEY];
	sqlite3_bind_blob64(drop, 1, key, key_size, SQLITE_TRANSIENT);
	must_step(store, DROP_OPEN_KEY);
}

int store_take(struct store *store, const void *key, size_t key_size, const void *value,
	size_t size, char *errstr, size_t errstr_size)
{
	struct aggregate aggregate;
	if (!store->in_batch)
		store->in_batch = !store_exec(store, "BEGIN");
	if (!value) {
		take_tombstone(store, key ? key : "", key_size);
		return 0;
	}
	if (partition_clock_is(value, size))
		return 0; /* final windows tell how far it is */
	if (aggregate_decode(&aggregate, value, size, errstr, errstr_size))
		return -1;
	const char *why = why_refused(&aggregate);
	if (!why && take(store, &aggregate, key ? key : "", key_size))
		why = "one name too many";
	if (why)
		snprintf(errstr, errstr_size, "%s", why);
	aggregate_fini(&aggregate);
	return why ? -1 : 0;
}

/* Making it lasting. */

static int write_row(struct store *store, struct batch_row *row)
{
	sqlite3_stmt *put = store->statements[PUT_ROW];
	sqlite3_bind_int64(put, 1, row->id);
	if (row->n_finals)
		sqlite3_bind_blob64(put, 2, row->finals, row->n_finals, SQLITE_STATIC);
	store_bind_columns(store, put, 3, &row->sum);
	return store_step(store, PUT_ROW);
}

static int write_batch(struct store *store)
{
	for (size_t i = 0; i < store->batch_room; i++)
		if (store->batch[i].has_changed && write_row(store, &store->batch[i]))
			return -1;
	return store_write_numbers(store);
}

int store_commit(struct store *store, char *errstr, size_t errstr_size)
{
	if (!store->in_batch && store_exec(store, "BEGIN"))
		store->is_damaged |= store->db == NULL;
	int failed = store->is_damaged || store->has_failed || write_batch(store) ||
		store_exec(store, "COMMIT");
	if (failed) {
		snprintf(errstr, errstr_size, "%s",
			store->is_damaged           ? "it is damaged"
				: store->has_failed ? "a window was not taken"
						    : sqlite3_errmsg(store->db));
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		(void)store_load(store);
	}
	store_drop_batch(store);
	store->in_batch = store->has_failed = false;
	return failed ? -1 : 0;
}

/* Retention: narrow rows are kept so long; hours for ever. */

static const int64_t keep_us[LEVEL_1H] = {[LEVEL_10S] = DAY_US, [LEVEL_1M] = 7 * DAY_US};

void store_keep_hours(struct store *store, const int64_t *hours_us, size_t n)
{
	store->kept_us = reallocarray(store->kept_us, n + 1, sizeof *store->kept_us);
	memory_need(store->kept_us);
	memcpy(store->kept_us, hours_us, n * sizeof *hours_us);
	store->plan.kept_us = store->kept_us;
	store->plan.n_kept = n;
}

static void prune_piece(
	struct store *store, enum level level, int64_t arm, int64_t from_us, int64_t to_us)
{
	sqlite3_stmt *prune = store->statements[PRUNE];
	if (from_us >= to_us)
		return;
	sqlite3_bind_int64(prune, 1, store_row_id(level, arm, from_us));
	sqlite3_bind_int64(prune, 2, store_row_id(level, arm, to_us));
	(void)store_step(store, PRUNE);
}

/* Around the hours that are kept. */
static void prune_level(struct store *store, enum level level, int64_t arm, int64_t low_us)
{
	int64_t from_us = 0;
	for (size_t i = 0; i < store->plan.n_kept; i++) {
		int64_t hour_us = store->plan.kept_us[i];
		if (hour_us >= low_us)
			break;
		prune_piece(store, level, arm, from_us, hour_us);
		from_us = hour_us + HOUR_US;
	}
	prune_piece(store, level, arm, from_us, low_us);
}

static int64_t newest_hour(const struct store *store)
{
	return plan_floor(store->newest_us, HOUR_US);
}

void store_note_retention(struct store *store)
{
	for (enum level level = LEVEL_10S; level < LEVEL_1H; level++) {
		int64_t low_us = newest_hour(store) - keep_us[level];
		store->plan.low_us[level] = low_us > 0 ? low_us : 0;
	}
}

void store_prune(struct store *store)
{
	if (newest_hour(store) == store->pruned_us || store->in_batch || store_exec(store, "BEGIN"))
		return;
	store_note_retention(store);
	for (enum level level = LEVEL_10S; level < LEVEL_1H; level++)
		for (size_t i = 0; i < store->n_arms; i++)
			prune_level(store, level, store->arms[i].id, store->plan.low_us[level]);
	if (store_exec(store, "COMMIT"))
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	else
		store->pruned_us = newest_hour(store);
}
