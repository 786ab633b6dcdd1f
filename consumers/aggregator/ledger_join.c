/* The two halves of a copy. Production's event announces the copies; each ends in one event of its
 * arm, which may come first: then it waits as an orphan, at most until its own window closes. */
#include "common/memory.h"
#include "consumers/aggregator/ledger_private.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Comparison. */

static const char *production_path(const struct ledger *ledger, const struct entry *entry)
{
	const struct endpoint *endpoint = history_endpoint(
		ledger->config.history, entry->source->endpoint, entry->answer->generation);
	for (size_t i = 0; endpoint && i < endpoint->n_variants; i++)
		if (!strcmp(endpoint->variants[i].name, entry->answer->variant))
			return endpoint->variants[i].answer_path;
	return NULL;
}

static const char *candidate_path(const struct test *test, const struct arm *arm)
{
	for (size_t i = 0; test && i < test->n_variants; i++)
		if (!strcmp(test->variants[i].name, arm->variant))
			return test->variants[i].answer_path;
	return NULL;
}

static struct compare_answer production_answer(
	const struct ledger *ledger, const struct entry *entry)
{
	const struct answer *answer = entry->answer;
	return (struct compare_answer){
		.outcome = answer->outcome,
		.status_code = answer->status_code,
		.content_type = answer->content_type,
		.body = answer->body,
		.body_size = answer->body_size,
		.size = answer->response_bytes,
		.digest = answer->has_digest ? answer->digest : NULL,
		.answer_path = production_path(ledger, entry),
	};
}

static void describe_kind(const struct compare_spec *spec, const struct compare_result *result,
	char kind[MISMATCH_TEXT_MAX])
{
	if (spec->kind == COMPARE_LABEL)
		snprintf(kind, MISMATCH_TEXT_MAX, "label %.100s > %.100s", result->production.label,
			result->candidate.label);
	else
		snprintf(kind, MISMATCH_TEXT_MAX, "%s",
			spec->kind == COMPARE_STATUS     ? "status"
				: result->has_difference ? "number"
							 : "answer");
}

/* `masked` is to be freed; it may be what `data` is. */
static struct mismatch_body show(
	const struct compare_spec *spec, const struct compare_answer *answer, char **masked)
{
	struct mismatch_body body = {.whole_size = answer->size};
	*masked = NULL;
	if (!answer->body)
		return body; /* it was not carried */
	body.data = (char *)(uintptr_t)answer->body;
	body.size = answer->body_size;
	if (spec->mask.n) {
		*masked = body.data =
			mismatch_mask(&spec->mask, answer->body, body.size, &body.size);
		body.whole_size = (int64_t)body.size;
	}
	return body;
}

/* The two sides of one comparison. */
struct meeting {
	const struct compare_spec *spec;
	const struct compare_answer *production, *candidate;
	const struct compare_result *result;
};

static void keep_example(struct tally *tally, const struct entry *entry, const char *request_id,
	const struct meeting *meeting)
{
	const struct source *source = entry->source;
	if (meeting->result->verdict != COMPARE_MISMATCH)
		return; /* most are none: no rank for these */
	const struct mismatch_place place = {
		source->topic, source->epoch, source->partition, entry->source_offset};
	uint64_t rank = mismatch_rank(&place, tally->arm->variant);
	if (!mismatches_want(&tally->mismatches, rank))
		return;
	char kind[MISMATCH_TEXT_MAX], *masked[2];
	describe_kind(meeting->spec, meeting->result, kind);
	struct mismatch mismatch = {.rank = rank,
		.kind = kind,
		.request_id = (char *)(uintptr_t)request_id,
		.topic = source->topic,
		.partition = source->partition,
		.offset = entry->source_offset,
		.production = show(meeting->spec, meeting->production, &masked[0]),
		.candidate = show(meeting->spec, meeting->candidate, &masked[1])};
	mismatches_add(&tally->mismatches, &mismatch);
	free(masked[0]);
	free(masked[1]);
}

static void compare(struct ledger *ledger, const struct entry *entry, const struct slot *slot,
	struct tally *tally, const struct event *event)
{
	const struct arm *arm = slot->arm;
	static const struct compare_spec plain = {.threshold = NAN};
	struct compare_result result;
	const struct answer *answer = entry->answer;
	/* A second call to production answers as production does. */
	const struct test *test =
		history_test(ledger->config.history, arm->test, answer->generation);
	struct compare_answer production = production_answer(ledger, entry);
	struct compare_answer candidate = {
		.outcome = event->outcome,
		.status_code = event->status_code,
		.content_type = event->response_content_type,
		.body = event->response_body,
		.body_size = event->response_body_size,
		.size = event->response_bytes,
		.digest = event->response_digest,
		.answer_path = arm->role == ROLE_BASELINE ? production.answer_path
							  : candidate_path(test, arm),
	};
	const struct compare_spec *spec = test ? &test->compare : &plain;
	compare_answers(spec, &production, &candidate, &result);
	tally_add_comparison(tally, &result, answer->model_latency_us, event->model_latency_us);
	struct meeting meeting = {spec, &production, &candidate, &result};
	keep_example(tally, entry, event->request_id, &meeting);
	if (spec->kind == COMPARE_LABEL)
		label_predict(entry, slot, &result, !isnan(spec->threshold));
}

/* A copy's event whose request is known, and open. */

static struct slot *find_slot(const struct entry *entry, const struct arm *arm)
{
	for (size_t i = 0; i < entry->n_slots; i++)
		if (entry->slots[i].arm == arm)
			return &entry->slots[i];
	return NULL;
}

static void lose(struct slot *slot, struct tally *tally, const struct event *event)
{
	slot->state = SLOT_LOST;
	slot->outcome = event->outcome;
	slot->request_bytes = event->request_bytes;
	slot->response_bytes = event->response_bytes;
	tally_add_event(tally, event);
	tally->pending--;
	tally->losses[event->outcome]++;
}

static void pair(struct ledger *ledger, struct entry *entry, struct slot *slot, struct tally *tally,
	const struct event *event)
{
	if (slot->state == SLOT_LOST)
		tally_take_back(tally, slot->outcome, slot->request_bytes, slot->response_bytes);
	else
		tally->pending--;
	slot->state = SLOT_PAIRED;
	if (entry->is_waiting)
		ledger->status.joins--;
	tally_add_event(tally, event);
	tally->paired++;
	compare(ledger, entry, slot, tally, event);
	if (entry_joins(entry))
		return;
	entry_stop_waiting(ledger, entry);
	entry_drop_answer(ledger, entry);
}

static void join(
	struct ledger *ledger, struct entry *entry, struct slot *slot, const struct event *event)
{
	struct tally *tally = window_tally(entry->window, slot->arm);
	bool is_asked = outcome_is_asked(event->outcome);
	if (is_asked && (slot->state == SLOT_WAITING || slot->state == SLOT_LOST))
		pair(ledger, entry, slot, tally, event);
	else if (slot->state == SLOT_WAITING)
		lose(slot, tally, event);
}

static void note_late(struct window *window, const struct arm *arm)
{
	struct tally *tally = window_tally(window, arm);
	tally->late++;
	tally->has_changed = true;
}

static void note_unsolicited(struct window *window, const struct arm *arm)
{
	struct tally *tally = window_tally(window, arm);
	tally->unsolicited++;
	tally->has_changed = true;
}

/* Orphans. */

/* It waited long enough. Was its request's event there before, in a window that is closed? Whether
 * that event is still remembered must make no difference: a reader that crashed may forget later. */
static void settle_orphan(const struct ledger *ledger, const struct entry *entry)
{
	int64_t sighted_us = ledger->start.blind_us == LEDGER_NEVER
		? LEDGER_NEVER
		: ledger->start.blind_us + ledger->config.limits.horizon_us;
	if (source_covers(ledger, entry->source, entry->source_offset) ||
		entry->source_offset <= entry->source->forgotten ||
		entry_find(ledger, entry->source, entry->source_offset) ||
		entry->window->start_us < sighted_us)
		note_late(entry->window, entry->orphan);
	else
		note_unsolicited(entry->window, entry->orphan);
}

static void end_orphan(struct ledger *ledger, struct entry *entry)
{
	TAILQ_REMOVE(&entry->window->entries, entry, link);
	entry_free(ledger, entry);
}

static void keep_orphan(struct ledger *ledger, struct window *window, struct source *source,
	const struct arm *arm, const struct place *place, const struct event *event)
{
	struct entry *entry = entry_new(ledger, source, event->source_offset, place, arm);
	entry->window = window;
	TAILQ_INSERT_TAIL(&window->entries, entry, link);
	entry_keep_answer(ledger, entry, event);
	entry_wait(ledger, entry);
}

void join_copy(struct ledger *ledger, struct window *window, struct source *source,
	const struct arm *arm, const struct place *place, const struct event *event)
{
	struct entry *entry = entry_find(ledger, source, event->source_offset);
	if (entry)
		window_hold(window, entry_known_by(entry));
	if (!entry || !entry->window || entry->is_ghost) {
		keep_orphan(ledger, window, source, arm, place, event);
		return;
	}
	struct slot *slot = find_slot(entry, arm);
	if (!slot)
		note_unsolicited(window, arm);
	else
		join(ledger, entry, slot, event);
}

/* An orphan's answer as the event that it was, as far as joining looks at it. */
static struct event event_of(const struct answer *answer)
{
	return (struct event){
		.outcome = answer->outcome,
		.status_code = answer->status_code,
		.model_latency_us = answer->model_latency_us,
		.overhead_latency_us = answer->overhead_us,
		.queue_us = answer->queue_us,
		.generation = answer->generation,
		.request_bytes = answer->request_bytes,
		.response_bytes = answer->response_bytes,
		.variant = answer->variant,
		.response_content_type = answer->content_type,
		.response_body = answer->body,
		.response_body_size = answer->body_size,
		.response_digest = answer->has_digest ? answer->digest : NULL,
	};
}

static void adopt_orphans(struct ledger *ledger, struct entry *entry, const char *request_id)
{
	struct entry *orphan;
	while ((orphan = entry_find_orphan(ledger, entry->source, entry->source_offset))) {
		struct slot *slot = find_slot(entry, orphan->orphan);
		struct event event = event_of(orphan->answer);
		event.request_id = request_id;
		window_hold(entry->window, &orphan->place);
		if (!slot)
			note_unsolicited(orphan->window, orphan->orphan);
		else
			join(ledger, entry, slot, &event);
		end_orphan(ledger, orphan);
	}
}

/* A production event that counts: announces its copies. */

static void add_slots(struct ledger *ledger, struct entry *entry, const struct event *event)
{
	entry->slots = calloc(event->n_sampled_for, sizeof *entry->slots);
	memory_need(entry->slots);
	for (size_t i = 0; i < event->n_sampled_for; i++) {
		const struct sampled_for *copy = &event->sampled_for[i];
		const struct arm *arm =
			ledger_arm(ledger, event->endpoint, copy->test, copy->variant, copy->role);
		if (!arm || copy->role == ROLE_PRODUCTION || find_slot(entry, arm)) {
			ledger->status.malformed++;
			continue;
		}
		entry->slots[entry->n_slots++].arm = arm;
		struct tally *tally = window_tally(entry->window, arm);
		tally->sampled++;
		tally->pending++;
		tally->has_changed = true;
	}
}

void join_production(struct ledger *ledger, struct entry *entry, const struct event *event)
{
	if (event->n_sampled_for)
		add_slots(ledger, entry, event);
	if (entry->n_slots) {
		entry_keep_answer(ledger, entry, event);
		entry_wait(ledger, entry);
		label_expect(ledger, entry, event->request_id);
	}
	adopt_orphans(ledger, entry, event->request_id);
}

/* Ends. */

static void give_up(struct ledger *ledger, struct entry *entry, int loss)
{
	for (size_t i = 0; i < entry->n_slots; i++) {
		struct slot *slot = &entry->slots[i];
		if (slot->state != SLOT_WAITING)
			continue;
		struct tally *tally = window_tally(entry->window, slot->arm);
		tally->pending--;
		tally->losses[loss]++;
		tally->has_changed = true;
		if (loss == LOSS_STATE_BOUND)
			ledger->status.state_bound++;
	}
}

/* Its window closes. */
void join_close(struct ledger *ledger, struct entry *entry)
{
	if (entry->orphan) {
		settle_orphan(ledger, entry);
		end_orphan(ledger, entry);
		return;
	}
	give_up(ledger, entry, LOSS_UNANSWERED);
	label_forget(ledger, entry);
	entry_stop_waiting(ledger, entry);
	entry_drop_answer(ledger, entry);
	TAILQ_REMOVE(&entry->window->entries, entry, link);
	entry->window = NULL;
	source_add_uncovered(entry->source, entry);
}

static void give_up_oldest_join(struct ledger *ledger)
{
	struct entry *entry = TAILQ_FIRST(&ledger->waiting);
	if (entry->orphan) {
		settle_orphan(ledger, entry);
		end_orphan(ledger, entry);
		return;
	}
	give_up(ledger, entry, LOSS_STATE_BOUND);
	entry_stop_waiting(ledger, entry);
	entry_drop_answer(ledger, entry);
	for (size_t i = 0; i < entry->n_slots; i++)
		if (entry->slots[i].state != SLOT_PAIRED)
			entry->slots[i].state = SLOT_GIVEN_UP;
}

static void forget_oldest_request(struct ledger *ledger)
{
	struct entry *entry = TAILQ_FIRST(&ledger->ages);
	source_forget(entry->source, entry);
	if (entry->window) {
		give_up(ledger, entry, LOSS_STATE_BOUND);
		TAILQ_REMOVE(&entry->window->entries, entry, link);
	} else {
		TAILQ_REMOVE(&entry->source->uncovered, entry, link);
	}
	entry_free(ledger, entry);
}

void join_enforce_limits(struct ledger *ledger)
{
	const struct ledger_limits *limits = &ledger->config.limits;
	const struct ledger_status *status = &ledger->status;
	while (!TAILQ_EMPTY(&ledger->waiting) &&
		(status->joins > limits->joins || status->join_bytes > limits->join_bytes))
		give_up_oldest_join(ledger);
	while (status->requests > limits->requests)
		forget_oldest_request(ledger);
}
