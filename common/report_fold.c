/* Rows are few: arms, or arms times windows. They are gathered, and those of one window and arm merged
 * whenever the room is used up; so a row costs the same among many as among few. What was taken is remembered as a hash of its identity,
 * 16 bytes a window and arm, so that a month of windows fits. */
#include "common/memory.h"
#include "common/report.h"
#include "common/text.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { ROWS_LEAST = 256, PARTITIONS_MAX = 100000 };

/* An open window: the last record that spoke of it. */
struct provisional {
	XXH128_hash_t identity, key;
	struct aggregate aggregate;
};

struct report_fold {
	struct report_query query;
	XXH128_hash_t *finals; /* open addressing, a power of two; zero: free */
	size_t n_finals, room;
	struct provisional *provisional;
	size_t n_provisional;
	struct partition_clock *clocks; /* by partition; what is not known is REPORT_UNTOLD */
	int32_t n_clocks;
	struct aggregate *rows; /* merged when there is no room, and at the end */
	size_t n_rows, capacity;
};

struct report_fold *report_fold_new(const struct report_query *query)
{
	struct report_fold *fold = calloc(1, sizeof *fold);
	memory_need(fold);
	fold->query = *query;
	fold->room = 1024;
	fold->finals = calloc(fold->room, sizeof *fold->finals);
	memory_need(fold->finals);
	return fold;
}

void report_fold_free(struct report_fold *fold)
{
	if (!fold)
		return;
	for (size_t i = 0; i < fold->n_provisional; i++)
		aggregate_fini(&fold->provisional[i].aggregate);
	for (size_t i = 0; i < fold->n_rows; i++)
		aggregate_fini(&fold->rows[i]);
	free(fold->provisional);
	free(fold->clocks);
	free(fold->rows);
	free(fold->finals);
	free(fold);
}

/* The set of finals. */

/* Returns where the identity is, or belongs. */
static XXH128_hash_t *find_final(struct report_fold *fold, XXH128_hash_t identity)
{
	size_t i = identity.low64 & (fold->room - 1);
	while ((fold->finals[i].low64 || fold->finals[i].high64) &&
		!XXH128_isEqual(fold->finals[i], identity))
		i = (i + 1) & (fold->room - 1);
	return &fold->finals[i];
}

static void grow_finals(struct report_fold *fold)
{
	XXH128_hash_t *old = fold->finals;
	size_t n = fold->room;
	fold->room *= 2;
	fold->finals = calloc(fold->room, sizeof *fold->finals);
	memory_need(fold->finals);
	for (size_t i = 0; i < n; i++)
		if (old[i].low64 || old[i].high64)
			*find_final(fold, old[i]) = old[i];
	free(old);
}

/* False: it was there already. */
static bool add_final(struct report_fold *fold, XXH128_hash_t identity)
{
	XXH128_hash_t *place = find_final(fold, identity);
	if (XXH128_isEqual(*place, identity))
		return false;
	*place = identity;
	if (++fold->n_finals * 2 > fold->room)
		grow_finals(fold);
	return true;
}

/* Rows. */

/* By window, arm and test; 0: of one row. */
static int compare_rows(const void *a, const void *b)
{
	const struct aggregate *one = a, *other = b;
	if (one->window_start_us != other->window_start_us)
		return one->window_start_us < other->window_start_us ? -1 : 1;
	if (one->role != other->role)
		return one->role < other->role ? -1 : 1;
	int order = strcmp(one->variant, other->variant);
	return order ? order : !one->test - !other->test;
}

/* Leaves one of each, in order. */
static void merge_rows(struct report_fold *fold)
{
	size_t last = 0;
	if (!fold->n_rows)
		return;
	qsort(fold->rows, fold->n_rows, sizeof *fold->rows, compare_rows);
	for (size_t i = 1; i < fold->n_rows; i++) {
		if (compare_rows(&fold->rows[last], &fold->rows[i])) {
			fold->rows[++last] = fold->rows[i];
			continue;
		}
		aggregate_merge(&fold->rows[last], &fold->rows[i]);
		aggregate_fini(&fold->rows[i]);
	}
	fold->n_rows = last + 1;
}

/* Takes the aggregate over. */
static void add_row(struct report_fold *fold, struct aggregate *aggregate)
{
	if (fold->n_rows == fold->capacity) {
		merge_rows(fold);
		fold->capacity = 2 * fold->n_rows + ROWS_LEAST;
		fold->rows = reallocarray(fold->rows, fold->capacity, sizeof *fold->rows);
		memory_need(fold->rows);
	}
	if (!fold->query.by_window)
		aggregate->window_start_us = 0;
	fold->rows[fold->n_rows++] = *aggregate;
}

/* Taking records. */

static XXH128_hash_t identity_of(const struct aggregate *aggregate)
{
	XXH3_state_t *state = XXH3_createState();
	memory_need(state);
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, aggregate->variant, strlen(aggregate->variant) + 1);
	if (aggregate->test)
		XXH3_128bits_update(state, aggregate->test, strlen(aggregate->test) + 1);
	XXH3_128bits_update(state, &aggregate->role, sizeof aggregate->role);
	XXH3_128bits_update(state, &aggregate->window_start_us, sizeof aggregate->window_start_us);
	XXH3_128bits_update(state, &aggregate->partition, sizeof aggregate->partition);
	XXH128_hash_t hash = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return hash;
}

static bool is_wanted(const struct report_query *query, const struct aggregate *aggregate)
{
	bool is_named = aggregate->variant[0] == '\0' || text_is_name(aggregate->variant);
	int64_t to_us = aggregate->test && query->copies_to_us ? query->copies_to_us : query->to_us;
	if (!is_named || !text_equal(aggregate->endpoint, query->endpoint) ||
		aggregate->window_start_us < query->from_us || aggregate->window_start_us >= to_us)
		return false;
	return aggregate->test ? text_equal(aggregate->test, query->test)
			       : aggregate->role == ROLE_PRODUCTION;
}

static void drop_provisional(struct report_fold *fold, size_t i)
{
	aggregate_fini(&fold->provisional[i].aggregate);
	fold->provisional[i] = fold->provisional[--fold->n_provisional];
}

static void drop_by_identity(struct report_fold *fold, XXH128_hash_t identity)
{
	for (size_t i = fold->n_provisional; i-- > 0;)
		if (XXH128_isEqual(fold->provisional[i].identity, identity))
			drop_provisional(fold, i);
}

static void drop_by_key(struct report_fold *fold, XXH128_hash_t key)
{
	for (size_t i = fold->n_provisional; i-- > 0;)
		if (XXH128_isEqual(fold->provisional[i].key, key))
			drop_provisional(fold, i);
}

static void keep_provisional(struct report_fold *fold, XXH128_hash_t identity, XXH128_hash_t key,
	struct aggregate *aggregate)
{
	fold->provisional =
		reallocarray(fold->provisional, fold->n_provisional + 1, sizeof *fold->provisional);
	memory_need(fold->provisional);
	fold->provisional[fold->n_provisional++] = (struct provisional){identity, key, *aggregate};
}

/* NULL: there is no such partition. */
static struct partition_clock *clock_of(struct report_fold *fold, int32_t partition)
{
	if (partition < 0 || partition >= PARTITIONS_MAX)
		return NULL;
	if (partition >= fold->n_clocks) {
		size_t n = (size_t)partition + 1;
		fold->clocks = reallocarray(fold->clocks, n, sizeof *fold->clocks);
		memory_need(fold->clocks);
		for (; (size_t)fold->n_clocks < n; fold->n_clocks++)
			fold->clocks[fold->n_clocks] = (struct partition_clock){
				fold->n_clocks, REPORT_UNTOLD, REPORT_UNTOLD};
	}
	return &fold->clocks[partition];
}

/* Windows of a partition close in order: those before one that is final will never be. */
static void note_final(struct report_fold *fold, const struct aggregate *aggregate)
{
	struct partition_clock *clock = clock_of(fold, aggregate->partition);
	if (clock && aggregate->window_start_us > clock->final_us)
		clock->final_us = aggregate->window_start_us;
}

/* One that stalled may tell an older one. */
static void note_clock(struct report_fold *fold, const struct partition_clock *told)
{
	struct partition_clock *clock = clock_of(fold, told->partition);
	if (clock && told->clock_us > clock->clock_us)
		clock->clock_us = told->clock_us;
	if (clock && told->final_us > clock->final_us)
		clock->final_us = told->final_us;
}

struct partition_clock report_clock(const struct report_fold *fold, int32_t partition)
{
	if (partition < fold->n_clocks)
		return fold->clocks[partition];
	return (struct partition_clock){partition, REPORT_UNTOLD, REPORT_UNTOLD};
}

static bool is_closed(const struct report_fold *fold, const struct aggregate *aggregate)
{
	return aggregate->partition >= 0 &&
		aggregate->window_start_us < report_clock(fold, aggregate->partition).final_us;
}

/* The record that says so of the aggregate's window. */
static struct aggregate unwritten_window(const struct aggregate *aggregate)
{
	struct aggregate unwritten = {.endpoint = strdup(aggregate->endpoint),
		.variant = strdup(""),
		.role = ROLE_PRODUCTION,
		.window_start_us = aggregate->window_start_us,
		.window_us = aggregate->window_us,
		.partition = aggregate->partition,
		.unwritten_windows = 1};
	memory_need(unwritten.endpoint && unwritten.variant);
	return unwritten;
}

static bool is_unwritten(struct report_fold *fold, const struct aggregate *aggregate)
{
	struct aggregate unwritten = unwritten_window(aggregate);
	XXH128_hash_t identity = identity_of(&unwritten);
	aggregate_fini(&unwritten);
	return XXH128_isEqual(*find_final(fold, identity), identity);
}

/* What is pending in a closed window is accounted for by nobody: its books do not close. */
static void take_final(
	struct report_fold *fold, XXH128_hash_t identity, struct aggregate *aggregate)
{
	aggregate->pending = 0;
	if (add_final(fold, identity))
		add_row(fold, aggregate);
	else
		aggregate_fini(aggregate);
}

static void take_wanted(struct report_fold *fold, XXH128_hash_t key, struct aggregate *aggregate)
{
	XXH128_hash_t identity = identity_of(aggregate);
	drop_by_identity(fold, identity);
	if (!aggregate->is_provisional)
		take_final(fold, identity, aggregate);
	else if (!XXH128_isEqual(*find_final(fold, identity), identity))
		keep_provisional(fold, identity, key, aggregate);
	else
		aggregate_fini(aggregate);
}

static int take_clock(
	struct report_fold *fold, const void *value, size_t size, char *errstr, size_t errstr_size)
{
	struct partition_clock clock;
	if (partition_clock_decode(&clock, value, size, errstr, errstr_size))
		return -1;
	note_clock(fold, &clock);
	return 0;
}

int report_fold_take(struct report_fold *fold, const void *key, size_t key_size, const void *value,
	size_t size, char *errstr, size_t errstr_size)
{
	struct aggregate aggregate;
	XXH128_hash_t key_hash = XXH3_128bits(key, key_size);
	if (!value) {
		drop_by_key(fold, key_hash);
		return 0;
	}
	if (partition_clock_is(value, size))
		return take_clock(fold, value, size, errstr, errstr_size);
	if (aggregate_decode(&aggregate, value, size, errstr, errstr_size))
		return -1;
	if (!aggregate.is_provisional)
		note_final(fold, &aggregate);
	if (is_wanted(&fold->query, &aggregate))
		take_wanted(fold, key_hash, &aggregate);
	else
		aggregate_fini(&aggregate);
	return 0;
}

void report_fold_add(struct report_fold *fold, struct aggregate *aggregate)
{
	if (is_wanted(&fold->query, aggregate))
		add_row(fold, aggregate);
	else
		aggregate_fini(aggregate);
}

/* A window that closed without a final record of it is one whose events were deleted before they were
 * read again: what was last said of it is a part of its numbers. */
static void end_provisional(struct report_fold *fold, struct aggregate *aggregate)
{
	if (!is_closed(fold, aggregate) && !is_unwritten(fold, aggregate)) {
		add_row(fold, aggregate);
		return;
	}
	struct aggregate unwritten = unwritten_window(aggregate);
	take_final(fold, identity_of(&unwritten), &unwritten);
	aggregate_fini(aggregate);
}

void report_fold_end(struct report_fold *fold)
{
	for (size_t i = 0; i < fold->n_provisional; i++)
		end_provisional(fold, &fold->provisional[i].aggregate);
	fold->n_provisional = 0;
	merge_rows(fold);
}

size_t report_rows(const struct report_fold *fold)
{
	return fold->n_rows;
}

const struct aggregate *report_row(const struct report_fold *fold, size_t i)
{
	return &fold->rows[i];
}

const struct aggregate *report_arm(
	const struct report_fold *fold, enum role role, const char *variant)
{
	for (size_t i = 0; i < fold->n_rows; i++)
		if (fold->rows[i].role == role && text_equal(fold->rows[i].variant, variant))
			return &fold->rows[i];
	return NULL;
}
