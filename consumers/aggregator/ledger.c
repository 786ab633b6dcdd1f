/* Records in, the clock, windows and their end, what may be committed. */
#include "common/memory.h"
#include "consumers/aggregator/ledger_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct ledger *ledger_new(const struct ledger_config *config, const struct ledger_point *start)
{
	const struct ledger_limits *limits = &config->limits;
	assert(limits->window_us > 0 && limits->horizon_us >= 0);
	assert(limits->memory_us >= limits->horizon_us + limits->window_us);
	struct ledger *ledger = calloc(1, sizeof *ledger);
	memory_need(ledger);
	ledger->config = *config;
	ledger->start = *start;
	ledger->next_offset = start->offset;
	ledger->status.clock_us = start->base_us;
	TAILQ_INIT(&ledger->waiting);
	TAILQ_INIT(&ledger->ages);
	TAILQ_INIT(&ledger->labels);
	TAILQ_INIT(&ledger->expectations);
	STAILQ_INIT(&ledger->lasting);
	return ledger;
}

/* Windows. */

static void window_free(struct window *window)
{
	for (size_t i = 0; i < window->n_tallies; i++) {
		tally_fini(window->tallies[i]);
		free(window->tallies[i]);
	}
	free(window->tallies);
	free(window);
}

void window_hold(struct window *window, const struct place *place)
{
	if (place->offset < window->hold.offset)
		window->hold = *place;
}

struct tally *window_tally(struct window *window, const struct arm *arm)
{
	for (size_t i = 0; i < window->n_tallies; i++)
		if (window->tallies[i]->arm == arm)
			return window->tallies[i];
	struct tally **grown =
		reallocarray(window->tallies, window->n_tallies + 1, sizeof(struct tally *));
	struct tally *tally = calloc(1, sizeof *tally);
	memory_need(grown && tally);
	tally->arm = arm;
	window->tallies = grown;
	window->tallies[window->n_tallies++] = tally;
	return tally;
}

/* The window of the present, which every event keeps open: what it made use of must be read again. */
static struct window *present_window(struct ledger *ledger, const struct place *place)
{
	int64_t start_us = place->time_us - place->time_us % ledger->config.limits.window_us;
	struct window *window = ledger->last;
	if (window && window->start_us == start_us)
		return window;
	window = calloc(1, sizeof *window);
	memory_need(window);
	window->start_us = start_us;
	window->hold = *place;
	window->lasting.offset = LASTING_NONE;
	TAILQ_INIT(&window->entries);
	if (ledger->last)
		ledger->last->next = window;
	else
		ledger->first = window;
	ledger->last = window;
	ledger->status.windows++;
	return window;
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_name(const void *a, const void *b)
{
	const struct arm *x = (*(struct tally *const *)a)->arm;
	const struct arm *y = (*(struct tally *const *)b)->arm;
	int order = compare_texts(x->endpoint, y->endpoint);
	if (!order)
		order = compare_texts(x->test, y->test);
	if (!order)
		order = compare_texts(x->variant, y->variant);
	return order ? order : (int)x->role - (int)y->role;
}

static int64_t closing_us(const struct ledger *ledger, const struct window *window)
{
	const struct ledger_limits *limits = &ledger->config.limits;
	return window->start_us + limits->window_us + limits->horizon_us;
}

static bool was_written(const struct ledger *ledger, const struct window *window)
{
	return ledger->start.clock_us != LEDGER_NEVER &&
		closing_us(ledger, window) <= ledger->start.clock_us;
}

static bool is_cut_off(const struct ledger *ledger, const struct window *window)
{
	return ledger->start.blind_us != LEDGER_NEVER && window->start_us < ledger->start.blind_us;
}

/* Instead of numbers that would be a part: one record for each endpoint that says so, of no variant. */
static void tell_cut_off(struct ledger *ledger, struct window *window)
{
	size_t n = window->n_tallies;
	ledger->status.unwritten++;
	for (size_t i = 0; i < n; i++) {
		const struct arm *arm = ledger_arm(
			ledger, window->tallies[i]->arm->endpoint, NULL, "", ROLE_PRODUCTION);
		struct tally *tally = arm ? window_tally(window, arm) : NULL;
		if (!tally || tally->unwritten_windows)
			continue;
		tally->unwritten_windows = 1;
		ledger->config.on_final(ledger->config.opaque, tally, window->start_us);
	}
}

static void tell_final(struct ledger *ledger, struct window *window)
{
	if (was_written(ledger, window))
		return;
	if (is_cut_off(ledger, window)) {
		tell_cut_off(ledger, window);
		return;
	}
	if (window->n_tallies)
		qsort(window->tallies, window->n_tallies, sizeof(struct tally *), by_name);
	for (size_t i = 0; i < window->n_tallies; i++)
		ledger->config.on_final(
			ledger->config.opaque, window->tallies[i], window->start_us);
}

static void let_last(struct ledger *ledger, const struct window *window)
{
	const struct ledger_limits *limits = &ledger->config.limits;
	if (window->lasting.offset == LASTING_NONE)
		return;
	struct lasting *lasting = calloc(1, sizeof *lasting);
	memory_need(lasting);
	lasting->place = window->lasting;
	lasting->until_us = closing_us(ledger, window) + limits->horizon_us + limits->window_us;
	STAILQ_INSERT_TAIL(&ledger->lasting, lasting, link);
}

static void drop_lasting(struct ledger *ledger, int64_t until_us)
{
	struct lasting *lasting;
	while ((lasting = STAILQ_FIRST(&ledger->lasting)) && lasting->until_us <= until_us) {
		STAILQ_REMOVE_HEAD(&ledger->lasting, link);
		free(lasting);
	}
}

static void close_first_window(struct ledger *ledger)
{
	struct window *window = ledger->first;
	struct entry *entry;
	while ((entry = TAILQ_FIRST(&window->entries)))
		join_close(ledger, entry);
	labels_close(ledger, window->start_us);
	tell_final(ledger, window);
	let_last(ledger, window);
	ledger->first = window->next;
	if (!ledger->first)
		ledger->last = NULL;
	ledger->status.windows--;
	window_free(window);
}

/* The clock stands at each window's own end while that is closed: how far it leaps makes no
 * difference to what is remembered. */
static void advance_clock(struct ledger *ledger, int64_t now_us)
{
	int64_t *clock_us = &ledger->status.clock_us;
	bool has_closed = false;
	while (ledger->first && closing_us(ledger, ledger->first) <= now_us) {
		if (closing_us(ledger, ledger->first) > *clock_us)
			*clock_us = closing_us(ledger, ledger->first);
		close_first_window(ledger);
		has_closed = true;
	}
	if (now_us > *clock_us)
		*clock_us = now_us;
	if (!ledger->has_begun && ledger->start.blind_us == LEDGER_CUT_OFF)
		ledger->start.blind_us = *clock_us;
	ledger->has_begun = true;
	if (has_closed)
		ledger_sweep_sources(ledger);
	drop_lasting(ledger, *clock_us);
}

/* Records. */

static void note_duplicate(
	struct ledger *ledger, struct window *window, const struct place *known_by)
{
	ledger->status.duplicates++;
	window_hold(window, known_by);
	if (known_by->offset < window->lasting.offset)
		window->lasting = *known_by;
}

static struct entry *remember(struct ledger *ledger, struct window *window, struct source *source,
	const struct place *place, int64_t source_offset)
{
	struct entry *entry = entry_new(ledger, source, source_offset, place, NULL);
	entry->window = window;
	TAILQ_INSERT_TAIL(&window->entries, entry, link);
	return entry;
}

/* It is remembered as a reader would who begins with the duplicate. */
static void refresh(struct entry *entry, const struct place *place)
{
	entry->seen = *place;
	if (entry->window)
		return;
	TAILQ_REMOVE(&entry->source->uncovered, entry, link);
	source_add_uncovered(entry->source, entry);
}

static void count_production(struct ledger *ledger, struct entry *entry, const struct arm *arm,
	const struct event *event)
{
	tally_add_event(window_tally(entry->window, arm), event);
	decisions_check(ledger, entry->window, event);
	join_production(ledger, entry, event);
}

static void take_production(struct ledger *ledger, struct window *window, struct source *source,
	const struct arm *arm, const struct place *place, const struct event *event)
{
	int64_t offset = event->source_offset;
	struct entry *entry = entry_find(ledger, source, offset);
	if (entry) {
		note_duplicate(ledger, window, entry_known_by(entry));
		refresh(entry, place);
	} else if (source_covers(ledger, source, offset)) {
		note_duplicate(ledger, window, &source->marked);
		remember(ledger, window, source, place, offset)->is_ghost = true;
	} else {
		entry = remember(ledger, window, source, place, offset);
		count_production(ledger, entry, arm, event);
	}
	source_advance(ledger, source, event->done_below, place);
}

static void take_event(struct ledger *ledger, const struct place *place, const struct event *event)
{
	bool is_production = event->role == ROLE_PRODUCTION;
	const struct arm *arm = is_production == !event->test && *event->variant
		? ledger_arm(ledger, event->endpoint, event->test, event->variant, event->role)
		: NULL;
	struct source *source = arm ? ledger_source(ledger, event) : NULL;
	if (!source) {
		ledger->status.malformed++;
		return;
	}
	struct window *window = present_window(ledger, place);
	if (is_production)
		take_production(ledger, window, source, arm, place, event);
	else
		join_copy(ledger, window, source, arm, place, event);
	join_enforce_limits(ledger);
}

static void take_gap(struct ledger *ledger, const struct place *place, const struct ledger_gap *gap)
{
	const struct arm *arm = ledger_arm(
		ledger, gap->endpoint, gap->test, "", gap->test ? ROLE_SHADOW : ROLE_PRODUCTION);
	if (!arm || gap->events < 0) {
		ledger->status.malformed++;
		return;
	}
	struct tally *tally = window_tally(present_window(ledger, place), arm);
	tally->given_up_events =
		(int64_t)((uint64_t)tally->given_up_events + (uint64_t)gap->events);
	tally->has_changed = true;
}

void ledger_take(struct ledger *ledger, const struct ledger_record *record)
{
	assert(record->append_us >= 0);
	advance_clock(ledger, record->append_us);
	ledger->next_offset = record->offset + 1;
	struct place place = {record->offset, ledger->status.clock_us};
	if (record->kind == LEDGER_EVENT)
		take_event(ledger, &place, record->event);
	else if (record->kind == LEDGER_GAP)
		take_gap(ledger, &place, record->gap);
	else if (record->kind == LEDGER_LABEL)
		label_take(ledger, &place, present_window(ledger, &place)->start_us, record->label);
}

void ledger_each_open(struct ledger *ledger, bool only_changed,
	void (*visit)(void *opaque, const struct tally *tally, int64_t window_start_us),
	void *opaque)
{
	for (struct window *window = ledger->first; window; window = window->next) {
		if (was_written(ledger, window) || is_cut_off(ledger, window))
			continue;
		for (size_t i = 0; i < window->n_tallies; i++) {
			struct tally *tally = window->tallies[i];
			if (only_changed && !tally->has_changed)
				continue;
			tally->has_changed = false;
			visit(opaque, tally, window->start_us);
		}
	}
}

/* What may be committed. */

static void hold_back(struct ledger_point *point, const struct place *place)
{
	if (place->offset >= point->offset)
		return;
	point->offset = place->offset;
	point->base_us = place->time_us;
}

void ledger_point(const struct ledger *ledger, struct ledger_point *point)
{
	*point = ledger->start;
	if (!ledger->has_begun)
		return;
	point->offset = ledger->next_offset;
	point->base_us = ledger->status.clock_us;
	if (ledger->status.clock_us > point->clock_us)
		point->clock_us = ledger->status.clock_us;
	for (const struct window *window = ledger->first; window; window = window->next)
		hold_back(point, &window->hold);
	for (const struct lasting *lasting = STAILQ_FIRST(&ledger->lasting); lasting;
		lasting = STAILQ_NEXT(lasting, link))
		hold_back(point, &lasting->place);
	for (const struct source *source = ledger->sources; source; source = source->next) {
		const struct entry *oldest = TAILQ_FIRST(&source->uncovered);
		if (oldest)
			hold_back(point, &oldest->seen);
		if (source->mark >= 0)
			hold_back(point, &source->marked);
	}
}

void ledger_read_status(const struct ledger *ledger, struct ledger_status *status)
{
	*status = ledger->status;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	while (ledger->first) {
		struct window *window = ledger->first;
		struct entry *entry;
		while ((entry = TAILQ_FIRST(&window->entries))) {
			TAILQ_REMOVE(&window->entries, entry, link);
			entry_free(ledger, entry);
		}
		ledger->first = window->next;
		window_free(window);
	}
	struct entry *entry;
	while ((entry = TAILQ_FIRST(&ledger->ages)))
		entry_free(ledger, entry);
	labels_close(ledger, INT64_MAX);
	drop_lasting(ledger, INT64_MAX);
	ledger_free_names(ledger);
	free(ledger->subjects);
	free(ledger->buckets);
	free(ledger);
}
