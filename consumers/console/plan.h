/* Which rows answer a question about a stretch of time: each level holds the same windows in wider
 * pieces, and the narrow ones are kept for less long. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_PLAN_H
#define UMBRA_CONSUMERS_CONSOLE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum level { LEVEL_10S, LEVEL_1M, LEVEL_1H, LEVEL_COUNT };

#define HOUR_US INT64_C(3600000000)
int64_t level_width_us(enum level level);

/* What is kept: windows of a level from `low_us` on, and those of the hours in `kept`, in which tests
 * begin and end. All of them whole hours. The widest level has everything. */
struct plan_store {
	int64_t low_us[LEVEL_COUNT];
	const int64_t *kept_us; /* starts of hours, sorted */
	size_t n_kept;
};
bool plan_has(const struct plan_store *store, enum level level, int64_t at_us);

struct plan_piece {
	enum level level;
	int64_t from_us, to_us; /* whole widths */
};
enum { PLAN_PIECES = 5 };

/* The fewest rows that hold exactly from <= start < to; where what is narrow enough is not kept any
 * more, the piece is widened. Returns how many pieces, in order of time. */
size_t plan_exact(const struct plan_store *store, int64_t from_us, int64_t to_us,
	struct plan_piece pieces[PLAN_PIECES]);

/* The widest level that divides `step_us`, and is kept for the whole stretch; a wider one where none is. */
enum level plan_level(
	const struct plan_store *store, int64_t step_us, int64_t from_us, int64_t to_us);

/* A step that makes at most `most` of the stretch: 10 s, 30 s, 1 min, ... a day, then days. */
int64_t plan_step(int64_t stretch_us, int64_t most);

/* The multiple of `width_us` at or below; at or above. Times are not negative. */
int64_t plan_floor(int64_t at_us, int64_t width_us);
int64_t plan_ceil(int64_t at_us, int64_t width_us);

#endif
