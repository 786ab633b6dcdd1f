#include "splitter/copy.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/sampling.h"
#include "splitter/exchange.h"
#include "splitter/lineup.h"
#include "splitter/route.h"
#include "splitter/splitter.h"
#include <stdlib.h>
#include <string.h>

static uint64_t hash_for(const struct exchange *exchange, const struct test *test)
{
	const rd_kafka_message_t *rkm = exchange->record.rkm;
	if (test->sample_by == SAMPLE_BY_KEY && rkm->key)
		return sampling_hash(rkm->key, rkm->key_len, test->seed);
	return sampling_hash(exchange->request.id, strlen(exchange->request.id), test->seed);
}

/* A seam for tests of the alarms, UMBRA_TEST_SAMPLER: "loses" forgets every fourth copy that it has
 * announced, "skips" every fourth request that its hash says to take. */
static bool is_set_to(const char *how)
{
	static const char *wanted;
	if (!wanted) {
		wanted = getenv("UMBRA_TEST_SAMPLER");
		wanted = wanted ? wanted : "";
	}
	return wanted[0] && !strcmp(wanted, how);
}

static bool skips(uint64_t hash)
{
	return is_set_to("skips") && hash % 4 == 0;
}

static bool loses(const struct part *copy)
{
	return is_set_to("loses") && hash_for(copy->exchange, copy->trial->test) % 4 == 0;
}

/* A copy for each shadow variant, and one for production itself where the test wants a baseline of
 * this request. */
static void add_copies(struct exchange *exchange, const struct trial *trial, bool has_baseline)
{
	size_t wanted = trial->test->n_variants + has_baseline;
	size_t n = exchange->n_copies + wanted;
	if (n > EVENT_MAX_SAMPLED) {
		/* Not sampled, and the event says so: the books still close. */
		log_error(exchange->route->object, "no room for the copies of test %s",
			trial->test->name);
		return;
	}
	struct part *copies = reallocarray(exchange->copies, n, sizeof *copies);
	memory_need(copies);
	exchange->copies = copies;
	for (size_t i = 0; i < wanted; i++) {
		struct part *copy = &copies[exchange->n_copies++];
		part_init(copy, exchange, PART_COPY);
		copy->trial = trial;
		copy->variant = i;
	}
}

void copies_decide(struct exchange *exchange)
{
	const struct lineup *lineup = exchange->lineup;
	int64_t now_us = lineup->n_trials ? clock_wall_us() : 0;
	for (size_t i = 0; i < lineup->n_trials; i++) {
		const struct trial *trial = &lineup->trials[i];
		const struct test *test = trial->test;
		if (test_state_at(test, now_us) != TEST_RUNNING ||
			exchange->n_decisions == EVENT_MAX_TESTS)
			continue;
		uint64_t hash = hash_for(exchange, test);
		exchange->decisions[exchange->n_decisions++] =
			(struct sampling_decision){.test = test->name, .hash = hash};
		if (sampling_takes(hash, test->sampling) && !skips(hash))
			add_copies(exchange, trial,
				sampling_takes_share(hash, test->sampling, test->baseline));
	}
}

/* Headers are not counted: they are small beside a model's input. */
static bool is_affordable(struct exchange *exchange)
{
	const struct endpoint *endpoint = exchange->lineup->endpoint;
	if (!endpoint->budget_copies && !endpoint->budget_bytes)
		return true;
	return budget_take(&exchange->route->budget, endpoint->budget_copies,
		endpoint->budget_bytes, exchange->record.rkm->key_len + exchange->record.rkm->len,
		clock_monotonic_us());
}

/* Does Kafka hold up the copies for this place? */
static bool is_held_up(const struct part *copy)
{
	struct stuck *stuck = &copy->exchange->route->splitter->stuck;
	return stuck_any(stuck) &&
		stuck_has(stuck, part_topic(copy), copy->delivery.source_partition,
			clock_monotonic_us());
}

void copies_send(struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->n_copies; i++) {
		struct part *copy = &exchange->copies[i];
		if (loses(copy))
			copy->state = PART_DONE;
		else if (is_held_up(copy))
			part_lose_copy(copy, "purged");
		else if (is_affordable(exchange))
			part_send(copy);
		else
			part_lose_copy(copy, "budget");
	}
}
