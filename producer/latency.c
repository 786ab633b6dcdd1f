#include "producer/latency.h"
#include "common/memory.h"
#include <math.h>
#include <stdlib.h>

void latency_init(struct latency *latency)
{
	*latency = (struct latency){.buckets = calloc(LATENCY_BUCKETS, sizeof(uint64_t))};
	memory_need(latency->buckets);
}

void latency_fini(struct latency *latency)
{
	free(latency->buckets);
	*latency = (struct latency){0};
}

/* Below 2^(BITS + 1) each value has its own bucket; above, the top BITS + 1 bits choose it. */
static int bucket_of(int64_t us)
{
	uint64_t value = (uint64_t)us;
	if (value < (uint64_t)2 << LATENCY_BITS)
		return (int)value;
	int shift = 63 - __builtin_clzll(value) - LATENCY_BITS;
	return (shift << LATENCY_BITS) + (int)(value >> shift);
}

/* The greatest value of the bucket. */
static int64_t bucket_top(int bucket)
{
	if (bucket < 2 << LATENCY_BITS)
		return bucket;
	int shift = (bucket >> LATENCY_BITS) - 1;
	uint64_t mantissa = (uint64_t)(bucket - (shift << LATENCY_BITS));
	return (int64_t)(((mantissa + 1) << shift) - 1);
}

void latency_add(struct latency *latency, int64_t us)
{
	if (us < 0)
		us = 0;
	latency->buckets[bucket_of(us)]++;
	latency->min_us = latency->count && latency->min_us < us ? latency->min_us : us;
	latency->max_us = latency->count && latency->max_us > us ? latency->max_us : us;
	latency->count++;
	latency->sum_us += (double)us;
}

int64_t latency_percentile(const struct latency *latency, double percent)
{
	uint64_t rank = (uint64_t)ceil((double)latency->count * percent / 100), seen = 0;
	if (latency->count == 0)
		return 0;
	for (int i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->buckets[i];
		if (seen < rank || seen == 0)
			continue;
		int64_t top = bucket_top(i);
		return top < latency->max_us ? top : latency->max_us;
	}
	return latency->max_us;
}

int64_t latency_mean(const struct latency *latency)
{
	return latency->count ? (int64_t)llround(latency->sum_us / (double)latency->count) : 0;
}
