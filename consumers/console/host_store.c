#include "consumers/console/host_store.h"
#include "common/log.h"
#include "common/memory.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

enum { LEVELS = 3, VERSION = 1 };

/* The widest is kept longest. */
static const struct {
	int64_t width_us, keep_us;
} levels[LEVELS] = {
	{10 * SECOND_US, DAY_US}, {60 * SECOND_US, 7 * DAY_US}, {3600 * SECOND_US, 90 * DAY_US}};

enum statement { FIND_HOST, ADD_HOST, ADD_READING, EACH_ROW, PRUNE, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[FIND_HOST] = "SELECT id FROM host WHERE endpoint = ? AND variant = ?",
	[ADD_HOST] = "INSERT INTO host(endpoint, variant) VALUES(?, ?)",
	[ADD_READING] = ("INSERT INTO reading VALUES(?1, ?2, ?3, ?4, 1, ?5, ?5, ?5) "
			 "ON CONFLICT DO UPDATE SET n = n + 1, sum = sum + ?5, "
			 "low = min(low, ?5), high = max(high, ?5)"),
	[EACH_ROW] = ("SELECT start, n, sum, low, high FROM reading WHERE level = ? AND host = ? "
		      "AND metric = ? AND start >= ? AND start < ? ORDER BY start"),
	[PRUNE] = "DELETE FROM reading WHERE level = ? AND start < ?",
};

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS host(id INTEGER PRIMARY KEY, endpoint TEXT, variant TEXT, "
	"UNIQUE(endpoint, variant));"
	"CREATE TABLE IF NOT EXISTS reading(level INTEGER, host INTEGER, metric INTEGER, "
	"start INTEGER, n INTEGER, sum REAL, low REAL, high REAL, "
	"PRIMARY KEY(level, host, metric, start)) WITHOUT ROWID;";

struct host_store {
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	int64_t newest_us; /* of the readings put */
	int64_t next_prune_us;
};

static int execute(struct host_store *store, const char *text)
{
	return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

/* A number that the statement's first row has; -1: it failed. */
static int64_t ask_number(struct host_store *store, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static bool is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* Is the file that was opened something else than what this version wrote? */
static bool is_foreign(struct host_store *store)
{
	int64_t version = ask_number(store, "PRAGMA user_version");
	int64_t problems = ask_number(
		store, "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'");
	return (version > 0 && version != VERSION) || problems > 0 ||
		is_damage(sqlite3_errcode(store->db));
}

static void close_db(struct host_store *store)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	sqlite3_close(store->db);
	store->db = NULL;
}

/* 0; -1: errno or SQLite's message says why. The lock is taken here, so that a second console on the
 * same file ends with a sentence. */
static int open_db(struct host_store *store)
{
	return sqlite3_open_v2(store->path, &store->db,
		       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		       NULL) == SQLITE_OK &&
			execute(store, "PRAGMA locking_mode = EXCLUSIVE") == 0 &&
			execute(store, "PRAGMA journal_mode = WAL") == 0 &&
			execute(store, "PRAGMA synchronous = NORMAL") == 0 &&
			execute(store, "BEGIN IMMEDIATE; COMMIT") == 0
		? 0
		: -1;
}

static int prepare(struct host_store *store)
{
	char version[64];
	snprintf(version, sizeof version, "PRAGMA user_version = %d", VERSION);
	if (execute(store, tables) || execute(store, version))
		return -1;
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &store->statements[i], NULL) != SQLITE_OK)
			return -1;
	store->newest_us = ask_number(store, "SELECT coalesce(max(start), 0) FROM reading");
	return store->newest_us < 0 ? -1 : 0;
}

static void remove_files(const struct host_store *store)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char *path;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		memory_need(asprintf(&path, "%s%s", store->path, suffixes[i]) >= 0);
		unlink(path);
		free(path);
	}
}

static int open_or_make_anew(struct host_store *store)
{
	bool is_open = open_db(store) == 0;
	bool is_lost = is_open ? is_foreign(store) : is_damage(sqlite3_errcode(store->db));
	if (is_open && !is_lost)
		return prepare(store);
	if (!is_lost)
		return -1;
	log_warn(NULL, "%s, with what hosts told, is damaged or of another version: it begins anew",
		store->path);
	close_db(store);
	remove_files(store);
	return open_db(store) == 0 ? prepare(store) : -1;
}

struct host_store *host_store_open(const char *path, char *errstr, size_t errstr_size)
{
	struct host_store *store = calloc(1, sizeof *store);
	memory_need(store);
	store->path = strdup(path);
	memory_need(store->path);
	if (open_or_make_anew(store) == 0)
		return store;
	snprintf(errstr, errstr_size, "the store %s cannot be used: %s", path,
		store->db ? sqlite3_errmsg(store->db) : "out of memory");
	host_store_close(store);
	return NULL;
}

void host_store_close(struct host_store *store)
{
	if (!store)
		return;
	close_db(store);
	free(store->path);
	free(store);
}

/* Runs a statement that gives no rows. */
static int run(struct host_store *store, enum statement statement)
{
	int code = sqlite3_step(store->statements[statement]);
	sqlite3_reset(store->statements[statement]);
	return code == SQLITE_DONE ? 0 : -1;
}

static void bind_names(sqlite3_stmt *statement, const char *endpoint, const char *variant)
{
	sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 2, variant, -1, SQLITE_TRANSIENT);
}

/* -1: there is none. */
static int64_t find_host(struct host_store *store, const char *endpoint, const char *variant)
{
	sqlite3_stmt *statement = store->statements[FIND_HOST];
	bind_names(statement, endpoint, variant);
	int64_t id =
		sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_reset(statement);
	return id;
}

static int64_t need_host(struct host_store *store, const char *endpoint, const char *variant)
{
	int64_t id = find_host(store, endpoint, variant);
	if (id >= 0)
		return id;
	bind_names(store->statements[ADD_HOST], endpoint, variant);
	return run(store, ADD_HOST) == 0 ? sqlite3_last_insert_rowid(store->db) : -1;
}

static int add(struct host_store *store, int64_t host, int metric, int64_t at_us, double value)
{
	sqlite3_stmt *statement = store->statements[ADD_READING];
	int failed = 0;
	for (int i = 0; i < LEVELS; i++) {
		sqlite3_bind_int(statement, 1, i);
		sqlite3_bind_int64(statement, 2, host);
		sqlite3_bind_int(statement, 3, metric);
		sqlite3_bind_int64(statement, 4, at_us - at_us % levels[i].width_us);
		sqlite3_bind_double(statement, 5, value);
		failed |= run(store, ADD_READING);
	}
	return failed;
}

static int put_all(struct host_store *store, const char *endpoint, const char *variant,
	int64_t at_us, const struct host_reading *reading)
{
	int64_t host = need_host(store, endpoint, variant);
	int failed = host < 0 ? -1 : 0;
	for (int i = 0; i < HOST_METRICS && !failed; i++)
		if (reading->is_known[i])
			failed = add(store, host, i, at_us, reading->value[i]);
	return failed;
}

static void prune(struct host_store *store)
{
	for (int i = 0; i < LEVELS; i++) {
		sqlite3_bind_int(store->statements[PRUNE], 1, i);
		sqlite3_bind_int64(
			store->statements[PRUNE], 2, store->newest_us - levels[i].keep_us);
		(void)run(store, PRUNE); /* else the next time */
	}
}

int host_store_put(struct host_store *store, const char *endpoint, const char *variant,
	int64_t at_us, const struct host_reading *reading)
{
	if (at_us < 0 || execute(store, "BEGIN"))
		return -1;
	int failed = put_all(store, endpoint, variant, at_us, reading);
	if (!failed && at_us > store->newest_us)
		store->newest_us = at_us;
	if (!failed && store->newest_us >= store->next_prune_us) {
		prune(store);
		store->next_prune_us = store->newest_us + levels[LEVELS - 1].width_us;
	}
	if (execute(store, failed ? "ROLLBACK" : "COMMIT"))
		failed = -1;
	if (!sqlite3_get_autocommit(store->db))
		execute(store, "ROLLBACK");
	return failed ? -1 : 0;
}

/* The narrowest whose rows are still there. */
static int level_from(const struct host_store *store, int64_t from_us)
{
	int i = 0;
	while (i < LEVELS - 1 && from_us < store->newest_us - levels[i].keep_us)
		i++;
	return i;
}

/* The rows of one step so far. */
struct step {
	size_t i;
	int64_t n;
	double sum, low, high;
	double *averages; /* of the rows */
	size_t n_averages, room;
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quantile(struct step *step, double q)
{
	qsort(step->averages, step->n_averages, sizeof *step->averages, compare_doubles);
	double rank = ceil(q * (double)step->n_averages);
	return step->averages[rank < 1 ? 0 : (size_t)rank - 1];
}

static double value_of(struct step *step, const struct host_query *query)
{
	switch (query->statistic) {
	case HOST_MIN:
		return step->low;
	case HOST_MAX:
		return step->high;
	case HOST_SUM:
		return step->sum;
	case HOST_COUNT:
		return (double)step->n;
	case HOST_QUANTILE:
		return quantile(step, query->quantile);
	default:
		return step->sum / (double)step->n;
	}
}

static void end_step(struct step *step, const struct host_query *query, double *values)
{
	if (step->n > 0)
		values[step->i] = value_of(step, query);
	step->n = 0;
	step->n_averages = 0;
}

static void add_row(struct step *step, sqlite3_stmt *row)
{
	int64_t n = sqlite3_column_int64(row, 1);
	double sum = sqlite3_column_double(row, 2);
	double low = sqlite3_column_double(row, 3), high = sqlite3_column_double(row, 4);
	if (n <= 0)
		return;
	step->low = step->n == 0 || low < step->low ? low : step->low;
	step->high = step->n == 0 || high > step->high ? high : step->high;
	step->sum = (step->n == 0 ? 0 : step->sum) + sum;
	step->n += n;
	if (step->n_averages == step->room) {
		step->room = step->room ? step->room * 2 : 64;
		step->averages = reallocarray(step->averages, step->room, sizeof *step->averages);
		memory_need(step->averages);
	}
	step->averages[step->n_averages++] = sum / (double)n;
}

void host_store_series(
	struct host_store *store, const struct host_query *query, double *values, size_t n)
{
	sqlite3_stmt *row = store->statements[EACH_ROW];
	struct step step = {0};
	assert(query->step_us > 0);
	for (size_t i = 0; i < n; i++)
		values[i] = NAN;
	int64_t host = find_host(store, query->endpoint, query->variant);
	if (host < 0)
		return;
	sqlite3_bind_int(row, 1, level_from(store, query->from_us));
	sqlite3_bind_int64(row, 2, host);
	sqlite3_bind_int(row, 3, (int)query->metric);
	sqlite3_bind_int64(row, 4, query->from_us);
	sqlite3_bind_int64(row, 5, query->from_us + (int64_t)n * query->step_us);
	while (sqlite3_step(row) == SQLITE_ROW) {
		int64_t start_us = sqlite3_column_int64(row, 0);
		size_t i = (size_t)((start_us - query->from_us) / query->step_us);
		if (i != step.i)
			end_step(&step, query, values);
		step.i = i;
		add_row(&step, row);
	}
	end_step(&step, query, values);
	sqlite3_reset(row);
	free(step.averages);
}
