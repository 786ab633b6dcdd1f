/* Each decision of a splitter is made again: the hash from the request id where it is the sampling
 * key, the taking from the percentage of the event's generation, the copies from the test's variants. */
#include "common/sampling.h"
#include "consumers/aggregator/ledger_private.h"
#include <string.h>

static void note_wrong(struct ledger *ledger, struct window *window, const struct event *event,
	const struct sampled_for *copy)
{
	const struct arm *arm =
		ledger_arm(ledger, event->endpoint, copy->test, copy->variant, copy->role);
	if (!arm)
		return;
	struct tally *tally = window_tally(window, arm);
	tally->wrong_decisions++;
	tally->has_changed = true;
}

static void note_decision(struct ledger *ledger, struct window *window, const struct event *event,
	const struct sampled_for *copy, int64_t k, bool is_taken)
{
	const struct arm *arm =
		ledger_arm(ledger, event->endpoint, copy->test, copy->variant, copy->role);
	if (arm)
		tally_add_decision(window_tally(window, arm), k, is_taken);
}

static bool is_named(const struct event *event, const struct sampled_for *copy)
{
	for (size_t i = 0; i < event->n_sampled_for; i++) {
		const struct sampled_for *named = &event->sampled_for[i];
		if (named->role == copy->role && !strcmp(named->test, copy->test) &&
			!strcmp(named->variant, copy->variant))
			return true;
	}
	return false;
}

static bool is_hash_right(const struct test *test, const struct event *event, uint64_t hash)
{
	return test->sample_by == SAMPLE_BY_KEY ||
		hash == sampling_hash(event->request_id, strlen(event->request_id), test->seed);
}

static const struct test *test_of(
	const struct ledger *ledger, const struct event *event, const char *name)
{
	const struct test *test = history_test(ledger->config.history, name, event->generation);
	return test && !strcmp(test->endpoint, event->endpoint) ? test : NULL;
}

/* The copies that the decision should and should not have made. */
static void check_decision(struct ledger *ledger, struct window *window, const struct event *event,
	const struct sampling_decision *decision)
{
	const struct test *test = test_of(ledger, event, decision->test);
	if (!test)
		return; /* copies in its name are found below */
	bool is_right = is_hash_right(test, event, decision->hash);
	bool is_taken = sampling_takes(decision->hash, test->sampling);
	for (size_t i = 0; i < test->n_variants; i++) {
		struct sampled_for copy = {test->name, ROLE_SHADOW, test->variants[i].name};
		if (!is_right || is_named(event, &copy) != is_taken)
			note_wrong(ledger, window, event, &copy);
		if (test->sample_by == SAMPLE_BY_ID)
			note_decision(ledger, window, event, &copy, test->sampling,
				is_named(event, &copy));
	}
	/* The second call goes to the variant that was asked first. */
	struct sampled_for second = {test->name, ROLE_BASELINE, event->variant};
	bool is_second = sampling_takes_share(decision->hash, test->sampling, test->baseline);
	if (test->baseline && (!is_right || is_named(event, &second) != is_second))
		note_wrong(ledger, window, event, &second);
}

static bool is_decided(const struct event *event, const char *test)
{
	for (size_t i = 0; i < event->n_decisions; i++)
		if (!strcmp(event->decisions[i].test, test))
			return true;
	return false;
}

/* Does the decision's own check look at this copy? */
static bool is_checked(
	const struct ledger *ledger, const struct event *event, const struct sampled_for *copy)
{
	const struct test *test = test_of(ledger, event, copy->test);
	if (!test || !is_decided(event, copy->test))
		return false;
	if (copy->role == ROLE_BASELINE)
		return test->baseline && !strcmp(copy->variant, event->variant);
	if (copy->role != ROLE_SHADOW)
		return false;
	for (size_t i = 0; i < test->n_variants; i++)
		if (!strcmp(test->variants[i].name, copy->variant))
			return true;
	return false;
}

void decisions_check(struct ledger *ledger, struct window *window, const struct event *event)
{
	for (size_t i = 0; i < event->n_decisions; i++)
		check_decision(ledger, window, event, &event->decisions[i]);
	for (size_t i = 0; i < event->n_sampled_for; i++)
		if (!is_checked(ledger, event, &event->sampled_for[i]))
			note_wrong(ledger, window, event, &event->sampled_for[i]);
}
