#include "splitter/budget.h"

enum { SECOND_US = 1000000 };

/* A new bucket is full; a limit that was lowered spills. */
static void fill(struct bucket *bucket, int64_t per_second, int64_t now_us)
{
	int64_t full = per_second * SECOND_US;
	int64_t passed_us = now_us - bucket->filled_us;
	if (!bucket->filled_us || bucket->level > full ||
		passed_us > (full - bucket->level) / per_second)
		bucket->level = full;
	else
		bucket->level += per_second * passed_us;
	bucket->filled_us = now_us;
}

bool budget_take(struct budget *budget, int64_t copies_per_second, int64_t bytes_per_second,
	size_t size, int64_t now_us)
{
	if (copies_per_second)
		fill(&budget->copies, copies_per_second, now_us);
	if (bytes_per_second)
		fill(&budget->bytes, bytes_per_second, now_us);
	if ((copies_per_second && budget->copies.level < SECOND_US) ||
		(bytes_per_second && budget->bytes.level <= 0))
		return false;
	budget->copies.level -= copies_per_second ? SECOND_US : 0;
	budget->bytes.level -= bytes_per_second ? (int64_t)size * SECOND_US : 0;
	return true;
}
