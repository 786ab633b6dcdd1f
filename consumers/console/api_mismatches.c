/* GET tests/NAME/mismatches: examples of answers that differ, the newest first. Of each hour that is
 * over the store keeps ten for each arm, of open windows all that the aggregator gives. */
#include "common/memory.h"
#include "consumers/console/api.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct example {
	const struct store_arm *arm;
	struct mismatches one;
};

struct collection {
	const struct store_arm *arm; /* of what is shown now */
	const char *kind; /* NULL: any */
	struct stretch stretch;
	struct counts kinds;
	struct example *items;
	size_t n;
};

static void add_one(struct collection *collection, const struct mismatch *mismatch)
{
	if (mismatch->window_us < collection->stretch.from_us ||
		mismatch->window_us >= collection->stretch.to_us)
		return;
	counts_add(&collection->kinds, mismatch->kind, 1);
	if (collection->kind && strcmp(collection->kind, mismatch->kind) != 0)
		return;
	collection->items =
		reallocarray(collection->items, collection->n + 1, sizeof *collection->items);
	memory_need(collection->items);
	struct example *example = &collection->items[collection->n++];
	*example = (struct example){.arm = collection->arm};
	mismatches_add(&example->one, mismatch);
}

static void take(void *opaque, struct aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->mismatches.n; i++)
		add_one(opaque, &aggregate->mismatches.items[i]);
}

static void collect(const struct view *view, const struct test *test, struct collection *collection)
{
	for (size_t i = 0; i < store_arms(view->store); i++) {
		struct store_query query = {.arm = store_arm(view->store, i),
			.from_us = collection->stretch.from_us,
			.to_us = collection->stretch.to_us,
			.level = LEVEL_1H,
			.histograms = STORE_MISMATCHES};
		if (!query.arm->test || !api_is_arm_of(query.arm, test))
			continue;
		collection->arm = query.arm;
		store_each(view->store, &query, take, collection);
	}
}

static int newest_first(const void *a, const void *b)
{
	const struct mismatch *one = ((const struct example *)a)->one.items;
	const struct mismatch *other = ((const struct example *)b)->one.items;
	if (one->window_us != other->window_us)
		return one->window_us > other->window_us ? -1 : 1;
	return one->rank < other->rank ? -1 : one->rank > other->rank;
}

/* null: the answer was not carried. */
static json_t *body_to_json(const struct mismatch_body *body)
{
	return !body->size && body->whole_size ? json_null() : mismatch_body_to_json(body);
}

static bool is_cut(const struct mismatch_body *body)
{
	return body->whole_size > (int64_t)body->size;
}

static json_t *example_to_json(const struct example *example)
{
	const struct mismatch *mismatch = example->one.items;
	json_t *json = json_pack("{s:s s:s s:s s:s s:{s:s s:i s:I} s:o s:o s:o s:b}", "variant",
		example->arm->variant, "role", role_name(example->arm->role), "kind",
		mismatch->kind, "request_id", mismatch->request_id, "source", "topic",
		mismatch->topic, "partition", mismatch->partition, "offset",
		(json_int_t)mismatch->offset, "time", api_time(mismatch->window_us), "production",
		body_to_json(&mismatch->production), "candidate",
		body_to_json(&mismatch->candidate), "truncated",
		is_cut(&mismatch->production) || is_cut(&mismatch->candidate));
	assert(json);
	return json;
}

static json_t *examples_to_json(struct collection *collection, size_t limit)
{
	json_t *list = json_array();
	if (collection->items)
		qsort(collection->items, collection->n, sizeof *collection->items, newest_first);
	for (size_t i = 0; collection->items && i < collection->n; i++) {
		if (i < limit)
			json_array_append_new(list, example_to_json(&collection->items[i]));
		mismatches_fini(&collection->items[i].one);
	}
	free(collection->items);
	return list;
}

void api_mismatches(const struct view *view, const struct request *request, struct reply *reply)
{
	static const char *const names[] = {"kind", "limit", "from", "to", "last", NULL};
	struct collection collection = {.kind = query_text(&request->query, "kind")};
	const struct test *test = api_find_test(view, request, reply);
	int64_t limit = 50;
	if (!test || !query_check(&request->query, names, reply) ||
		!query_int(&request->query, "limit", 1, 1000, &limit, reply) ||
		!api_stretch(view, test, &request->query, &collection.stretch, reply))
		return;
	collect(view, test, &collection);
	json_t *examples = examples_to_json(&collection, (size_t)limit);
	reply_json(reply,
		json_pack("{s:o s:o}", "examples", examples, "kinds",
			counts_to_json(&collection.kinds)));
	counts_fini(&collection.kinds);
}
