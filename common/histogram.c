#include "common/histogram.h"
#include "common/avro_field.h"
#include "common/memory.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PER_OCTAVE = HISTOGRAM_BUCKETS_PER_OCTAVE, BUCKET_MIN = -1, BUCKET_MAX = 62 * PER_OCTAVE };

/* floor(2^(63 + j/32)): a value that is shifted until its highest bit is bit 63 is greater than
 * 2^(j/32) times a power of two exactly if it is greater than this. */
static const uint64_t bounds[PER_OCTAVE] = {
	0x8000000000000000,
	0x82cd8698ac2ba1d7,
	0x85aac367cc487b14,
	0x88980e8092da8527,
	0x8b95c1e3ea8bd6e6,
	0x8ea4398b45cd53c0,
	0x91c3d373ab11c336,
	0x94f4efa8fef70961,
	0x9837f0518db8a96f,
	0x9b8d39b9d54e5538,
	0x9ef5326091a111ad,
	0xa27043030c496818,
	0xa5fed6a9b15138ea,
	0xa9a15ab4ea7c0ef8,
	0xad583eea42a14ac6,
	0xb123f581d2ac258f,
	0xb504f333f9de6484,
	0xb8fbaf4762fb9ee9,
	0xbd08a39f580c36be,
	0xc12c4cca66709456,
	0xc5672a115506dadd,
	0xc9b9bd866e2f27a2,
	0xce248c151f8480e3,
	0xd2a81d91f12ae45a,
	0xd744fccad69d6af4,
	0xdbfbb797daf23755,
	0xe0ccdeec2a94e111,
	0xe5b906e77c8348a8,
	0xeac0c6e7dd24392e,
	0xefe4b99bdcdaf5cb,
	0xf5257d152486cc2c,
	0xfa83b2db722a033a,
};

void histogram_fini(struct histogram *histogram)
{
	free(histogram->positive.counts);
	free(histogram->negative.counts);
	*histogram = (struct histogram){0};
}

int32_t histogram_bucket(int64_t value)
{
	assert(value > 0);
	int shift = __builtin_clzll((uint64_t)value);
	uint64_t normal = (uint64_t)value << shift;
	int32_t above = 0; /* how many bounds are below it */
	for (int32_t step = PER_OCTAVE / 2; step; step /= 2)
		if (normal > bounds[above + step - 1])
			above += step;
	above += normal > bounds[above];
	return (63 - shift) * PER_OCTAVE + above - 1;
}

/* Makes room for the buckets from `low` to `high`, in whole octaves. */
static void reach(struct histogram_side *side, int32_t low, int32_t high)
{
	/* Bucket -1 (the value 1) has an octave of its own. */
	int32_t first = low < 0 ? -PER_OCTAVE : low - low % PER_OCTAVE;
	int32_t end = high < 0 ? 0 : high - high % PER_OCTAVE + PER_OCTAVE;
	if (side->counts && side->first < first)
		first = side->first;
	if (side->counts && side->first + side->n > end)
		end = side->first + side->n;
	if (side->counts && first == side->first && end == side->first + side->n)
		return;
	int64_t *counts = calloc((size_t)(end - first), sizeof *counts);
	memory_need(counts);
	if (side->counts)
		memcpy(counts + (side->first - first), side->counts,
			(size_t)side->n * sizeof *counts);
	free(side->counts);
	*side = (struct histogram_side){.counts = counts, .first = first, .n = end - first};
}

static void count_value(struct histogram_side *side, int64_t value)
{
	int32_t bucket = histogram_bucket(value);
	if (bucket < side->first || bucket >= side->first + side->n)
		reach(side, bucket, bucket);
	side->counts[bucket - side->first]++;
}

/* Beyond 2^63 the sum wraps: whatever it is, it is the same in any order. */
static int64_t wrapped_sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void widen(struct histogram *histogram, int64_t min, int64_t max)
{
	if (!histogram->count || min < histogram->min)
		histogram->min = min;
	if (!histogram->count || max > histogram->max)
		histogram->max = max;
}

void histogram_record(struct histogram *histogram, int64_t value)
{
	if (value > HISTOGRAM_VALUE_MAX)
		value = HISTOGRAM_VALUE_MAX;
	if (value < -HISTOGRAM_VALUE_MAX)
		value = -HISTOGRAM_VALUE_MAX;
	widen(histogram, value, value);
	if (value > 0)
		count_value(&histogram->positive, value);
	else if (value < 0)
		count_value(&histogram->negative, -value);
	else
		histogram->zero_count++;
	histogram->count++;
	histogram->sum = wrapped_sum(histogram->sum, value);
}

static void merge_side(struct histogram_side *into, const struct histogram_side *from)
{
	if (!from->counts)
		return;
	reach(into, from->first, from->first + from->n - 1);
	for (int32_t i = 0; i < from->n; i++)
		into->counts[from->first - into->first + i] += from->counts[i];
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (!from->count)
		return;
	widen(into, from->min, from->max);
	merge_side(&into->positive, &from->positive);
	merge_side(&into->negative, &from->negative);
	into->zero_count += from->zero_count;
	into->count += from->count;
	into->sum = wrapped_sum(into->sum, from->sum);
}

/* The value from which both ends of the bucket are equally far, in parts of themselves. */
static double middle(int32_t bucket)
{
	double low = exp2((double)bucket / PER_OCTAVE);
	double high = exp2((double)(bucket + 1) / PER_OCTAVE);
	return 2 * low * high / (low + high);
}

/* Adds the side's values as its buckets tell them. */
static double sum_side(const struct histogram_side *side)
{
	double sum = 0;
	for (int32_t i = 0; i < side->n; i++)
		if (side->counts[i])
			sum += (double)side->counts[i] * middle(side->first + i);
	return sum;
}

double histogram_mean(const struct histogram *histogram)
{
	assert(histogram->count > 0);
	double positive = sum_side(&histogram->positive);
	double negative = sum_side(&histogram->negative);
	double told = positive - negative, error = 0.011 * (positive + negative);
	bool is_exact = fabs(told) + error < 0x1p63; /* so that it did not wrap */
	return (is_exact ? (double)histogram->sum : told) / (double)histogram->count;
}

/* The representative of the value of that rank (from 1), in ascending order. */
static double at_rank(const struct histogram *histogram, int64_t rank)
{
	const struct histogram_side *negative = &histogram->negative;
	const struct histogram_side *positive = &histogram->positive;
	for (int32_t i = negative->n; i-- > 0;)
		if ((rank -= negative->counts[i]) <= 0)
			return -middle(negative->first + i);
	if ((rank -= histogram->zero_count) <= 0)
		return 0;
	for (int32_t i = 0; i < positive->n; i++)
		if ((rank -= positive->counts[i]) <= 0)
			return middle(positive->first + i);
	return (double)histogram->max;
}

double histogram_quantile(const struct histogram *histogram, double q)
{
	assert(histogram->count > 0);
	int64_t rank = (int64_t)ceil(q * (double)histogram->count);
	if (rank <= 1)
		return (double)histogram->min;
	if (rank >= histogram->count)
		return (double)histogram->max;
	double value = at_rank(histogram, rank);
	if (value < (double)histogram->min)
		return (double)histogram->min;
	return value > (double)histogram->max ? (double)histogram->max : value;
}

/* The record. */

static void write_side(const struct histogram_side *side, struct avro_buffer *buffer)
{
	int32_t from = 0, end = side->n;
	while (from < end && !side->counts[from])
		from++;
	while (end > from && !side->counts[end - 1])
		end--;
	avro_buffer_long(buffer, from < end ? side->first + from : 0);
	if (from < end)
		avro_buffer_long(buffer, end - from);
	for (int32_t i = from; i < end; i++)
		avro_buffer_long(buffer, side->counts[i]);
	avro_buffer_long(buffer, 0);
}

void histogram_write(const struct histogram *histogram, struct avro_buffer *buffer)
{
	avro_buffer_long(buffer, histogram->count != 0);
	if (!histogram->count)
		return;
	avro_buffer_long(buffer, HISTOGRAM_SCALE);
	avro_buffer_long(buffer, histogram->zero_count);
	write_side(&histogram->positive, buffer);
	write_side(&histogram->negative, buffer);
	avro_buffer_long(buffer, histogram->count);
	avro_buffer_long(buffer, histogram->sum);
	avro_buffer_long(buffer, 1);
	avro_buffer_long(buffer, histogram->min);
	avro_buffer_long(buffer, 1);
	avro_buffer_long(buffer, histogram->max);
}

static int read_side(struct histogram_side *side, const avro_value_t *record, const char *offset,
	const char *counts, int64_t *total)
{
	int64_t first = avro_field_number(record, offset);
	size_t n = avro_field_count(record, counts);
	avro_value_t list = avro_field(record, counts);
	if (!n)
		return 0;
	if (first < BUCKET_MIN || first > BUCKET_MAX || n > (size_t)(BUCKET_MAX - first))
		return -1;
	reach(side, (int32_t)first, (int32_t)first + (int32_t)n - 1);
	for (size_t i = 0; i < n; i++) {
		avro_value_t item;
		int64_t count;
		if (avro_value_get_by_index(&list, i, &item, NULL) ||
			avro_value_get_long(&item, &count) || count < 0 ||
			count > INT64_MAX - *total)
			return -1;
		side->counts[first - side->first + (int64_t)i] = count;
		*total += count;
	}
	return 0;
}

static int read_record(struct histogram *histogram, const avro_value_t *record)
{
	int64_t total = avro_field_number(record, "zero_count");
	histogram->zero_count = total;
	if (avro_field_number(record, "scale") != HISTOGRAM_SCALE || total < 0 ||
		read_side(&histogram->positive, record, "offset", "counts", &total) ||
		read_side(
			&histogram->negative, record, "negative_offset", "negative_counts", &total))
		return -1;
	histogram->count = avro_field_number(record, "count");
	histogram->sum = avro_field_number(record, "sum");
	if (histogram->count != total)
		return -1;
	avro_value_t min = avro_field(record, "min"), max = avro_field(record, "max");
	if (!total)
		return 0;
	return avro_value_get_long(&min, &histogram->min) ||
			avro_value_get_long(&max, &histogram->max) ||
			histogram->min > histogram->max
		? -1
		: 0;
}

int histogram_read(struct histogram *histogram, const avro_value_t *record, const char *field)
{
	avro_value_t value = avro_field(record, field);
	*histogram = (struct histogram){0};
	if (avro_value_get_type(&value) == AVRO_NULL || !read_record(histogram, &value))
		return 0;
	histogram_fini(histogram);
	return -1;
}

/* Bytes. */

static void parse_side(struct histogram_side *side, struct avro_cursor *cursor, int64_t *total)
{
	int64_t first = avro_cursor_long(cursor), n = avro_cursor_long(cursor);
	if (cursor->failed || !n)
		return;
	if (first < BUCKET_MIN || first > BUCKET_MAX || n < 0 || n > BUCKET_MAX - first) {
		cursor->failed = true;
		return;
	}
	reach(side, (int32_t)first, (int32_t)(first + n) - 1);
	for (int64_t i = 0; i < n; i++) {
		int64_t count = avro_cursor_long(cursor);
		cursor->failed |= count < 0 || count > INT64_MAX - *total;
		if (cursor->failed)
			return;
		side->counts[first - side->first + i] = count;
		*total += count;
	}
	cursor->failed |= avro_cursor_long(cursor) != 0;
}

static void parse(struct histogram *histogram, struct avro_cursor *cursor)
{
	cursor->failed |= avro_cursor_long(cursor) != HISTOGRAM_SCALE;
	int64_t total = histogram->zero_count = avro_cursor_long(cursor);
	cursor->failed |= total < 0;
	parse_side(&histogram->positive, cursor, &total);
	parse_side(&histogram->negative, cursor, &total);
	histogram->count = avro_cursor_long(cursor);
	histogram->sum = avro_cursor_long(cursor);
	cursor->failed |= avro_cursor_long(cursor) != 1;
	histogram->min = avro_cursor_long(cursor);
	cursor->failed |= avro_cursor_long(cursor) != 1;
	histogram->max = avro_cursor_long(cursor);
	cursor->failed |= histogram->count != total || total <= 0;
}

int histogram_parse(struct histogram *histogram, struct avro_cursor *cursor)
{
	*histogram = (struct histogram){0};
	if (avro_cursor_long(cursor))
		parse(histogram, cursor);
	if (!cursor->failed)
		return 0;
	histogram_fini(histogram);
	return -1;
}
