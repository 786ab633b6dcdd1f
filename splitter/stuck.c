#include "splitter/stuck.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint64_t key_of(const char *topic, int32_t partition)
{
	return XXH3_64bits_withSeed(topic, strlen(topic), (uint64_t)partition);
}

static struct stuck_place *find(const struct stuck *stuck, uint64_t key)
{
	for (size_t i = 0; i < stuck->n; i++)
		if (stuck->places[i].key == key)
			return &stuck->places[i];
	return NULL;
}

static struct stuck_place *add(struct stuck *stuck, uint64_t key)
{
	struct stuck_place *grown =
		reallocarray(stuck->places, stuck->n + 1, sizeof *stuck->places);
	memory_need(grown);
	stuck->places = grown;
	grown[stuck->n].key = key;
	return &grown[stuck->n++];
}

void stuck_note(struct stuck *stuck, const char *topic, int32_t partition, int64_t until_us)
{
	uint64_t key = key_of(topic, partition);
	struct stuck_place *place = find(stuck, key);
	if (!place)
		place = add(stuck, key);
	place->until_us = until_us;
}

bool stuck_has(struct stuck *stuck, const char *topic, int32_t partition, int64_t now_us)
{
	struct stuck_place *place = find(stuck, key_of(topic, partition));
	if (!place)
		return false;
	if (now_us < place->until_us)
		return true;
	*place = stuck->places[--stuck->n];
	return false;
}

void stuck_fini(struct stuck *stuck)
{
	free(stuck->places);
	*stuck = (struct stuck){.n = 0};
}
