#include "consumers/console/store_test_fixture.h"
#include "common/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct arm arms[ARMS] = {
	{(char *)"churn", NULL, (char *)"v1", ROLE_PRODUCTION},
	{(char *)"churn", (char *)"v2-vs-v1", (char *)"v2", ROLE_SHADOW},
};

int remove_store_folder(void **opaque)
{
	schema_free_all();
	return remove_test_folder(opaque);
}

struct store *open_store(void)
{
	char errstr[300] = "";
	struct store *store = store_open(test_file(), "umbra.", errstr, sizeof errstr);
	if (!store)
		fail_msg("%s", errstr);
	return store;
}

struct store *open_new_store(void)
{
	remove_test_file();
	return open_store();
}

void commit(struct store *store)
{
	char errstr[300] = "";
	if (store_commit(store, errstr, sizeof errstr))
		fail_msg("%s", errstr);
}

static struct tally_frame frame_of(const struct given *given)
{
	return (struct tally_frame){
		given->start_us, WINDOW, given->partition, given->is_provisional};
}

void give(struct store *store, const struct given *given)
{
	char errstr[300] = "", key[TALLY_KEY_MAX];
	struct avro_buffer value = {0};
	struct tally_frame frame = frame_of(given);
	struct tally tally = {.arm = &arms[given->arm]};
	struct event event = {.outcome = OUTCOME_OK, .model_latency_us = given->model_us};

	tally_add_event(&tally, &event);
	tally_write(&tally, &frame, &value);
	if (store_take(store, key, tally_key(tally.arm, &frame, key), value.data, value.size,
		    errstr, sizeof errstr))
		fail_msg("%s", errstr);
	avro_buffer_fini(&value);
	tally_fini(&tally);
}

void take_back(struct store *store, const struct given *given)
{
	char errstr[300] = "", key[TALLY_KEY_MAX];
	struct tally_frame frame = frame_of(given);
	size_t size = tally_key(&arms[given->arm], &frame, key);

	assert_int_equal(0, store_take(store, key, size, NULL, 0, errstr, sizeof errstr));
}

static const struct store_arm *find_arm(const struct store *store, int arm)
{
	for (size_t i = 0; i < store_arms(store); i++)
		if (store_arm(store, i)->role == arms[arm].role)
			return store_arm(store, i);
	return NULL;
}

static void add_up(void *opaque, struct aggregate *aggregate)
{
	struct told *told = opaque;
	told->rows++;
	told->invocations += aggregate->invocations;
	told->model_us += aggregate->model_latency.sum;
	told->is_provisional |= aggregate->is_provisional;
	assert_int_equal(aggregate->invocations, aggregate->model_latency.count);
}

struct told ask_store(struct store *store, int arm, int level, int64_t from_us, int64_t to_us)
{
	struct told told = {0};
	struct store_query query = {find_arm(store, arm), from_us, to_us, level, ~0U};
	if (query.arm)
		store_each(store, &query, add_up, &told);
	return told;
}

uint64_t draw(uint64_t n)
{
	static unsigned short state[3];
	return (uint64_t)nrand48(state) % n;
}
