/* An aggregate as columns of a row: its numbers and counts in one, each histogram in one of its own,
 * so that a query reads what it needs. The bytes are Avro's, without a schema: the store is made anew
 * when the fields are others (row_fields). Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_ROW_H
#define UMBRA_CONSUMERS_CONSOLE_ROW_H

#include "common/aggregate.h"
#include "common/avro_buffer.h"

/* The names of all fields in order; the caller frees it. */
char *row_fields(void);

size_t row_histograms(void);
/* The column's name in the schema. */
const char *row_histogram_name(size_t i);

/* Into an empty buffer. */
void row_write_counts(struct aggregate *aggregate, struct avro_buffer *buffer);
void row_write_histogram(struct aggregate *aggregate, size_t i, struct avro_buffer *buffer);
void row_write_mismatches(const struct aggregate *aggregate, struct avro_buffer *buffer);

/* -1: the bytes are not such a column. What was read is aggregate_fini's. */
int row_read_counts(struct aggregate *aggregate, const void *data, size_t size)
	__attribute__((warn_unused_result));
int row_read_histogram(struct aggregate *aggregate, size_t i, const void *data, size_t size)
	__attribute__((warn_unused_result));
int row_read_mismatches(struct aggregate *aggregate, const void *data, size_t size)
	__attribute__((warn_unused_result));

#endif
