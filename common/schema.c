/* The table of schemas: parsed at the first call, with their fingerprints; and reading and writing
 * whole records with Avro C.
 *
 * A record may have been written by an older version of a schema. Those versions are kept below and
 * found by fingerprint: the record is read with its writer's schema and then resolved into the
 * present one (common/schema_resolve.c). */
#include "common/schema.h"

#include "common/framing.h"
#include "common/memory.h"
#include "schemas/schemas.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMAS_MAX = 64 };

/* Former texts of schemas/NAME.avsc, the newest first. None was ever published in another form. */
static const struct schema_text older[] = {
	{NULL, NULL},
};

static struct {
	struct schema *all[SCHEMAS_MAX]; /* the present ones first */
	size_t n;
	size_t n_present;
} table;

static void schema_free(struct schema *schema)
{
	if (!schema)
		return;
	if (schema->iface)
		avro_value_iface_decref(schema->iface);
	if (schema->avro)
		avro_schema_decref(schema->avro);
	free(schema);
}

static struct schema *schema_new(
	const char *name, const char *json, char *errstr, size_t errstr_size)
{
	char *canonical = framing_canonical_form(json, errstr, errstr_size);

	if (!canonical)
		return NULL;

	struct schema *schema = calloc(1, sizeof(*schema));

	memory_need(schema);
	schema->name = name;
	schema->json = json;
	schema->fingerprint = framing_crc64(canonical, strlen(canonical));
	free(canonical);
	if (avro_schema_from_json_length(json, strlen(json), &schema->avro) == 0)
		schema->iface = avro_generic_class_from_schema(schema->avro);
	if (schema->iface)
		return schema;
	snprintf(errstr, errstr_size, "Avro C: %s", avro_strerror());
	schema_free(schema);
	return NULL;
}

const struct schema *schema_learn(
	const char *name, const char *json, char *errstr, size_t errstr_size)
{
	if (table.n == SCHEMAS_MAX) {
		snprintf(errstr, errstr_size, "There are %d schemas already", SCHEMAS_MAX);
		return NULL;
	}

	struct schema *schema = schema_new(name, json, errstr, errstr_size);

	if (schema)
		table.all[table.n++] = schema;
	return schema;
}

static void learn_own(const struct schema_text *texts)
{
	char errstr[256];

	for (; texts->name; texts++) {
		if (schema_learn(texts->name, texts->json, errstr, sizeof(errstr)))
			continue;
		fprintf(stderr, "schemas/%s.avsc: %s\n", texts->name, errstr);
		abort();
	}
}

static void load(void)
{
	if (table.n_present)
		return;
	assert(table.n == 0); /* schema_learn comes after */
	learn_own(schema_texts);
	table.n_present = table.n;
	learn_own(older);
}

void schema_free_all(void)
{
	while (table.n > 0)
		schema_free(table.all[--table.n]);
	table.n_present = 0;
}

const struct schema *schema_get(const char *name)
{
	load();
	for (size_t i = 0; i < table.n_present; i++) {
		if (strcmp(table.all[i]->name, name) == 0)
			return table.all[i];
	}
	fprintf(stderr, "There is no schema %s\n", name);
	abort();
}

const struct schema *schema_find(uint64_t fingerprint)
{
	load();
	for (size_t i = 0; i < table.n; i++) {
		if (table.all[i]->fingerprint == fingerprint)
			return table.all[i];
	}
	return NULL;
}

const struct schema *const *schema_all(size_t *n)
{
	load();
	*n = table.n_present;
	return (const struct schema *const *)table.all;
}

/* The bytes after the framing, which the validator has passed. */
struct body {
	const uint8_t *data;
	size_t size;
};

static int read_value(
	const struct body *body, avro_value_t *value, char *errstr, size_t errstr_size)
{
	avro_reader_t reader = avro_reader_memory((const char *)body->data, (int64_t)body->size);
	memory_need(reader);
	int rc = avro_value_reset(value);

	if (rc == 0)
		rc = avro_value_read(reader, value);
	if (rc != 0)
		snprintf(errstr, errstr_size, "Avro C: %s", avro_strerror());
	avro_reader_free(reader);
	return rc == 0 ? 0 : -1;
}

/* An older writer: read with its schema, then resolved into the reader's. */
static int read_older(const struct schema *writer, const struct schema *reader,
	const struct body *body, avro_value_t *value, char *errstr, size_t errstr_size)
{
	avro_value_t written;

	memory_need(avro_generic_value_new(writer->iface, &written) == 0);

	int rc = read_value(body, &written, errstr, errstr_size);

	if (rc == 0)
		rc = schema_resolve(&written, reader, value, errstr, errstr_size);
	avro_value_decref(&written);
	return rc;
}

int schema_decode(const struct schema *schema, const void *data, size_t size, avro_value_t *value,
	char *errstr, size_t errstr_size)
{
	uint64_t id;

	if (framing_read(data, size, &id) != FRAMING_SINGLE_OBJECT) {
		snprintf(errstr, errstr_size, "Not in Avro's single-object encoding");
		return -1;
	}

	const struct schema *writer = id == schema->fingerprint ? schema : schema_find(id);

	if (!writer || strcmp(writer->name, schema->name) != 0) {
		snprintf(errstr, errstr_size, "Fingerprint %016llx is not %s%s%s",
			(unsigned long long)id, schema->name, writer ? " but " : "",
			writer ? writer->name : "");
		return -1;
	}

	const struct body body = {(const uint8_t *)data + FRAMING_SINGLE_OBJECT_SIZE,
		size - FRAMING_SINGLE_OBJECT_SIZE};

	if (schema_validate(writer->avro, body.data, body.size, errstr, errstr_size) == -1)
		return -1;
	if (writer == schema)
		return read_value(&body, value, errstr, errstr_size);
	return read_older(writer, schema, &body, value, errstr, errstr_size);
}

void *schema_encode(const struct schema *schema, avro_value_t *value, size_t *size)
{
	size_t body;

	if (avro_value_sizeof(value, &body) != 0)
		return NULL;

	/* One byte more: a memory writer of nothing is refused by Avro C. */
	uint8_t *data = malloc(FRAMING_SINGLE_OBJECT_SIZE + body + 1);

	if (!data)
		return NULL;
	framing_write(data, schema->fingerprint);

	avro_writer_t writer = avro_writer_memory(
		(const char *)data + FRAMING_SINGLE_OBJECT_SIZE, (int64_t)body + 1);
	int rc = writer ? avro_value_write(writer, value) : -1;

	if (writer)
		avro_writer_free(writer);
	*size = FRAMING_SINGLE_OBJECT_SIZE + body;
	if (rc == 0)
		return data;
	free(data);
	return NULL;
}
