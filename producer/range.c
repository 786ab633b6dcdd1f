#include "producer/range.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

int bound_parse(const char *text, struct bound *bound, char *errstr, size_t errstr_size)
{
	*bound = (struct bound){.kind = BOUND_EARLIEST};
	if (strcmp(text, "earliest") == 0)
		return 0;
	bound->kind = BOUND_NOW;
	if (strcmp(text, "now") == 0)
		return 0;
	bound->kind = BOUND_OFFSET;
	if (text_parse_int(text, &bound->value) == 0 && bound->value >= 0)
		return 0;
	bound->kind = BOUND_TIME;
	if (text_parse_time(text, &bound->value) == 0 && bound->value >= 0)
		return 0;
	snprintf(errstr, errstr_size,
		"\"%.60s\" is neither an offset, nor a time as 2026-01-31T12:00:00Z, nor earliest, "
		"nor now",
		text);
	return -1;
}

bool bounds_are_empty(const struct bound *from, const struct bound *to)
{
	if (to->kind == BOUND_EARLIEST || from->kind == BOUND_NOW)
		return true;
	bool are_alike = from->kind == to->kind && from->kind != BOUND_EARLIEST;
	return are_alike && from->value >= to->value;
}

int64_t bound_offset(const struct bound *bound, int64_t low, int64_t high, int64_t found)
{
	switch (bound->kind) {
	case BOUND_EARLIEST:
		return low;
	case BOUND_OFFSET:
		return bound->value;
	case BOUND_TIME:
		return found < 0 ? high : found;
	case BOUND_NOW:
		break;
	}
	return high;
}

int64_t range_set(struct range *range, int64_t from, int64_t to, int64_t low, int64_t high)
{
	int64_t begin = from < low ? low : from, end = to > high ? high : to;
	if (begin > end)
		begin = end;
	*range = (struct range){.begin = begin, .end = end, .next = begin};
	int64_t last_gone = low < to ? low : to;
	return from < last_gone ? last_gone - from : 0;
}
