#include "common/memory.h"
#include "consumers/console/row.h"
#include "consumers/console/store_private.h"
#include <assert.h>
#include <stdlib.h>

const struct plan_store *store_plan(const struct store *store)
{
	return &store->plan;
}

struct reading {
	struct store *store;
	const struct store_query *query;
	store_row_cb *take;
	void *opaque;
};

/* The names are the arm's while the callback looks. */
static void hand_over(const struct reading *reading, struct aggregate *aggregate)
{
	const struct store_arm *arm = reading->query->arm;
	aggregate->endpoint = arm->endpoint;
	aggregate->test = arm->test;
	aggregate->variant = arm->variant;
	aggregate->role = arm->role;
	reading->take(reading->opaque, aggregate);
	aggregate->endpoint = aggregate->test = aggregate->variant = NULL;
	aggregate_fini(aggregate);
}

/* The row that the statement stands at. */
static void take_row(const struct reading *reading, sqlite3_stmt *each, struct aggregate *aggregate)
{
	if (store_read_columns(reading->store, each, 2, reading->query->histograms, aggregate))
		aggregate_fini(aggregate);
	else
		hand_over(reading, aggregate);
}

static void each_piece(const struct reading *reading, const struct plan_piece *piece)
{
	sqlite3_stmt *each = reading->store->statements[EACH_ROW];
	int64_t arm = reading->query->arm->id;
	int code;
	sqlite3_bind_int64(each, 1, store_row_id(piece->level, arm, piece->from_us));
	sqlite3_bind_int64(each, 2, store_row_id(piece->level, arm, piece->to_us));
	while ((code = sqlite3_step(each)) == SQLITE_ROW) {
		struct aggregate aggregate = {
			.window_start_us = store_row_start(sqlite3_column_int64(each, 0)),
			.window_us = level_width_us(piece->level)};
		take_row(reading, each, &aggregate);
	}
	store_note(reading->store, code);
	sqlite3_reset(each);
}

static void each_open(const struct reading *reading)
{
	sqlite3_stmt *each = reading->store->statements[EACH_OPEN];
	int code;
	sqlite3_bind_int64(each, 1, reading->query->arm->id);
	sqlite3_bind_int64(each, 2, reading->query->from_us);
	sqlite3_bind_int64(each, 3, reading->query->to_us);
	while ((code = sqlite3_step(each)) == SQLITE_ROW) {
		struct aggregate aggregate = {.window_start_us = sqlite3_column_int64(each, 0),
			.window_us = level_width_us(LEVEL_10S),
			.partition = sqlite3_column_int(each, 1),
			.is_provisional = true};
		take_row(reading, each, &aggregate);
	}
	store_note(reading->store, code);
	sqlite3_reset(each);
}

static size_t plan_of(const struct reading *reading, struct plan_piece pieces[PLAN_PIECES])
{
	const struct store_query *query = reading->query;
	if (query->level < 0)
		return plan_exact(&reading->store->plan, query->from_us, query->to_us, pieces);
	enum level level = (enum level)query->level;
	int64_t width_us = level_width_us(level);
	pieces[0] = (struct plan_piece){
		level, plan_floor(query->from_us, width_us), plan_ceil(query->to_us, width_us)};
	return 1;
}

void store_each(
	struct store *store, const struct store_query *query, store_row_cb *take, void *opaque)
{
	struct plan_piece pieces[PLAN_PIECES];
	struct reading reading = {store, query, take, opaque};
	assert(query->from_us >= 0 && query->to_us >= 0);
	if (query->from_us >= query->to_us || store->is_damaged)
		return;
	size_t n = plan_of(&reading, pieces);
	for (size_t i = 0; i < n; i++)
		each_piece(&reading, &pieces[i]);
	each_open(&reading);
}
