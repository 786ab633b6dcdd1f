#include "consumers/console/gzip.h"
#include "common/memory.h"
#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8 };

/* What stands between two commas: "gzip", "gzip;q=0.5". A weight of zero forbids. */
static bool allows(const char *item, size_t size)
{
	const char *q = memmem(item, size, "q=", 2);
	size_t name = 0;
	while (name < size && !strchr(" \t;", item[name]))
		name++;
	bool is_gzip = (name == 4 && !strncasecmp(item, "gzip", 4)) || (name == 1 && *item == '*');
	return is_gzip && (!q || strspn(q + 2, "0.") < (size_t)(item + size - q - 2));
}

bool gzip_is_accepted(const char *accepts)
{
	while (accepts && *accepts) {
		accepts += strspn(accepts, " \t,");
		size_t size = strcspn(accepts, ",");
		if (size && allows(accepts, size))
			return true;
		accepts += size;
	}
	return false;
}

char *gzip_pack(const void *data, size_t size, size_t *packed_size)
{
	z_stream stream = {0};
	assert(size <= UINT_MAX / 2);
	memory_need(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
			    Z_DEFAULT_STRATEGY) == Z_OK);
	uLong bound = deflateBound(&stream, (uLong)size);
	char *packed = calloc(1, bound);
	memory_need(packed);
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)size;
	stream.next_out = (Bytef *)packed;
	stream.avail_out = (uInt)bound;
	int result = deflate(&stream, Z_FINISH);
	assert(result == Z_STREAM_END);
	*packed_size = stream.total_out;
	deflateEnd(&stream);
	return packed;
}
