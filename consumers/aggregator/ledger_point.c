/* A point as text, for a commit's metadata. */
#include "consumers/aggregator/ledger.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t ledger_point_write(const struct ledger_point *point, char text[LEDGER_POINT_MAX])
{
	return (size_t)snprintf(text, LEDGER_POINT_MAX,
		"clock=%" PRId64 " base=%" PRId64 " blind=%" PRId64, point->clock_us,
		point->base_us, point->blind_us);
}

bool ledger_point_read(const char *text, size_t size, struct ledger_point *point)
{
	char copy[LEDGER_POINT_MAX], again[LEDGER_POINT_MAX];
	if (!text || size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (sscanf(copy, "clock=%" SCNd64 " base=%" SCNd64 " blind=%" SCNd64, &point->clock_us,
		    &point->base_us, &point->blind_us) != 3)
		return false;
	ledger_point_write(point, again);
	return !strcmp(copy, again);
}
