/* Entries in a hash table that grows, chained; and the answers that they keep. */
#include "common/memory.h"
#include "consumers/aggregator/ledger_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 1024 };

static size_t bucket_of(const struct ledger *ledger, const struct source *source, int64_t offset)
{
	uint64_t hash = ((uint64_t)offset + source->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash ^ hash >> 32) & (ledger->n_buckets - 1);
}

static void grow(struct ledger *ledger)
{
	struct entry **old = ledger->buckets;
	size_t n_old = ledger->n_buckets;
	ledger->n_buckets = n_old ? 2 * n_old : FIRST_BUCKETS;
	ledger->buckets = calloc(ledger->n_buckets, sizeof(struct entry *));
	memory_need(ledger->buckets);
	for (size_t i = 0; i < n_old; i++) {
		struct entry *next;
		for (struct entry *entry = old[i]; entry; entry = next) {
			next = entry->chain;
			size_t at = bucket_of(ledger, entry->source, entry->source_offset);
			entry->chain = ledger->buckets[at];
			ledger->buckets[at] = entry;
		}
	}
	free(old);
}

struct entry *entry_new(struct ledger *ledger, struct source *source, int64_t source_offset,
	const struct place *place, const struct arm *orphan)
{
	if (ledger->n_entries == ledger->n_buckets)
		grow(ledger);
	struct entry *entry = calloc(1, sizeof *entry);
	memory_need(entry);
	entry->source = source;
	entry->source_offset = source_offset;
	entry->place = entry->seen = *place;
	entry->orphan = orphan;
	size_t at = bucket_of(ledger, source, source_offset);
	entry->chain = ledger->buckets[at];
	ledger->buckets[at] = entry;
	ledger->n_entries++;
	source->n_entries++;
	if (!orphan) {
		TAILQ_INSERT_TAIL(&ledger->ages, entry, age);
		ledger->status.requests++;
	}
	return entry;
}

static void unchain(struct ledger *ledger, struct entry *entry)
{
	struct entry **at =
		&ledger->buckets[bucket_of(ledger, entry->source, entry->source_offset)];
	while (*at != entry)
		at = &(*at)->chain;
	*at = entry->chain;
}

void entry_free(struct ledger *ledger, struct entry *entry)
{
	entry_stop_waiting(ledger, entry);
	entry_drop_answer(ledger, entry);
	label_forget(ledger, entry);
	unchain(ledger, entry);
	ledger->n_entries--;
	entry->source->n_entries--;
	if (!entry->orphan) {
		TAILQ_REMOVE(&ledger->ages, entry, age);
		ledger->status.requests--;
	}
	free(entry->slots);
	free(entry);
}

static struct entry *chain_at(
	const struct ledger *ledger, const struct source *source, int64_t offset)
{
	return ledger->n_buckets ? ledger->buckets[bucket_of(ledger, source, offset)] : NULL;
}

struct entry *entry_find(const struct ledger *ledger, const struct source *source, int64_t offset)
{
	struct entry *entry = chain_at(ledger, source, offset);
	while (entry &&
		(entry->orphan || entry->source_offset != offset || entry->source != source))
		entry = entry->chain;
	return entry && !ledger_has_forgotten(ledger, &entry->seen) ? entry : NULL;
}

/* Of several the oldest: the chain begins with the newest, and its order must not show. */
struct entry *entry_find_orphan(
	const struct ledger *ledger, const struct source *source, int64_t offset)
{
	struct entry *found = NULL;
	for (struct entry *entry = chain_at(ledger, source, offset); entry; entry = entry->chain)
		if (entry->orphan && entry->source_offset == offset && entry->source == source &&
			(!found || entry->place.offset < found->place.offset))
			found = entry;
	return found;
}

const struct place *entry_known_by(const struct entry *entry)
{
	return entry->window ? &entry->place : &entry->seen;
}

/* Answers. */

static char *put(char **at, const void *data, size_t size)
{
	char *place = *at;
	if (size)
		memcpy(place, data, size);
	*at += size;
	return place;
}

static struct answer *answer_new(const struct event *event)
{
	size_t variant_size = strlen(event->variant) + 1;
	size_t type_size = strlen(event->response_content_type) + 1;
	size_t body_size = event->response_body ? event->response_body_size : 0;
	size_t size = sizeof(struct answer) + variant_size + type_size + body_size;
	struct answer *answer = calloc(1, size);
	memory_need(answer);
	char *behind = (char *)(answer + 1);
	*answer = (struct answer){
		.outcome = event->outcome,
		.status_code = event->status_code,
		.model_latency_us = event->model_latency_us,
		.overhead_us = event->overhead_latency_us,
		.queue_us = event->queue_us,
		.generation = event->generation,
		.request_bytes = event->request_bytes,
		.response_bytes = event->response_bytes,
		.variant = put(&behind, event->variant, variant_size),
		.content_type = put(&behind, event->response_content_type, type_size),
		.body_size = body_size,
		.has_digest = event->response_digest != NULL,
		.size = size,
	};
	if (event->response_body)
		answer->body = put(&behind, event->response_body, body_size);
	if (event->response_digest)
		memcpy(answer->digest, event->response_digest, EVENT_DIGEST_SIZE);
	return answer;
}

void entry_keep_answer(struct ledger *ledger, struct entry *entry, const struct event *event)
{
	entry_drop_answer(ledger, entry);
	entry->answer = answer_new(event);
	ledger->status.join_bytes += (int64_t)entry->answer->size;
}

void entry_drop_answer(struct ledger *ledger, struct entry *entry)
{
	if (!entry->answer)
		return;
	ledger->status.join_bytes -= (int64_t)entry->answer->size;
	free(entry->answer);
	entry->answer = NULL;
}

/* Waiting. */

int64_t entry_joins(const struct entry *entry)
{
	int64_t n = entry->orphan != NULL;
	for (size_t i = 0; i < entry->n_slots; i++)
		n += entry->slots[i].state == SLOT_WAITING || entry->slots[i].state == SLOT_LOST;
	return n;
}

void entry_wait(struct ledger *ledger, struct entry *entry)
{
	assert(!entry->is_waiting);
	entry->is_waiting = true;
	TAILQ_INSERT_TAIL(&ledger->waiting, entry, waiting);
	ledger->status.joins += entry_joins(entry);
}

/* While its slots are still as they were counted, or all are settled. */
void entry_stop_waiting(struct ledger *ledger, struct entry *entry)
{
	if (!entry->is_waiting)
		return;
	ledger->status.joins -= entry_joins(entry);
	entry->is_waiting = false;
	TAILQ_REMOVE(&ledger->waiting, entry, waiting);
}
