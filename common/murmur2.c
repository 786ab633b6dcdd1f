/* MurmurHash2 with the seed of Kafka's Java client, so that a key lies in the same partition
 * whoever writes it. */
#include "common/kafka.h"
#include <assert.h>

static uint32_t read32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t kafka_murmur2(const void *key, size_t size)
{
	const uint32_t m = 0x5bd1e995;
	const unsigned char *p = key;
	uint32_t h = 0x9747b28cU ^ (uint32_t)size;
	for (; size >= 4; p += 4, size -= 4) {
		uint32_t k = read32(p) * m;
		h = (h * m) ^ ((k ^ (k >> 24)) * m);
	}
	if (size >= 3)
		h ^= (uint32_t)p[2] << 16;
	if (size >= 2)
		h ^= (uint32_t)p[1] << 8;
	if (size >= 1)
		h = (h ^ p[0]) * m;
	h = (h ^ (h >> 13)) * m;
	return h ^ (h >> 15);
}

int32_t kafka_murmur2_partition(const void *key, size_t size, int32_t n)
{
	assert(n > 0);
	return (int32_t)(kafka_murmur2(key, size) & 0x7fffffff) % n;
}
