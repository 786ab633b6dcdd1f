/* What the files of the store share. */
#ifndef UMBRA_CONSUMERS_CONSOLE_STORE_PRIVATE_H
#define UMBRA_CONSUMERS_CONSOLE_STORE_PRIVATE_H

#include "common/avro_buffer.h"
#include "consumers/console/store.h"
#include <sqlite3.h>
#include <sys/stat.h>

enum statement {
	GET_ROW,
	PUT_ROW,
	PUT_OPEN,
	DROP_OPEN_KEY,
	DROP_OPEN,
	PUT_ARM,
	PUT_POSITION,
	PUT_CLOCK,
	EACH_ROW,
	EACH_OPEN,
	PRUNE,
	STATEMENTS
};

/* A row of the open batch. */
struct batch_row {
	int64_t id; /* store_row_id(); 0: a free place */
	struct aggregate sum;
	uint8_t *finals; /* an hour's: a bit for each window, WINDOWS_BYTES for each partition */
	size_t n_finals; /* bytes */
	bool has_changed;
};

struct store {
	char *path, *identity;
	struct stat file; /* as it was when opened */
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool is_damaged, in_batch;
	bool has_failed; /* something of the open batch was not done */
	struct store_arm *arms;
	size_t n_arms;
	int64_t *positions, *clocks;
	int32_t n_positions, n_clocks;
	struct batch_row *batch; /* open addressing, a power of two */
	size_t batch_room, n_batch;
	struct avro_buffer buffer;
	struct plan_store plan;
	int64_t *kept_us;
	int64_t newest_us; /* of all arms */
	int64_t pruned_us; /* the newest window when it was pruned last */
};

enum { WINDOWS_BYTES = 45, PARTITIONS_MAX = 1024, ARMS_MAX = 1 << 20 };

/* Level, arm and start in one number, so that a stretch of an arm is a stretch of the table. */
int64_t store_row_id(enum level level, int64_t arm, int64_t start_us);
int64_t store_row_start(int64_t id);

/* The arm of these names, made when there is none. NULL: the database failed. */
struct store_arm *store_find_arm(struct store *store, const struct aggregate *aggregate);

/* 0, or -1 after the failure was noted: it may mean that the file is damaged. */
int store_step(struct store *store, enum statement statement);
void store_note(struct store *store, int code);
int store_exec(struct store *store, const char *sql);
/* The batch's end: positions, clocks and arms go along with the rows. */
int store_write_numbers(struct store *store);
/* Positions, clocks and arms as the file has them. */
int store_load(struct store *store);
void store_drop_batch(struct store *store);
/* Which narrow rows may be gone, counted from the newest window. */
void store_note_retention(struct store *store);

/* Columns into an aggregate; `first` is the one of the counts. */
int store_read_columns(struct store *store, sqlite3_stmt *statement, int first, unsigned histograms,
	struct aggregate *aggregate);
/* Binds counts and histograms from the parameter `first` on. */
void store_bind_columns(
	struct store *store, sqlite3_stmt *statement, int first, struct aggregate *aggregate);

#endif
