/* Arms and sources. There are few: they are searched from the one that was found last. */
#include "common/memory.h"
#include "common/text.h"
#include "consumers/aggregator/ledger_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	memory_need(copy || !text);
	return copy;
}

static bool is_arm(const struct arm *arm, const char *endpoint, const char *test,
	const char *variant, enum role role)
{
	return arm->role == role && !strcmp(arm->variant, variant) && text_equal(arm->test, test) &&
		!strcmp(arm->endpoint, endpoint);
}

const struct arm *ledger_arm(struct ledger *ledger, const char *endpoint, const char *test,
	const char *variant, enum role role)
{
	for (size_t i = 0; i < ledger->n_arms; i++)
		if (is_arm(ledger->arms[i], endpoint, test, variant, role))
			return ledger->arms[i];
	if (ledger->n_arms == LEDGER_MAX_ARMS || !text_is_name(endpoint) ||
		(test && !text_is_name(test)) || (*variant && !text_is_name(variant)))
		return NULL;
	if ((ledger->n_arms & (ledger->n_arms - 1)) == 0) {
		ledger->arms =
			reallocarray(ledger->arms, 2 * ledger->n_arms + 1, sizeof(struct arm *));
		memory_need(ledger->arms);
	}
	struct arm *arm = calloc(1, sizeof *arm);
	memory_need(arm);
	*arm = (struct arm){copy_text(endpoint), copy_text(test), copy_text(variant), role};
	ledger->arms[ledger->n_arms++] = arm;
	return arm;
}

static bool is_source(const struct source *source, const struct event *event)
{
	return source->partition == event->source_partition && source->epoch == event->epoch &&
		!strcmp(source->topic, event->source_topic) &&
		!strcmp(source->endpoint, event->endpoint);
}

static uint64_t source_seed(const struct event *event)
{
	uint64_t seed = XXH3_64bits_withSeed(
		event->endpoint, strlen(event->endpoint), (uint64_t)event->epoch);
	return XXH3_64bits_withSeed(event->source_topic, strlen(event->source_topic),
		seed + (uint64_t)event->source_partition);
}

static struct source *new_source(struct ledger *ledger, const struct event *event)
{
	struct source *source = calloc(1, sizeof *source);
	memory_need(source);
	source->endpoint = copy_text(event->endpoint);
	source->topic = copy_text(event->source_topic);
	source->epoch = event->epoch;
	source->partition = event->source_partition;
	source->mark = source->forgotten = -1;
	source->seed = source_seed(event);
	TAILQ_INIT(&source->uncovered);
	ledger->n_sources++;
	return source;
}

static void source_free(struct ledger *ledger, struct source *source)
{
	assert(!source->n_entries);
	free(source->endpoint);
	free(source->topic);
	free(source);
	ledger->n_sources--;
}

struct source *ledger_source(struct ledger *ledger, const struct event *event)
{
	struct source **at = &ledger->sources;
	while (*at && !is_source(*at, event))
		at = &(*at)->next;
	struct source *source = *at;
	if (!source && ledger->n_sources == LEDGER_MAX_SOURCES)
		return NULL;
	if (source)
		*at = source->next;
	else
		source = new_source(ledger, event);
	source->next = ledger->sources; /* the next search begins here */
	ledger->sources = source;
	return source;
}

bool ledger_has_forgotten(const struct ledger *ledger, const struct place *place)
{
	return ledger->status.clock_us - place->time_us >= ledger->config.limits.memory_us;
}

bool source_covers(const struct ledger *ledger, const struct source *source, int64_t offset)
{
	return offset < source->mark && !ledger_has_forgotten(ledger, &source->marked);
}

/* Covered by a mark that is older than the last duplicate, it is kept: a reader that begins between
 * the two does not know the mark. */
static bool is_done_with(
	const struct ledger *ledger, const struct source *source, const struct entry *entry)
{
	return (source_covers(ledger, source, entry->source_offset) &&
		       source->marked.offset > entry->seen.offset) ||
		ledger_has_forgotten(ledger, &entry->seen);
}

void source_add_uncovered(struct source *source, struct entry *entry)
{
	struct entry *before = TAILQ_LAST(&source->uncovered, entry_list);
	while (before && before->seen.offset > entry->seen.offset)
		before = TAILQ_PREV(before, entry_list, link);
	if (before)
		TAILQ_INSERT_AFTER(&source->uncovered, before, entry, link);
	else
		TAILQ_INSERT_HEAD(&source->uncovered, entry, link);
}

void source_forget(struct source *source, const struct entry *entry)
{
	if (entry->source_offset > source->forgotten)
		source->forgotten = entry->source_offset;
	source->forgotten_at = entry->place;
}

/* Lets go what is covered or too old. */
static void sweep(struct ledger *ledger, struct source *source)
{
	struct entry *entry;
	while ((entry = TAILQ_FIRST(&source->uncovered)) && is_done_with(ledger, source, entry)) {
		TAILQ_REMOVE(&source->uncovered, entry, link);
		entry_free(ledger, entry);
	}
	if (source->mark >= 0 && ledger_has_forgotten(ledger, &source->marked))
		source->mark = -1;
	if (source->forgotten >= 0 && ledger_has_forgotten(ledger, &source->forgotten_at))
		source->forgotten = -1;
}

void source_advance(
	struct ledger *ledger, struct source *source, int64_t done_below, const struct place *place)
{
	if (done_below < 0 ||
		(done_below < source->mark && !ledger_has_forgotten(ledger, &source->marked)))
		return;
	source->mark = done_below;
	source->marked = *place;
	sweep(ledger, source);
}

void ledger_sweep_sources(struct ledger *ledger)
{
	struct source **at = &ledger->sources;
	while (*at) {
		struct source *source = *at;
		sweep(ledger, source);
		if (source->n_entries || source->mark >= 0 || source->forgotten >= 0) {
			at = &source->next;
			continue;
		}
		*at = source->next;
		source_free(ledger, source);
	}
}

void ledger_free_names(struct ledger *ledger)
{
	while (ledger->sources) {
		struct source *source = ledger->sources;
		ledger->sources = source->next;
		source_free(ledger, source);
	}
	for (size_t i = 0; i < ledger->n_arms; i++) {
		free(ledger->arms[i]->endpoint);
		free(ledger->arms[i]->test);
		free(ledger->arms[i]->variant);
		free(ledger->arms[i]);
	}
	free(ledger->arms);
}
