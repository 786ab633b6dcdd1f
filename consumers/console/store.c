#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "consumers/console/row.h"
#include "consumers/console/store_private.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT "2" /* of the tables; another one means a store made anew */

int64_t store_row_id(enum level level, int64_t arm, int64_t start_us)
{
	return (((int64_t)level << 20 | arm) << 36) | (start_us / 10000000 + 1);
}

int64_t store_row_start(int64_t id)
{
	return ((id & ((INT64_C(1) << 36) - 1)) - 1) * 10000000;
}

/* Failures. */

void store_note(struct store *store, int code)
{
	int primary = code & 0xff;
	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_SCHEMA)
		store->is_damaged = true;
}

int store_exec(struct store *store, const char *sql)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	store_note(store, code);
	return code == SQLITE_OK ? 0 : -1;
}

int store_step(struct store *store, enum statement statement)
{
	int code = sqlite3_step(store->statements[statement]);
	store_note(store, code);
	sqlite3_reset(store->statements[statement]);
	sqlite3_clear_bindings(store->statements[statement]);
	return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : -1;
}

bool store_is_damaged(const struct store *store)
{
	return store->is_damaged;
}

/* Tables and statements. */

/* "counts, model_latency, ...", each once with `before` and `after` around it. */
static char *columns(const char *before, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	memory_need(out);
	fprintf(out, "%scounts%s", before, after);
	for (size_t i = 0; i < row_histograms(); i++)
		fprintf(out, ", %s%s%s", before, row_histogram_name(i), after);
	fprintf(out, ", %smismatches%s", before, after);
	fclose(out);
	return text;
}

static int make_tables(struct store *store)
{
	char *data = columns("", " BLOB"), *sql;
	memory_need(
		asprintf(&sql,
			"CREATE TABLE IF NOT EXISTS about(name TEXT PRIMARY KEY, value TEXT);"
			"CREATE TABLE IF NOT EXISTS position(partition INTEGER PRIMARY KEY, next "
			"INTEGER);"
			"CREATE TABLE IF NOT EXISTS clock(partition INTEGER PRIMARY KEY, until "
			"INTEGER);"
			"CREATE TABLE IF NOT EXISTS arm(id INTEGER PRIMARY KEY, endpoint TEXT, "
			"test TEXT, "
			"variant TEXT, role INTEGER, newest INTEGER);"
			"CREATE TABLE IF NOT EXISTS window(id INTEGER PRIMARY KEY, finals BLOB, "
			"%s);"
			"CREATE TABLE IF NOT EXISTS open_window(key BLOB PRIMARY KEY, arm INTEGER, "
			"start INTEGER, partition INTEGER, %s);"
			"CREATE INDEX IF NOT EXISTS open_window_arm ON open_window(arm, start);",
			data, data) >= 0);
	int failed = store_exec(store, sql);
	free(data);
	free(sql);
	return failed;
}

static int prepare(struct store *store, enum statement statement, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int prepare(struct store *store, enum statement statement, const char *format, ...)
{
	va_list arguments;
	char *sql;
	va_start(arguments, format);
	memory_need(vasprintf(&sql, format, arguments) >= 0);
	va_end(arguments);
	int code = sqlite3_prepare_v3(
		store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &store->statements[statement], NULL);
	store_note(store, code);
	if (code == SQLITE_ERROR)
		store->is_damaged = true; /* tables that are not ours */
	free(sql);
	return code == SQLITE_OK ? 0 : -1;
}

static int prepare_all(struct store *store)
{
	char *names = columns("", ""), *marks = columns("$", "");
	int failed = prepare(store, GET_ROW, "SELECT finals, %s FROM window WHERE id = ?", names) ||
		prepare(store, PUT_ROW,
			"REPLACE INTO window(id, finals, %s) VALUES($id, $finals, %s)", names,
			marks) ||
		prepare(store, PUT_OPEN,
			"REPLACE INTO open_window(key, arm, start, partition, %s) "
			"VALUES($key, $arm, $start, $partition, %s)",
			names, marks) ||
		prepare(store, DROP_OPEN_KEY, "DELETE FROM open_window WHERE key = ?") ||
		prepare(store, DROP_OPEN,
			"DELETE FROM open_window WHERE arm = ? AND start = ? AND partition = ?") ||
		prepare(store, PUT_ARM,
			"REPLACE INTO arm(id, endpoint, test, variant, role, newest) "
			"VALUES(?, ?, ?, ?, ?, ?)") ||
		prepare(store, PUT_POSITION, "REPLACE INTO position VALUES(?, ?)") ||
		prepare(store, PUT_CLOCK, "REPLACE INTO clock VALUES(?, ?)") ||
		prepare(store, EACH_ROW,
			"SELECT id, 0, %s FROM window WHERE id >= ? AND id < ? ORDER BY id",
			names) ||
		prepare(store, EACH_OPEN,
			"SELECT start, partition, %s FROM open_window "
			"WHERE arm = ? AND start >= ? AND start < ? ORDER BY start, partition",
			names) ||
		prepare(store, PRUNE, "DELETE FROM window WHERE id >= ? AND id < ?");
	free(names);
	free(marks);
	return failed ? -1 : 0;
}

/* What the file holds, in memory. */

static int64_t *grow(int64_t **numbers, int32_t *n, int32_t i)
{
	if (i >= *n) {
		*numbers = reallocarray(*numbers, (size_t)i + 1, sizeof **numbers);
		memory_need(*numbers);
		memset(*numbers + *n, 0, (size_t)(i + 1 - *n) * sizeof **numbers);
		*n = i + 1;
	}
	return &(*numbers)[i];
}

void store_set_position(struct store *store, int32_t partition, int64_t next)
{
	*grow(&store->positions, &store->n_positions, partition) = next;
}

static int load_numbers(struct store *store, const char *sql, int64_t **numbers, int32_t *n)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		int64_t i = sqlite3_column_int64(statement, 0);
		if (code == SQLITE_ROW && i >= 0 && i < 1 << 20)
			*grow(numbers, n, (int32_t)i) = sqlite3_column_int64(statement, 1);
	}
	store_note(store, code);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : -1;
}

static char *column_text(sqlite3_stmt *statement, int i)
{
	const unsigned char *text = sqlite3_column_text(statement, i);
	char *copy = text ? strdup((const char *)text) : NULL;
	memory_need(copy || !text);
	return copy;
}

static struct store_arm *add_arm(struct store *store)
{
	store->arms = reallocarray(store->arms, store->n_arms + 1, sizeof *store->arms);
	memory_need(store->arms);
	struct store_arm *arm = &store->arms[store->n_arms++];
	*arm = (struct store_arm){0};
	return arm;
}

static int load_arms(struct store *store)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db,
		"SELECT id, endpoint, test, variant, role, newest FROM arm ORDER BY id", -1,
		&statement, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		struct store_arm *arm = add_arm(store);
		arm->id = sqlite3_column_int64(statement, 0);
		arm->endpoint = column_text(statement, 1);
		arm->test = column_text(statement, 2);
		arm->variant = column_text(statement, 3);
		arm->role = (enum role)sqlite3_column_int(statement, 4);
		arm->newest_us = sqlite3_column_int64(statement, 5);
		if (arm->newest_us > store->newest_us)
			store->newest_us = arm->newest_us;
		if (!arm->endpoint || !arm->variant || arm->role >= ROLE_COUNT)
			code = SQLITE_CORRUPT;
	}
	store_note(store, code);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : -1;
}

static void unload(struct store *store);

int store_load(struct store *store)
{
	unload(store);
	int failed = load_arms(store) ||
		load_numbers(store, "SELECT partition, next FROM position", &store->positions,
			&store->n_positions) ||
		load_numbers(store, "SELECT partition, until FROM clock", &store->clocks,
			&store->n_clocks);
	store_note_retention(store);
	return failed ? -1 : 0;
}

static void unload(struct store *store)
{
	store_drop_batch(store);
	for (size_t i = 0; i < store->n_arms; i++) {
		free(store->arms[i].endpoint);
		free(store->arms[i].test);
		free(store->arms[i].variant);
	}
	free(store->arms);
	free(store->positions);
	free(store->clocks);
	store->arms = NULL;
	store->positions = store->clocks = NULL;
	store->n_arms = 0;
	store->n_positions = store->n_clocks = 0;
	store->newest_us = 0;
}

/* Opening. */

static void close_db(struct store *store)
{
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	memset(store->statements, 0, sizeof store->statements);
	sqlite3_close(store->db);
	store->db = NULL;
	store->in_batch = store->has_failed = false;
	unload(store);
}

static bool query_says(struct store *store, const char *sql, const char *wanted)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	store_note(store, code);
	const char *said =
		code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	bool same = said && !strcmp(said, wanted);
	sqlite3_finalize(statement);
	return same;
}

/* Is there nothing in it yet? */
static bool is_new(struct store *store)
{
	return query_says(store, "SELECT count(*) FROM sqlite_master", "0");
}

static int write_about(struct store *store, const char *name, const char *value)
{
	char *sql = sqlite3_mprintf("INSERT OR IGNORE INTO about VALUES(%Q, %Q)", name, value);
	memory_need(sql);
	int failed = store_exec(store, sql);
	sqlite3_free(sql);
	return failed;
}

bool store_is_of(struct store *store, const char *cluster)
{
	return !write_about(store, "cluster", cluster) &&
		query_says(store, "SELECT value FROM about WHERE name = 'cluster'", cluster);
}

static int open_db(struct store *store, char *errstr, size_t errstr_size)
{
	store->is_damaged = false;
	int code = sqlite3_open_v2(store->path, &store->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK &&
		(store_exec(store, "PRAGMA locking_mode = EXCLUSIVE") ||
			store_exec(store, "PRAGMA journal_mode = WAL") ||
			store_exec(store, "PRAGMA synchronous = NORMAL") ||
			store_exec(store, "BEGIN IMMEDIATE; COMMIT")))
		code = sqlite3_errcode(store->db);
	if (code != SQLITE_OK)
		snprintf(errstr, errstr_size, "the store %s cannot be used: %s%s", store->path,
			store->db ? sqlite3_errmsg(store->db) : "out of memory",
			(code & 0xff) == SQLITE_BUSY ? "; does another console use it?" : "");
	store_note(store, code);
	return code == SQLITE_OK ? 0 : -1;
}

/* Why the open file cannot be taken as it is; NULL: it can. */
static const char *take_over(struct store *store)
{
	bool fresh = is_new(store);
	if (!fresh && !query_says(store, "PRAGMA quick_check(1)", "ok"))
		return "it is damaged";
	if (make_tables(store) || (fresh && write_about(store, "identity", store->identity)))
		return sqlite3_errmsg(store->db);
	if (!query_says(store, "SELECT value FROM about WHERE name = 'identity'", store->identity))
		return "it is of another version or another installation";
	if (prepare_all(store) || store_load(store))
		return sqlite3_errmsg(store->db);
	return stat(store->path, &store->file) ? strerror(errno) : NULL;
}

static int remove_file(const struct store *store, const char *suffix)
{
	char *path;
	memory_need(asprintf(&path, "%s%s", store->path, suffix) >= 0);
	int failed = unlink(path) && errno != ENOENT;
	free(path);
	return failed;
}

int store_reset(struct store *store, char *errstr, size_t errstr_size)
{
	close_db(store);
	if (remove_file(store, "") || remove_file(store, "-wal") || remove_file(store, "-shm") ||
		remove_file(store, "-journal")) {
		snprintf(errstr, errstr_size, "the store %s cannot be deleted: %s", store->path,
			strerror(errno));
		return -1;
	}
	if (open_db(store, errstr, errstr_size))
		return -1;
	const char *why = take_over(store);
	if (why)
		snprintf(errstr, errstr_size, "the store %s cannot be made: %s", store->path, why);
	return why ? -1 : 0;
}

static int open_or_reset(struct store *store, char *errstr, size_t errstr_size)
{
	const char *why = "it is damaged";
	if (open_db(store, errstr, errstr_size)) {
		if (!store->is_damaged)
			return -1;
	} else {
		bool fresh = is_new(store);
		why = take_over(store);
		if (!why && fresh)
			log_info(NULL,
				"the store %s begins from nothing: umbra.aggregates is read "
				"from its beginning",
				store->path);
	}
	if (!why)
		return 0;
	log_warn(NULL, "the store %s is made anew from umbra.aggregates: %s", store->path, why);
	return store_reset(store, errstr, errstr_size);
}

struct store *store_open(const char *path, const char *prefix, char *errstr, size_t errstr_size)
{
	struct store *store = calloc(1, sizeof *store);
	memory_need(store);
	char *fields = row_fields();
	store->path = strdup(path);
	memory_need(store->path &&
		asprintf(&store->identity, FORMAT " %saggregates: %s", prefix, fields) >= 0);
	free(fields);
	if (!open_or_reset(store, errstr, errstr_size))
		return store;
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	close_db(store);
	avro_buffer_fini(&store->buffer);
	free(store->batch);
	free(store->kept_us);
	free(store->path);
	free(store->identity);
	free(store);
}

void store_look(struct store *store)
{
	struct stat now;
	if (stat(store->path, &now) || now.st_ino != store->file.st_ino ||
		now.st_dev != store->file.st_dev)
		store->is_damaged = true;
}

/* Asking. */

int64_t store_position(const struct store *store, int32_t partition)
{
	return partition < store->n_positions ? store->positions[partition] : 0;
}

int64_t store_clock(const struct store *store, int32_t partition)
{
	return partition < store->n_clocks ? store->clocks[partition] : 0;
}

int32_t store_clocks(const struct store *store)
{
	return store->n_clocks;
}

size_t store_arms(const struct store *store)
{
	return store->n_arms;
}

const struct store_arm *store_arm(const struct store *store, size_t i)
{
	return &store->arms[i];
}

void store_clear_news(struct store *store)
{
	for (size_t i = 0; i < store->n_arms; i++)
		store->arms[i].has_news = false;
}

int64_t store_size(const struct store *store)
{
	struct stat now;
	return stat(store->path, &now) ? 0 : now.st_size;
}

static int write_arm(struct store *store, const struct store_arm *arm)
{
	sqlite3_stmt *put = store->statements[PUT_ARM];
	sqlite3_bind_int64(put, 1, arm->id);
	sqlite3_bind_text(put, 2, arm->endpoint, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 3, arm->test, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 4, arm->variant, -1, SQLITE_STATIC);
	sqlite3_bind_int(put, 5, (int)arm->role);
	sqlite3_bind_int64(put, 6, arm->newest_us);
	return store_step(store, PUT_ARM);
}

struct store_arm *store_find_arm(struct store *store, const struct aggregate *aggregate)
{
	for (size_t i = 0; i < store->n_arms; i++) {
		struct store_arm *arm = &store->arms[i];
		if (arm->role == aggregate->role && text_equal(arm->test, aggregate->test) &&
			!strcmp(arm->variant, aggregate->variant) &&
			!strcmp(arm->endpoint, aggregate->endpoint))
			return arm;
	}
	if (store->n_arms >= ARMS_MAX)
		return NULL;
	struct store_arm *arm = add_arm(store);
	arm->id = (int64_t)store->n_arms;
	arm->role = aggregate->role;
	arm->endpoint = strdup(aggregate->endpoint);
	arm->variant = strdup(aggregate->variant);
	arm->test = aggregate->test ? strdup(aggregate->test) : NULL;
	memory_need(arm->endpoint && arm->variant && (arm->test || !aggregate->test));
	return arm;
}

int store_write_numbers(struct store *store)
{
	sqlite3_stmt *put = store->statements[PUT_POSITION];
	for (int32_t i = 0; i < store->n_positions; i++) {
		sqlite3_bind_int(put, 1, i);
		sqlite3_bind_int64(put, 2, store->positions[i]);
		if (store_step(store, PUT_POSITION))
			return -1;
	}
	put = store->statements[PUT_CLOCK];
	for (int32_t i = 0; i < store->n_clocks; i++) {
		sqlite3_bind_int(put, 1, i);
		sqlite3_bind_int64(put, 2, store->clocks[i]);
		if (store_step(store, PUT_CLOCK))
			return -1;
	}
	for (size_t i = 0; i < store->n_arms; i++) {
		if (store->arms[i].is_unwritten && write_arm(store, &store->arms[i]))
			return -1;
		store->arms[i].is_unwritten = false;
	}
	return 0;
}
