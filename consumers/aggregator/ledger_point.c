/* A point as text, for a commit's metadata. */
#include "consumers/aggregator/ledger.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t ledger_point_write(const struct ledger_point *point, char text[LEDGER_POINT_MAX])
{
	return (size_t)snprintf(text, LEDGER_POINT_MAX,
		"clock=%" PRId64 " base=%" PRId64 " blind=%" PRId64, point->clock_us,
		point->base_us, point->blind_us);
}

/* The number behind `name` at *at, which moves on; 0 where there is none. */
static int64_t read_number(const char **at, const char *name)
{
	char *end;
	size_t size = strlen(name);
	if (strncmp(*at, name, size))
		return 0;
	int64_t number = strtoll(*at + size, &end, 10);
	*at = end;
	return number;
}

/* Text is ours if it is what would be written for what was read. */
bool ledger_point_read(const char *text, size_t size, struct ledger_point *point)
{
	char copy[LEDGER_POINT_MAX], again[LEDGER_POINT_MAX];
	const char *at = copy;
	if (!text || size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	point->clock_us = read_number(&at, "clock=");
	point->base_us = read_number(&at, " base=");
	point->blind_us = read_number(&at, " blind=");
	ledger_point_write(point, again);
	return !strcmp(copy, again);
}
