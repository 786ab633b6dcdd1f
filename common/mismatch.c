#include "common/mismatch.h"
#include "common/avro_field.h"
#include "common/memory.h"
#include "common/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t mismatch_rank(const struct mismatch_place *at, const char *variant)
{
	char place[2 * MISMATCH_TEXT_MAX];
	int n = snprintf(place, sizeof place, "%s/%lld/%d/%lld/%s", at->topic, (long long)at->epoch,
		at->partition, (long long)at->offset, variant);
	return XXH3_64bits(place, (size_t)n < sizeof place ? (size_t)n : sizeof place - 1);
}

static int order(const struct mismatch *a, const struct mismatch *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	int topics = strcmp(a->topic, b->topic);
	if (topics)
		return topics;
	if (a->partition != b->partition)
		return a->partition < b->partition ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

bool mismatches_want(const struct mismatches *list, uint64_t rank)
{
	return list->n < MISMATCHES_MAX || rank <= list->items[list->n - 1].rank;
}

static char *copy_text(const char *text)
{
	char *copy = strndup(text, MISMATCH_TEXT_MAX);
	memory_need(copy);
	return copy;
}

static struct mismatch_body copy_body(const struct mismatch_body *body)
{
	struct mismatch_body copy = {.size = body->size, .whole_size = body->whole_size};
	if (copy.size > MISMATCH_BODY_MAX)
		copy.size = MISMATCH_BODY_MAX;
	copy.data = malloc(copy.size + 1);
	memory_need(copy.data);
	if (copy.size)
		memcpy(copy.data, body->data, copy.size);
	copy.data[copy.size] = '\0';
	return copy;
}

static void fini(struct mismatch *mismatch)
{
	free(mismatch->kind);
	free(mismatch->request_id);
	free(mismatch->topic);
	free(mismatch->production.data);
	free(mismatch->candidate.data);
}

void mismatches_add(struct mismatches *list, const struct mismatch *mismatch)
{
	size_t at = 0;
	while (at < list->n && order(&list->items[at], mismatch) < 0)
		at++;
	if (at == MISMATCHES_MAX || (at < list->n && !order(&list->items[at], mismatch)))
		return;
	if (!list->items) {
		list->items = calloc(MISMATCHES_MAX + 1, sizeof *list->items);
		memory_need(list->items);
	}
	memmove(&list->items[at + 1], &list->items[at], (list->n - at) * sizeof *list->items);
	list->items[at] = (struct mismatch){
		.rank = mismatch->rank,
		.window_us = mismatch->window_us,
		.kind = copy_text(mismatch->kind),
		.request_id = copy_text(mismatch->request_id),
		.topic = copy_text(mismatch->topic),
		.partition = mismatch->partition,
		.offset = mismatch->offset,
		.production = copy_body(&mismatch->production),
		.candidate = copy_body(&mismatch->candidate),
	};
	if (++list->n > MISMATCHES_MAX)
		fini(&list->items[--list->n]);
}

void mismatches_merge(struct mismatches *into, const struct mismatches *from)
{
	for (size_t i = 0; i < from->n; i++)
		mismatches_add(into, &from->items[i]);
}

void mismatches_fini(struct mismatches *list)
{
	for (size_t i = 0; i < list->n; i++)
		fini(&list->items[i]);
	free(list->items);
	*list = (struct mismatches){0};
}

/* As a record. */

static void write_body(const struct mismatch_body *body, struct avro_buffer *buffer)
{
	avro_buffer_bytes(buffer, body->data, body->size);
	avro_buffer_long(buffer, body->whole_size);
}

void mismatches_write(const struct mismatches *list, struct avro_buffer *buffer)
{
	if (list->n)
		avro_buffer_long(buffer, (int64_t)list->n);
	for (size_t i = 0; i < list->n; i++) {
		const struct mismatch *mismatch = &list->items[i];
		avro_buffer_long(buffer, (int64_t)mismatch->rank);
		avro_buffer_string(buffer, mismatch->kind);
		avro_buffer_string(buffer, mismatch->request_id);
		avro_buffer_string(buffer, mismatch->topic);
		avro_buffer_long(buffer, mismatch->partition);
		avro_buffer_long(buffer, mismatch->offset);
		write_body(&mismatch->production, buffer);
		write_body(&mismatch->candidate, buffer);
	}
	avro_buffer_long(buffer, 0);
}

/* The fields are pointed at, not copied. */
static int read_body(
	struct mismatch_body *body, const avro_value_t *item, const char *field, const char *size)
{
	body->data = (char *)(uintptr_t)avro_field_bytes(item, field, &body->size);
	body->whole_size = avro_field_number(item, size);
	return body->size > MISMATCH_BODY_MAX || body->whole_size < 0 ? -1 : 0;
}

static int read_item(struct mismatch *mismatch, const avro_value_t *item)
{
	*mismatch = (struct mismatch){
		.rank = (uint64_t)avro_field_number(item, "rank"),
		.kind = (char *)(uintptr_t)avro_field_string(item, "kind", NULL),
		.request_id = (char *)(uintptr_t)avro_field_string(item, "request_id", NULL),
		.topic = (char *)(uintptr_t)avro_field_string(item, "source_topic", NULL),
		.partition = (int32_t)avro_field_number(item, "source_partition"),
		.offset = avro_field_number(item, "source_offset"),
	};
	if (read_body(&mismatch->production, item, "production", "production_size"))
		return -1;
	return read_body(&mismatch->candidate, item, "candidate", "candidate_size");
}

int mismatches_read(
	struct mismatches *list, const avro_value_t *record, const char *field, int64_t window_us)
{
	size_t n = avro_field_count(record, field);
	if (n > MISMATCHES_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		avro_value_t item = avro_field_item(record, field, i);
		struct mismatch mismatch;
		if (read_item(&mismatch, &item))
			return -1;
		mismatch.window_us = window_us;
		mismatches_add(list, &mismatch);
	}
	return 0;
}

/* From bytes. */

/* A copy with a NUL behind it; NULL: too long, or not there. */
static char *parse_text(struct avro_cursor *cursor, size_t max, size_t *size)
{
	const void *data = avro_cursor_bytes(cursor, size);
	if (cursor->failed || *size > max) {
		cursor->failed = true;
		return NULL;
	}
	char *text = calloc(1, *size + 1);
	memory_need(text);
	memcpy(text, data, *size);
	text[*size] = '\0';
	return text;
}

static void parse_body(struct mismatch_body *body, struct avro_cursor *cursor)
{
	body->data = parse_text(cursor, MISMATCH_BODY_MAX, &body->size);
	body->whole_size = avro_cursor_long(cursor);
}

static void parse_item(struct mismatches *list, struct avro_cursor *cursor)
{
	struct mismatch mismatch = {.rank = (uint64_t)avro_cursor_long(cursor)};
	size_t size;
	mismatch.kind = parse_text(cursor, MISMATCH_TEXT_MAX, &size);
	mismatch.request_id = parse_text(cursor, MISMATCH_TEXT_MAX, &size);
	mismatch.topic = parse_text(cursor, MISMATCH_TEXT_MAX, &size);
	mismatch.partition = (int32_t)avro_cursor_long(cursor);
	mismatch.offset = avro_cursor_long(cursor);
	parse_body(&mismatch.production, cursor);
	parse_body(&mismatch.candidate, cursor);
	if (!cursor->failed)
		mismatches_add(list, &mismatch);
	fini(&mismatch);
}

int mismatches_parse(struct mismatches *list, struct avro_cursor *cursor)
{
	int64_t n = avro_cursor_long(cursor);
	cursor->failed |= n < 0 || n > MISMATCHES_MAX;
	for (int64_t i = 0; i < n && !cursor->failed; i++)
		parse_item(list, cursor);
	cursor->failed |= !cursor->failed && n > 0 && avro_cursor_long(cursor) != 0;
	return cursor->failed ? -1 : 0;
}

/* To be shown. */

char *mismatch_printable(const char *data, size_t size)
{
	bool is_utf8 = schema_is_utf8(data, size);
	char *text = calloc(4, size + 1), *at = text;
	memory_need(text);
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)data[i];
		bool is_c1 = byte == 0xc2 && i + 1 < size && (unsigned char)data[i + 1] < 0xa0;
		if ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x80 && is_utf8 && !is_c1))
			*at++ = (char)byte;
		else
			at += sprintf(at, "\\x%02x", byte);
		if (is_c1 && is_utf8)
			at += sprintf(at, "\\x%02x", (unsigned char)data[++i]);
	}
	*at = '\0';
	return text;
}

char *mismatch_text(const struct mismatch_body *body)
{
	return mismatch_printable(body->data, body->size);
}

json_t *mismatch_body_to_json(const struct mismatch_body *body)
{
	if (schema_is_utf8(body->data, body->size))
		return json_stringn(body->data, body->size);
	char *text = mismatch_text(body);
	json_t *json = json_string(text);
	free(text);
	return json;
}
