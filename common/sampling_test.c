/* Sampling: fixed vectors (computed by Python's xxhash from the design's words, see
 * integration/tests/test_records.py) and properties over many keys. */
#include "common/sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { KEYS = 100000 };

static const struct {
	const char *test;
	int64_t generation;
	const char *key;
	uint64_t hash;
} vectors[] = {
	{"churn-v2-vs-v1", 1, "", 0x2232f358016716e9u},
	{"churn-v2-vs-v1", 1, "a", 0x1dcd01e2cd2f0a84u},
	{"churn-v2-vs-v1", 2, "a", 0x2122aa7ed0aedadbu},
	{"churn-v2-vs-v1", 17, "churn.requests-0-12345", 0x0ca187435e1285d5u},
	{"other", 17, "churn.requests-0-12345", 0x7044020d4e2a8864u},
	{"x", 9223372036854775807,
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
		0xf37b494eae85c203u},
};

static uint64_t key_hash(int i, uint64_t seed)
{
	char key[40];
	int n = snprintf(key, sizeof(key), "churn.requests-%d-%d", i % 4, i);

	return sampling_hash(key, (size_t)n, seed);
}

static int taken(uint64_t seed, uint32_t k)
{
	int n = 0;

	for (int i = 0; i < KEYS; i++)
		n += sampling_takes(key_hash(i, seed), k);
	return n;
}

static void hashes_equal_those_of_another_implementation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		uint64_t seed = sampling_seed(vectors[i].test, vectors[i].generation);

		assert_true(sampling_hash(vectors[i].key, strlen(vectors[i].key), seed) ==
			vectors[i].hash);
	}
}

static void zero_percent_takes_nothing_and_a_hundred_takes_all(void **state)
{
	(void)state;
	assert_false(sampling_takes(0, 0));
	assert_true(sampling_takes(0, SAMPLING_ALWAYS));
	assert_true(sampling_takes(UINT64_MAX, SAMPLING_ALWAYS));
	assert_false(sampling_takes(UINT64_MAX, SAMPLING_ALWAYS - 1));
	assert_true(sampling_takes(0, 1));
}

/* floor(123456 * 2^64 / 10^6), worked out with Python's integers. */
static void the_bound_of_12_3456_percent_is_exact(void **state)
{
	const uint64_t bound = 2277361236363886404u;

	(void)state;
	assert_true(sampling_takes(bound - 1, 123456));
	assert_false(sampling_takes(bound, 123456));
	assert_true(sampling_takes(((uint64_t)1 << 63) - 1, 500000));
	assert_false(sampling_takes((uint64_t)1 << 63, 500000));
}

static void a_smaller_sample_lies_in_a_larger_one(void **state)
{
	uint64_t seed = sampling_seed("nested", 3);

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		uint64_t hash = key_hash(i, seed);

		assert_true(!sampling_takes(hash, 50000) || sampling_takes(hash, 100000));
		assert_true(!sampling_takes(hash, 123456) || sampling_takes(hash, 123457));
	}
}

static void a_sample_has_about_the_size_that_was_asked_for(void **state)
{
	(void)state;
	assert_in_range(taken(sampling_seed("a", 1), 500000), KEYS / 2 - 800, KEYS / 2 + 800);
	assert_in_range(taken(sampling_seed("a", 2), 123456), 12345 - 600, 12345 + 600);
	assert_in_range(taken(sampling_seed("a", 3), 10000), 1000 - 160, 1000 + 160);
}

static void a_share_of_a_sample_lies_in_it_and_has_its_size(void **state)
{
	uint64_t seed = sampling_seed("a", 1);
	int taken = 0;

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		uint64_t hash = key_hash(i, seed);

		taken += sampling_takes_share(hash, 500000, 400000);
		assert_true(!sampling_takes_share(hash, 500000, 400000) ||
			sampling_takes(hash, 500000));
		assert_true(sampling_takes_share(hash, 123456, SAMPLING_ALWAYS) ==
			sampling_takes(hash, 123456));
		assert_false(sampling_takes_share(hash, SAMPLING_ALWAYS, 0));
	}
	assert_in_range(taken, KEYS / 5 - 600, KEYS / 5 + 600);
	assert_true(sampling_takes_share(UINT64_MAX, SAMPLING_ALWAYS, SAMPLING_ALWAYS));
}

static void tests_and_generations_are_independent(void **state)
{
	uint64_t a = sampling_seed("a", 1), b = sampling_seed("b", 1),
		 later = sampling_seed("a", 2);
	int both = 0, with_later = 0;

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		bool in_a = sampling_takes(key_hash(i, a), 500000);

		both += in_a && sampling_takes(key_hash(i, b), 500000);
		with_later += in_a && sampling_takes(key_hash(i, later), 500000);
	}
	assert_in_range(both, KEYS / 4 - 700, KEYS / 4 + 700);
	assert_in_range(with_later, KEYS / 4 - 700, KEYS / 4 + 700);
}

static void routing_points_equal_those_of_another_implementation(void **state)
{
	(void)state;
	assert_int_equal(routing_point("churn", "a", 1, 100), 10);
	assert_int_equal(routing_point("churn", "", 0, 1000), 683);
	assert_int_equal(routing_point("e2", "a", 1, 1000000), 736305);
}

static void routing_points_spread_evenly_below_the_total(void **state)
{
	int count[3] = {0};
	char key[20];

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		int n = snprintf(key, sizeof(key), "%d", i);
		uint64_t point = routing_point("churn", key, (size_t)n, 3);

		assert_true(point < 3);
		count[point]++;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(count[i], KEYS / 3 - 700, KEYS / 3 + 700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_equal_those_of_another_implementation),
		cmocka_unit_test(zero_percent_takes_nothing_and_a_hundred_takes_all),
		cmocka_unit_test(the_bound_of_12_3456_percent_is_exact),
		cmocka_unit_test(a_smaller_sample_lies_in_a_larger_one),
		cmocka_unit_test(a_sample_has_about_the_size_that_was_asked_for),
		cmocka_unit_test(a_share_of_a_sample_lies_in_it_and_has_its_size),
		cmocka_unit_test(tests_and_generations_are_independent),
		cmocka_unit_test(routing_points_equal_those_of_another_implementation),
		cmocka_unit_test(routing_points_spread_evenly_below_the_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
