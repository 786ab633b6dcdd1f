#include "common/aggregate.h"
#include "common/avro_field.h"
#include "common/memory.h"
#include "common/schema.h"
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The plain numbers, by the names that the schema gives them. */
static const struct {
	const char *field;
	size_t offset;
} numbers[] = {
	{"invocations", offsetof(struct aggregate, invocations)},
	{"sampled", offsetof(struct aggregate, sampled)},
	{"paired", offsetof(struct aggregate, paired)},
	{"compared", offsetof(struct aggregate, compared)},
	{"match", offsetof(struct aggregate, match)},
	{"mismatch", offsetof(struct aggregate, mismatch)},
	{"pending", offsetof(struct aggregate, pending)},
	{"late", offsetof(struct aggregate, late)},
	{"unsolicited", offsetof(struct aggregate, unsolicited)},
	{"wrong_sampling_decisions", offsetof(struct aggregate, wrong_decisions)},
	{"given_up_events", offsetof(struct aggregate, given_up_events)},
	{"request_bytes", offsetof(struct aggregate, request_bytes)},
	{"response_bytes", offsetof(struct aggregate, response_bytes)},
	{"labelled", offsetof(struct aggregate, labelled)},
	{"label_correct", offsetof(struct aggregate, label_correct)},
	{"production_label_correct", offsetof(struct aggregate, production_label_correct)},
	{"scored", offsetof(struct aggregate, scored)},
	{"log_loss", offsetof(struct aggregate, log_loss)},
	{"brier", offsetof(struct aggregate, brier)},
	{"production_log_loss", offsetof(struct aggregate, production_log_loss)},
	{"production_brier", offsetof(struct aggregate, production_brier)},
	{"unwritten_windows", offsetof(struct aggregate, unwritten_windows)},
};

static const struct {
	const char *field;
	size_t offset;
} histograms[] = {
	{"model_latency", offsetof(struct aggregate, model_latency)},
	{"overhead_latency", offsetof(struct aggregate, overhead_latency)},
	{"queue", offsetof(struct aggregate, queue)},
	{"compared_model_latency", offsetof(struct aggregate, compared_latency)},
	{"compared_production_model_latency",
		offsetof(struct aggregate, compared_production_latency)},
	{"latency_difference", offsetof(struct aggregate, latency_difference)},
	{"number_difference", offsetof(struct aggregate, number_difference)},
};

static const struct {
	const char *field;
	size_t offset;
} lists[] = {
	{"outcomes", offsetof(struct aggregate, outcomes)},
	{"not_comparable", offsetof(struct aggregate, not_comparable)},
	{"losses", offsetof(struct aggregate, losses)},
	{"confusion", offsetof(struct aggregate, confusion)},
	{"label_cells", offsetof(struct aggregate, label_cells)},
	{"production_label_cells", offsetof(struct aggregate, production_label_cells)},
	{"decided", offsetof(struct aggregate, decided)},
	{"taken", offsetof(struct aggregate, taken)},
};

enum {
	N_NUMBERS = sizeof numbers / sizeof numbers[0],
	N_HISTOGRAMS = sizeof histograms / sizeof histograms[0],
	N_LISTS = sizeof lists / sizeof lists[0]
};

/* No window has more; thousands of windows still add up. */
#define COUNT_MAX (INT64_C(1) << 50)
enum { WORDS_MAX = 100 };

static void *at(struct aggregate *aggregate, size_t offset)
{
	return (char *)aggregate + offset;
}

static const void *at_const(const struct aggregate *aggregate, size_t offset)
{
	return (const char *)aggregate + offset;
}

int64_t *aggregate_number(struct aggregate *aggregate, size_t i, const char **field)
{
	if (i < N_NUMBERS && field)
		*field = numbers[i].field;
	return i < N_NUMBERS ? at(aggregate, numbers[i].offset) : NULL;
}

struct counts *aggregate_counts(struct aggregate *aggregate, size_t i, const char **field)
{
	if (i < N_LISTS && field)
		*field = lists[i].field;
	return i < N_LISTS ? at(aggregate, lists[i].offset) : NULL;
}

struct histogram *aggregate_histogram(struct aggregate *aggregate, size_t i, const char **field)
{
	if (i < N_HISTOGRAMS && field)
		*field = histograms[i].field;
	return i < N_HISTOGRAMS ? at(aggregate, histograms[i].offset) : NULL;
}

const struct histogram *aggregate_histogram_named(
	const struct aggregate *aggregate, const char *field)
{
	size_t i = 0;
	while (i < N_HISTOGRAMS && strcmp(histograms[i].field, field) != 0)
		i++;
	assert(i < N_HISTOGRAMS);
	return (const void *)((const char *)aggregate + histograms[i].offset);
}

/* Counts. */

void counts_add(struct counts *counts, const char *name, int64_t n)
{
	size_t i = 0;
	while (i < counts->n && strcmp(counts->items[i].name, name) < 0)
		i++;
	if (i < counts->n && !strcmp(counts->items[i].name, name)) {
		counts->items[i].n += n;
		return;
	}
	counts->items = reallocarray(counts->items, counts->n + 1, sizeof *counts->items);
	memory_need(counts->items);
	memmove(&counts->items[i + 1], &counts->items[i], (counts->n - i) * sizeof *counts->items);
	counts->items[i] = (struct count){strdup(name), n};
	memory_need(counts->items[i].name);
	counts->n++;
}

void counts_keep_first(struct counts *counts, size_t n)
{
	while (counts->n > n)
		free(counts->items[--counts->n].name);
}

int64_t counts_of(const struct counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->n; i++)
		if (!strcmp(counts->items[i].name, name))
			return counts->items[i].n;
	return 0;
}

int64_t counts_sum(const struct counts *counts)
{
	int64_t sum = 0;
	for (size_t i = 0; i < counts->n; i++)
		sum += counts->items[i].n;
	return sum;
}

void counts_fini(struct counts *counts)
{
	for (size_t i = 0; i < counts->n; i++)
		free(counts->items[i].name);
	free(counts->items);
	*counts = (struct counts){0};
}

void counts_write(const struct counts *counts, struct avro_buffer *buffer)
{
	if (counts->n)
		avro_buffer_long(buffer, (int64_t)counts->n);
	for (size_t i = 0; i < counts->n; i++) {
		avro_buffer_string(buffer, counts->items[i].name);
		avro_buffer_long(buffer, counts->items[i].n);
	}
	avro_buffer_long(buffer, 0);
}

/* Reading. */

static char *copy_string(const avro_value_t *record, const char *field)
{
	const char *text = avro_field_string(record, field, NULL);
	char *copy = text ? strdup(text) : NULL;
	memory_need(copy || !text);
	return copy;
}

static int read_counts(struct counts *counts, const avro_value_t *record, const char *field)
{
	size_t n = avro_field_count(record, field);
	if (n > WORDS_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		avro_value_t item = avro_field_item(record, field, i);
		int64_t count = avro_field_number(&item, "count");
		if (count < 0 || count > COUNT_MAX)
			return -1;
		counts_add(counts, avro_field_string(&item, "name", NULL), count);
	}
	return 0;
}

static int read_fields(struct aggregate *aggregate, const avro_value_t *record)
{
	aggregate->endpoint = copy_string(record, "endpoint");
	aggregate->test = copy_string(record, "test");
	aggregate->variant = copy_string(record, "variant");
	aggregate->role = (enum role)avro_field_enum(record, "role");
	aggregate->window_start_us = avro_field_number(record, "window_start");
	aggregate->window_us = avro_field_number(record, "window_us");
	aggregate->partition = (int32_t)avro_field_number(record, "partition");
	aggregate->is_provisional = avro_field_number(record, "provisional") != 0;
	for (size_t i = 0; i < N_NUMBERS; i++) {
		int64_t n = avro_field_number(record, numbers[i].field);
		if (n < 0 || n > COUNT_MAX)
			return -1;
		*(int64_t *)at(aggregate, numbers[i].offset) = n;
	}
	for (size_t i = 0; i < N_LISTS; i++)
		if (read_counts(at(aggregate, lists[i].offset), record, lists[i].field))
			return -1;
	for (size_t i = 0; i < N_HISTOGRAMS; i++)
		if (histogram_read(
			    at(aggregate, histograms[i].offset), record, histograms[i].field))
			return -1;
	return mismatches_read(
		&aggregate->mismatches, record, "mismatches", aggregate->window_start_us);
}

int aggregate_decode(struct aggregate *aggregate, const void *data, size_t size, char *errstr,
	size_t errstr_size)
{
	const struct schema *schema = schema_get("window_aggregate");
	avro_value_t record;
	*aggregate = (struct aggregate){0};
	memory_need(avro_generic_value_new(schema->iface, &record) == 0);
	int rc = schema_decode(schema, data, size, &record, errstr, errstr_size);
	if (!rc && read_fields(aggregate, &record)) {
		snprintf(errstr, errstr_size, "a number or a histogram that no window can have");
		aggregate_fini(aggregate);
		rc = -1;
	}
	avro_value_decref(&record);
	return rc;
}

void aggregate_fini(struct aggregate *aggregate)
{
	free(aggregate->endpoint);
	free(aggregate->test);
	free(aggregate->variant);
	for (size_t i = 0; i < N_LISTS; i++)
		counts_fini(at(aggregate, lists[i].offset));
	for (size_t i = 0; i < N_HISTOGRAMS; i++)
		histogram_fini(at(aggregate, histograms[i].offset));
	mismatches_fini(&aggregate->mismatches);
	*aggregate = (struct aggregate){0};
}

void aggregate_merge(struct aggregate *into, const struct aggregate *from)
{
	into->is_provisional |= from->is_provisional;
	for (size_t i = 0; i < N_NUMBERS; i++)
		*(int64_t *)at(into, numbers[i].offset) +=
			*(const int64_t *)at_const(from, numbers[i].offset);
	for (size_t i = 0; i < N_LISTS; i++) {
		const struct counts *counts = at_const(from, lists[i].offset);
		for (size_t j = 0; j < counts->n; j++)
			counts_add(at(into, lists[i].offset), counts->items[j].name,
				counts->items[j].n);
	}
	counts_keep_first(&into->label_cells, AGGREGATE_CELLS_MAX);
	counts_keep_first(&into->production_label_cells, AGGREGATE_CELLS_MAX);
	for (size_t i = 0; i < N_HISTOGRAMS; i++)
		histogram_merge(
			at(into, histograms[i].offset), at_const(from, histograms[i].offset));
	mismatches_merge(&into->mismatches, &from->mismatches);
}
