#include "producer/origin.h"
#include <inttypes.h>
#include <stdio.h>

char *origin_write(const struct origin *origin, const char *source, char *text, size_t size)
{
	if (origin->partition < 0)
		snprintf(text, size, "%s:%" PRId64, source, origin->line);
	else
		snprintf(text, size, "%s/%" PRId32 ":%" PRId64, source, origin->partition,
			origin->line);
	return text;
}
