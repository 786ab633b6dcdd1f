#include "producer/tally.h"
#include "common/memory.h"
#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *tally)
{
	*tally = (struct tally){.start_us = -1, .end_us = -1};
	tally->groups = calloc(TALLY_GROUPS_MAX + 1, sizeof *tally->groups);
	memory_need(tally->groups);
	latency_init(&tally->latency);
}

void tally_fini(struct tally *tally)
{
	free(tally->groups);
	latency_fini(&tally->latency);
}

static bool same_kind(const struct answer_kind *a, const struct answer_kind *b)
{
	return strcmp(a->variant, b->variant) == 0 && strcmp(a->outcome, b->outcome) == 0 &&
		strcmp(a->status, b->status) == 0;
}

void tally_add_kind(struct tally *tally, const struct answer_kind *kind)
{
	static const struct answer_kind other = {"(other)", "(other)", "(other)"};
	size_t i = 0;
	while (i < tally->n_groups && !same_kind(&tally->groups[i].kind, kind))
		i++;
	if (i >= TALLY_GROUPS_MAX) {
		i = TALLY_GROUPS_MAX;
		kind = &other;
	}
	if (i == tally->n_groups) {
		tally->groups[i].kind = *kind;
		tally->n_groups++;
	}
	tally->groups[i].count++;
}

static int by_count(const void *a, const void *b)
{
	const struct answer_group *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return memcmp(&x->kind, &y->kind, sizeof x->kind);
}

void tally_sort(struct tally *tally)
{
	qsort(tally->groups, tally->n_groups, sizeof *tally->groups, by_count);
}

void tally_add_missing(struct tally *tally, int64_t number, struct origin origin)
{
	tally->unanswered++;
	if (tally->n_missing < TALLY_MISSING_MAX)
		tally->missing[tally->n_missing++] = (struct missing){number, origin};
}

void tally_set_word(char *word, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	if (!data || size > TALLY_WORD_MAX - 1)
		size = data ? TALLY_WORD_MAX - 1 : 0;
	for (size_t i = 0; i < size; i++)
		word[i] = bytes[i] > ' ' && bytes[i] <= '~' ? (char)bytes[i] : '?';
	memset(word + size, 0, TALLY_WORD_MAX - size);
}

double tally_rate(const struct tally *tally, int64_t ended)
{
	int64_t us = tally->end_us - tally->start_us;
	return us > 0 ? (double)ended * 1e6 / (double)us : 0;
}
