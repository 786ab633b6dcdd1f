/* Histograms: the buckets against exact powers, quantiles against sorted values, merging in random
 * orders and groupings, the record there and back. */
#include "common/avro_field.h"
#include "common/histogram.h"
#include "common/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 20000, ROUNDS = 40, SHAPES = 8 };

static uint64_t seed;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int restart(void **state)
{
	(void)state;
	seed = 0x9e3779b97f4a7c15;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Adversarial shapes: any magnitude, borders of buckets, one value, two far apart, small numbers,
 * differences of both signs (of any magnitude too), a heavy tail. */
static int64_t draw(int shape)
{
	uint64_t r = next_random();
	int64_t border = (int64_t)exp2((double)(r % 1300) / 32);
	switch (shape % SHAPES) {
	case 0:
		return (int64_t)(r >> 21 >> (r % 43));
	case 1:
		return border + (int64_t)(r >> 32) % 3 - 1;
	case 2:
		return 4711;
	case 3:
		return r % 100 < 50 ? 1 : INT64_C(1) << 43;
	case 4:
		return (int64_t)(r % 5);
	case 5:
		return (int64_t)(r >> 22 >> (r % 42)) * (r & 1 << 7 ? -1 : 1);
	case 6:
		return (int64_t)(1000 / ((double)(r >> 11) * 0x1p-53 + 1e-9));
	default:
		return (int64_t)(r % 2000000) - 1000000;
	}
}

static void assert_same(const struct histogram *a, const struct histogram *b)
{
	struct avro_buffer one = {0}, other = {0};
	histogram_write(a, &one);
	histogram_write(b, &other);
	assert_false(one.failed || other.failed);
	assert_int_equal(one.size, other.size);
	assert_memory_equal(one.data, other.data, one.size);
	avro_buffer_fini(&one);
	avro_buffer_fini(&other);
}

static void a_value_lies_in_the_bucket_that_its_logarithm_names(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket(1), -1);
	assert_int_equal(histogram_bucket(2), 31);
	assert_int_equal(histogram_bucket(3), 50);
	assert_int_equal(histogram_bucket(4), 63);
	assert_int_equal(histogram_bucket(5), 74);
	assert_int_equal(histogram_bucket(1000), 318);
	assert_int_equal(histogram_bucket(INT64_MAX), 63 * 32 - 1);
	for (int i = 0; i < VALUES; i++) {
		int64_t value = draw(0) + 1;
		long double at = 32 * log2l((long double)value);
		int32_t bucket = histogram_bucket(value);
		assert_true((long double)bucket < at + 1e-9L && at - 1e-9L <= bucket + 1);
	}
}

static void every_power_of_two_is_the_last_value_of_its_bucket(void **state)
{
	(void)state;
	for (int e = 1; e < 63; e++) {
		assert_int_equal(histogram_bucket(INT64_C(1) << e), 32 * e - 1);
		assert_true(histogram_bucket((INT64_C(1) << e) + 1) >= 32 * e);
	}
}

static void check_quantiles(const struct histogram *histogram, const int64_t *sorted)
{
	const double base = exp2(1.0 / HISTOGRAM_BUCKETS_PER_OCTAVE),
		     limit = (base - 1) / (base + 1);
	for (int i = 0; i <= 1000; i++) {
		double q = i / 1000.0;
		int64_t rank = (int64_t)ceil(q * VALUES);
		double exact = (double)sorted[rank < 1 ? 0 : rank - 1];
		double told = histogram_quantile(histogram, q);
		assert_true(fabs(told - exact) <= (limit + 1e-9) * fabs(exact));
	}
}

static void a_quantile_errs_by_at_most_one_point_one_percent(void **state)
{
	(void)state;
	int64_t *values = calloc(VALUES, sizeof *values);
	for (int round = 0; round < ROUNDS; round++) {
		struct histogram histogram = {0};
		double sum = 0;
		for (int i = 0; i < VALUES; i++) {
			values[i] = draw(round);
			sum += (double)values[i];
			histogram_record(&histogram, values[i]);
		}
		qsort(values, VALUES, sizeof *values, by_value);
		check_quantiles(&histogram, values);
		assert_true(histogram_quantile(&histogram, 0) == (double)values[0]);
		assert_true(histogram_quantile(&histogram, 1) == (double)values[VALUES - 1]);
		assert_true(fabs(histogram_mean(&histogram) * VALUES - sum) <= 1e-6 * fabs(sum));
		histogram_fini(&histogram);
	}
	free(values);
}

static void merged_in_any_order_and_grouping_it_is_the_same(void **state)
{
	(void)state;
	enum { PARTS = 12, FILLED = 10 }; /* the others stay empty */
	for (int round = 0; round < ROUNDS; round++) {
		struct histogram whole = {0}, parts[PARTS] = {0};
		for (int i = 0; i < 1000; i++) {
			int64_t value = draw((int)(next_random() % SHAPES));
			histogram_record(&whole, value);
			histogram_record(&parts[next_random() % FILLED], value);
		}
		for (size_t n = PARTS; n > 1; n--) {
			size_t from = next_random() % n, into = next_random() % (n - 1);
			struct histogram taken = parts[from];
			parts[from] = parts[n - 1];
			histogram_merge(&parts[into], &taken);
			histogram_fini(&taken);
		}
		assert_same(&whole, &parts[0]);
		histogram_fini(&whole);
		histogram_fini(&parts[0]);
	}
}

static void values_beyond_the_limit_count_as_the_limit(void **state)
{
	(void)state;
	struct histogram histogram = {0};
	histogram_record(&histogram, INT64_MAX);
	histogram_record(&histogram, INT64_MIN);
	assert_int_equal(histogram.max, HISTOGRAM_VALUE_MAX);
	assert_int_equal(histogram.min, -HISTOGRAM_VALUE_MAX);
	assert_int_equal(histogram.sum, 0);
	histogram_fini(&histogram);
}

static void a_mean_is_sound_whatever_the_sum_holds(void **state)
{
	(void)state;
	struct histogram histogram = {0};
	for (int i = 0; i < 100; i++)
		histogram_record(
			&histogram, HISTOGRAM_VALUE_MAX / 4); /* 25 times what a sum holds */
	histogram_record(&histogram, -1);
	double mean = histogram_mean(&histogram), expected = 0x1p60 * 100 / 101;
	assert_true(mean > 0.989 * expected && mean < 1.011 * expected);
	histogram_fini(&histogram);
	histogram_record(&histogram, INT64_C(4000000000000000001));
	histogram_record(&histogram, INT64_C(-4000000000000000000));
	assert_true(histogram_mean(&histogram) == 0.5);
	histogram_fini(&histogram);
}

/* A record that has the histogram in one of its fields. */
static avro_value_t new_record(const struct histogram *histogram)
{
	avro_value_t record, field = {0};
	struct avro_buffer buffer = {0};
	assert_int_equal(avro_generic_value_new(schema_get("window_aggregate")->iface, &record), 0);
	histogram_write(histogram, &buffer);
	avro_reader_t reader = avro_reader_memory((const char *)buffer.data, (int64_t)buffer.size);
	avro_value_get_by_name(&record, "model_latency", &field, NULL);
	assert_int_equal(avro_value_read(reader, &field), 0);
	avro_reader_free(reader);
	avro_buffer_fini(&buffer);
	return record;
}

static void a_record_is_read_back_as_it_was(void **state)
{
	(void)state;
	for (int shape = 0; shape <= SHAPES; shape++) {
		struct histogram histogram = {0}, back;
		for (int i = 0; i < 500 && shape < SHAPES; i++)
			histogram_record(&histogram, draw(shape));
		avro_value_t record = new_record(&histogram);
		assert_int_equal(histogram_read(&back, &record, "model_latency"), 0);
		assert_same(&histogram, &back);
		assert_int_equal(back.count, shape < SHAPES ? 500 : 0);
		avro_value_decref(&record);
		histogram_fini(&histogram);
		histogram_fini(&back);
	}
}

static avro_value_t histogram_field(const avro_value_t *record, const char *name)
{
	avro_value_t histogram = avro_field(record, "model_latency"), field = {0};
	assert_int_equal(avro_value_get_by_name(&histogram, name, &field, NULL), 0);
	return field;
}

static void assert_refused(void (*spoil)(const avro_value_t *record))
{
	struct histogram histogram = {0}, back;
	histogram_record(&histogram, 5);
	avro_value_t record = new_record(&histogram);
	spoil(&record);
	assert_int_equal(histogram_read(&back, &record, "model_latency"), -1);
	assert_null(back.positive.counts);
	avro_value_decref(&record);
	histogram_fini(&histogram);
}

static void spoil_scale(const avro_value_t *record)
{
	avro_value_t part = histogram_field(record, "scale");
	avro_value_set_int(&part, 4);
}

static void spoil_offset(const avro_value_t *record)
{
	avro_value_t part = histogram_field(record, "offset");
	avro_value_set_int(&part, INT32_MAX);
}

static void spoil_count(const avro_value_t *record)
{
	avro_value_t part = histogram_field(record, "count");
	avro_value_set_long(&part, 2);
}

static void spoil_counts(const avro_value_t *record)
{
	avro_value_t part = histogram_field(record, "counts"), item = {0};
	avro_value_get_by_index(&part, 0, &item, NULL);
	avro_value_set_long(&item, -1);
}

static void spoil_max(const avro_value_t *record)
{
	avro_value_t part = histogram_field(record, "max"), branch = {0};
	avro_value_set_branch(&part, 0, &branch);
}

static void a_record_that_no_histogram_of_ours_wrote_is_refused(void **state)
{
	(void)state;
	assert_refused(spoil_scale);
	assert_refused(spoil_offset);
	assert_refused(spoil_count);
	assert_refused(spoil_counts);
	assert_refused(spoil_max);
}

static int free_schemas(void **state)
{
	(void)state;
	schema_free_all();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_value_lies_in_the_bucket_that_its_logarithm_names, restart),
		cmocka_unit_test(every_power_of_two_is_the_last_value_of_its_bucket),
		cmocka_unit_test_setup(a_quantile_errs_by_at_most_one_point_one_percent, restart),
		cmocka_unit_test_setup(merged_in_any_order_and_grouping_it_is_the_same, restart),
		cmocka_unit_test(values_beyond_the_limit_count_as_the_limit),
		cmocka_unit_test(a_mean_is_sound_whatever_the_sum_holds),
		cmocka_unit_test_setup(a_record_is_read_back_as_it_was, restart),
		cmocka_unit_test(a_record_that_no_histogram_of_ours_wrote_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, free_schemas);
}
