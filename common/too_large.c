#include "common/too_large.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

static struct too_large *find(const struct too_large *list, const char *topic)
{
	while (list && strcmp(list->topic, topic) != 0)
		list = list->next;
	return (struct too_large *)list;
}

static struct too_large *add(struct too_large **list, const char *topic)
{
	struct too_large *entry = calloc(1, sizeof *entry);
	memory_need(entry);
	entry->topic = strdup(topic);
	memory_need(entry->topic);
	entry->next = *list;
	*list = entry;
	return entry;
}

void too_large_note(struct too_large **list, const char *topic, size_t size, int64_t now_us)
{
	struct too_large *entry = find(*list, topic);
	if (!entry)
		entry = add(list, topic);
	if (now_us >= entry->until_us || size < entry->size)
		entry->size = size;
	entry->until_us = now_us + TOO_LARGE_KNOWN_US;
}

bool too_large_is_known(
	const struct too_large *list, const char *topic, size_t size, int64_t now_us)
{
	const struct too_large *entry = find(list, topic);
	return entry && now_us < entry->until_us && size >= entry->size;
}

void too_large_free(struct too_large *list)
{
	while (list) {
		struct too_large *entry = list;
		list = entry->next;
		free(entry->topic);
		free(entry);
	}
}
