/* Which records of a topic's partition are read: bounds as people write them, and what becomes of
 * them on a partition that holds only some of its offsets. Pure: no Kafka. */
#ifndef UMBRA_PRODUCER_RANGE_H
#define UMBRA_PRODUCER_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bound_kind {
	BOUND_EARLIEST,
	BOUND_NOW, /* the end that the partition had at the start */
	BOUND_OFFSET, /* the same in each partition */
	BOUND_TIME /* the first record of that time or later */
};

struct bound {
	enum bound_kind kind;
	int64_t value; /* the offset; the time in UTC microseconds */
};

/* "earliest", "now", "4711", "2026-01-31T12:00:00Z". 0, or -1 and errstr. */
int bound_parse(const char *text, struct bound *bound, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* Can nothing lie from the one up to, and without, the other, whatever the partition? */
bool bounds_are_empty(const struct bound *from, const struct bound *to);

struct range {
	int64_t begin, end; /* offsets; the end is not read */
	int64_t next; /* what was not read yet */
};

/* The offset that a bound stands for on a partition that holds [low, high). `found`: of a time;
 * negative: no record is that late. */
int64_t bound_offset(const struct bound *bound, int64_t low, int64_t high, int64_t found);

/* What of [from, to) lies in [low, high). Returns how many of the wanted offsets are gone. */
int64_t range_set(struct range *range, int64_t from, int64_t to, int64_t low, int64_t high);

#endif
