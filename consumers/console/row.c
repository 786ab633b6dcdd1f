#include "consumers/console/row.h"
#include "common/avro_cursor.h"
#include "common/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 100000 };

char *row_fields(void)
{
	struct aggregate none = {0};
	const char *name = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	memory_need(out);
	for (size_t i = 0; aggregate_number(&none, i, &name); i++)
		fprintf(out, "%s ", name);
	for (size_t i = 0; aggregate_counts(&none, i, &name); i++)
		fprintf(out, "{%s} ", name);
	for (size_t i = 0; aggregate_histogram(&none, i, &name); i++)
		fprintf(out, "[%s] ", name);
	fprintf(out, "mismatches");
	fclose(out);
	return text;
}

size_t row_histograms(void)
{
	struct aggregate none = {0};
	size_t n = 0;
	while (aggregate_histogram(&none, n, NULL))
		n++;
	return n;
}

const char *row_histogram_name(size_t i)
{
	struct aggregate none = {0};
	const char *name = "";
	(void)aggregate_histogram(&none, i, &name);
	return name;
}

static void write_counts(const struct counts *counts, struct avro_buffer *buffer)
{
	avro_buffer_long(buffer, (int64_t)counts->n);
	for (size_t i = 0; i < counts->n; i++) {
		avro_buffer_string(buffer, counts->items[i].name);
		avro_buffer_long(buffer, counts->items[i].n);
	}
}

void row_write_counts(struct aggregate *aggregate, struct avro_buffer *buffer)
{
	buffer->size = 0;
	for (size_t i = 0; aggregate_number(aggregate, i, NULL); i++)
		avro_buffer_long(buffer, *aggregate_number(aggregate, i, NULL));
	for (size_t i = 0; aggregate_counts(aggregate, i, NULL); i++)
		write_counts(aggregate_counts(aggregate, i, NULL), buffer);
	memory_need(!buffer->failed);
}

void row_write_histogram(struct aggregate *aggregate, size_t i, struct avro_buffer *buffer)
{
	buffer->size = 0;
	histogram_write(aggregate_histogram(aggregate, i, NULL), buffer);
	memory_need(!buffer->failed);
}

static void read_counts(struct counts *counts, struct avro_cursor *cursor)
{
	char word[256];
	int64_t n = avro_cursor_long(cursor);
	cursor->failed |= n < 0 || n > WORDS_MAX;
	for (int64_t i = 0; i < n && !cursor->failed; i++) {
		size_t size;
		const void *bytes = avro_cursor_bytes(cursor, &size);
		if (size >= sizeof word) {
			cursor->failed = true;
			return;
		}
		memcpy(word, bytes, size);
		word[size] = '\0';
		counts_add(counts, word, avro_cursor_long(cursor));
	}
}

int row_read_counts(struct aggregate *aggregate, const void *data, size_t size)
{
	const uint8_t *bytes = data ? data : (const uint8_t *)"";
	struct avro_cursor cursor = {bytes, bytes + size, false};
	for (size_t i = 0; aggregate_number(aggregate, i, NULL); i++)
		*aggregate_number(aggregate, i, NULL) = avro_cursor_long(&cursor);
	for (size_t i = 0; aggregate_counts(aggregate, i, NULL); i++)
		read_counts(aggregate_counts(aggregate, i, NULL), &cursor);
	return cursor.failed || cursor.at != cursor.end ? -1 : 0;
}

int row_read_histogram(struct aggregate *aggregate, size_t i, const void *data, size_t size)
{
	const uint8_t *bytes = data ? data : (const uint8_t *)"";
	struct avro_cursor cursor = {bytes, bytes + size, false};
	return histogram_parse(aggregate_histogram(aggregate, i, NULL), &cursor) ||
			cursor.at != cursor.end
		? -1
		: 0;
}

/* The list as a record has it, then the window of each. */
void row_write_mismatches(const struct aggregate *aggregate, struct avro_buffer *buffer)
{
	const struct mismatches *list = &aggregate->mismatches;
	buffer->size = 0;
	mismatches_write(list, buffer);
	for (size_t i = 0; i < list->n; i++)
		avro_buffer_long(buffer, list->items[i].window_us);
	memory_need(!buffer->failed);
}

int row_read_mismatches(struct aggregate *aggregate, const void *data, size_t size)
{
	struct mismatches *list = &aggregate->mismatches;
	const uint8_t *bytes = data ? data : (const uint8_t *)"";
	struct avro_cursor cursor = {bytes, bytes + size, false};
	if (mismatches_parse(list, &cursor))
		return -1;
	for (size_t i = 0; i < list->n; i++)
		list->items[i].window_us = avro_cursor_long(&cursor);
	return cursor.failed || cursor.at != cursor.end ? -1 : 0;
}
