#include "consumers/console/plan.h"
#include <assert.h>

static const int64_t widths[LEVEL_COUNT] = {10000000, 60000000, HOUR_US};

int64_t level_width_us(enum level level)
{
	return widths[level];
}

int64_t plan_floor(int64_t at_us, int64_t width_us)
{
	return at_us - at_us % width_us;
}

int64_t plan_ceil(int64_t at_us, int64_t width_us)
{
	return plan_floor(at_us + width_us - 1, width_us);
}

bool plan_has(const struct plan_store *store, enum level level, int64_t at_us)
{
	int64_t hour = plan_floor(at_us, HOUR_US);
	if (level == LEVEL_1H || hour >= store->low_us[level])
		return true;
	for (size_t i = 0; i < store->n_kept; i++)
		if (store->kept_us[i] == hour)
			return true;
	return false;
}

struct plan {
	const struct plan_store *store;
	struct plan_piece *pieces;
	size_t n;
};

static void add(struct plan *plan, enum level level, int64_t from_us, int64_t to_us)
{
	if (from_us < to_us)
		plan->pieces[plan->n++] = (struct plan_piece){level, from_us, to_us};
}

/* Where pieces of this level begin: at the first whole one, or at the one around `from_us` when its
 * narrower pieces are gone. */
static int64_t inner_from(const struct plan *plan, enum level level, int64_t from_us)
{
	return level == LEVEL_10S || !plan_has(plan->store, level - 1, from_us)
		? plan_floor(from_us, widths[level])
		: plan_ceil(from_us, widths[level]);
}

static int64_t inner_to(const struct plan *plan, enum level level, int64_t to_us)
{
	return level == LEVEL_10S || !plan_has(plan->store, level - 1, to_us)
		? plan_ceil(to_us, widths[level])
		: plan_floor(to_us, widths[level]);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels
static void cover(struct plan *plan, enum level level, int64_t from_us, int64_t to_us)
{
	if (from_us >= to_us)
		return;
	assert(level < LEVEL_COUNT);
	int64_t from = inner_from(plan, level, from_us), to = inner_to(plan, level, to_us);
	if (from >= to) {
		cover(plan, level - 1, from_us, to_us);
		return;
	}
	if (from > from_us)
		cover(plan, level - 1, from_us, from);
	add(plan, level, from, to);
	if (to < to_us)
		cover(plan, level - 1, to, to_us);
}

size_t plan_exact(const struct plan_store *store, int64_t from_us, int64_t to_us,
	struct plan_piece pieces[PLAN_PIECES])
{
	struct plan plan = {store, pieces, 0};
	cover(&plan, LEVEL_1H, plan_ceil(from_us, widths[LEVEL_10S]),
		plan_ceil(to_us, widths[LEVEL_10S]));
	return plan.n;
}

/* The hours that are kept by themselves are few, so the first one that is gone is soon met. */
static bool has_all(
	const struct plan_store *store, enum level level, int64_t from_us, int64_t to_us)
{
	int64_t end_us = to_us < store->low_us[level] ? to_us : store->low_us[level];
	for (int64_t at_us = plan_floor(from_us, HOUR_US); at_us < end_us; at_us += HOUR_US)
		if (!plan_has(store, level, at_us))
			return false;
	return true;
}

enum level plan_level(
	const struct plan_store *store, int64_t step_us, int64_t from_us, int64_t to_us)
{
	enum level level = LEVEL_1H;
	while (level > LEVEL_10S && (widths[level] > step_us || step_us % widths[level]) &&
		has_all(store, level - 1, from_us, to_us))
		level--;
	return level;
}

int64_t plan_step(int64_t stretch_us, int64_t most)
{
	static const int64_t steps_s[] = {
		10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
	for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++)
		if (stretch_us <= steps_s[i] * 1000000 * most)
			return steps_s[i] * 1000000;
	return plan_ceil(stretch_us / most + 1, INT64_C(86400000000));
}
