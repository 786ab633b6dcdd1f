/* A base-2 exponential histogram of microseconds as OpenTelemetry defines it, at scale 5: bucket i
 * holds the values in (b^i, b^(i+1)] with b = 2^(1/32). The buckets are found with integers alone,
 * so that every machine finds the same. Merging adds whole numbers: in any order and grouping the
 * result is the same. A quantile errs by at most (b - 1) / (b + 1) = 1.083 %. */
#ifndef UMBRA_COMMON_HISTOGRAM_H
#define UMBRA_COMMON_HISTOGRAM_H

#include "common/avro_buffer.h"
#include "common/avro_cursor.h"
#include <avro.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_SCALE = 5, HISTOGRAM_BUCKETS_PER_OCTAVE = 1 << HISTOGRAM_SCALE };

/* Values beyond it count as it, on either side. */
#define HISTOGRAM_VALUE_MAX (INT64_C(1) << 62)

/* The buckets of one sign. */
struct histogram_side {
	int64_t *counts; /* counts[k]: bucket first + k; NULL: none yet */
	int32_t first; /* a multiple of an octave's buckets */
	int32_t n; /* likewise */
};

/* Zeroed bytes are an empty one. */
struct histogram {
	struct histogram_side positive, negative; /* negative: of the absolute values */
	int64_t zero_count;
	int64_t count; /* of all values */
	int64_t sum; /* modulo 2^64 */
	int64_t min, max; /* valid when count > 0 */
};

void histogram_fini(struct histogram *histogram);

void histogram_record(struct histogram *histogram, int64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value below or at which the share `q` (0 to 1) of the values lies; exact for 0 and 1. The
 * histogram must not be empty. */
double histogram_quantile(const struct histogram *histogram, double q);
/* Exact, unless the sum is beyond 64 bits: then as of the buckets' middles. */
double histogram_mean(const struct histogram *histogram);

/* The bucket of a value from 1 on. */
int32_t histogram_bucket(int64_t value);

/* As the schema's union of null (an empty one) and Histogram; and back from such a field of a
 * record. -1: its scale, buckets or counts cannot be ours. */
void histogram_write(const struct histogram *histogram, struct avro_buffer *buffer);
int histogram_read(struct histogram *histogram, const avro_value_t *record, const char *field)
	__attribute__((warn_unused_result));

/* What histogram_write wrote, straight from its bytes. -1: likewise. */
int histogram_parse(struct histogram *histogram, struct avro_cursor *cursor)
	__attribute__((warn_unused_result));

#endif
