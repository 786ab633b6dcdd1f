/* What a reader makes of an input in one piece and in many is the same. */
#ifndef UMBRA_INTEGRATION_FUZZ_PIECES_H
#define UMBRA_INTEGRATION_FUZZ_PIECES_H

#include "integration/fuzz/fuzz.h"
#include "producer/buffer.h"
#include <assert.h>
#include <string.h>

/* Reads the data in pieces of at most `piece` bytes and writes what came out, as text. */
typedef void read_all_function(const char *data, size_t size, size_t piece, struct buffer *out);

/* The first byte chooses the size of the pieces. */
static inline int read_in_pieces(read_all_function *read, const uint8_t *data, size_t size)
{
	struct buffer whole = {0}, pieces = {0};

	if (size == 0)
		return 0;
	read((const char *)data + 1, size - 1, size, &whole);
	read((const char *)data + 1, size - 1, 3 + data[0] % 16u, &pieces);
	assert(whole.size == pieces.size);
	assert(whole.size == 0 || memcmp(whole.data, pieces.data, whole.size) == 0);
	buffer_fini(&whole);
	buffer_fini(&pieces);
	return 0;
}

#endif
