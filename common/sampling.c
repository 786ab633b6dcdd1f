/* Sampling and routing: XXH3 and 128-bit integers, nothing else. */
#include "common/sampling.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

uint64_t sampling_seed(const char *test, int64_t created_generation)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "sample/%s/%" PRId64, test, created_generation);

	assert(n > 0 && (size_t)n < sizeof(text)); /* names have at most 100 bytes */
	return XXH3_64bits(text, (size_t)n);
}

uint64_t sampling_hash(const void *key, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(key, size, seed);
}

bool sampling_takes(uint64_t hash, uint32_t k)
{
	assert(k <= SAMPLING_ALWAYS);
	return hash < ((unsigned __int128)k << 64) / SAMPLING_ALWAYS;
}

bool sampling_takes_share(uint64_t hash, uint32_t k, uint32_t share)
{
	const uint64_t always = (uint64_t)SAMPLING_ALWAYS * SAMPLING_ALWAYS;

	assert(k <= SAMPLING_ALWAYS && share <= SAMPLING_ALWAYS);
	return hash < ((unsigned __int128)((uint64_t)k * share) << 64) / always;
}

/* The upper half of hash * total: even to within total / 2^64, without a division. */
uint64_t routing_point(const char *endpoint, const void *key, size_t size, uint64_t total)
{
	uint64_t seed = XXH3_64bits(endpoint, strlen(endpoint));
	uint64_t hash = XXH3_64bits_withSeed(key, size, seed);

	return (uint64_t)(((unsigned __int128)hash * total) >> 64);
}
