/* Framing, fingerprint and Parsing Canonical Form (Avro specification 1.11).
 *
 * The canonical form is written while the schema's JSON is walked: each type knows its namespace,
 * names become full names, and only the attributes that the specification keeps are written, in its
 * order. Text goes into a stdio memory stream, so that there is no size to count. */
#include "common/framing.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, NAME_MAX_SIZE = 512 };

static const uint64_t CRC_EMPTY = 0xc15d213aa4d7a795u;

enum framing framing_read(const void *data, size_t size, uint64_t *id)
{
	const uint8_t *p = data;

	*id = 0;
	if (size >= FRAMING_SINGLE_OBJECT_SIZE && p[0] == 0xc3 && p[1] == 0x01) {
		for (int i = 7; i >= 0; i--)
			*id = *id << 8 | p[2 + i];
		return FRAMING_SINGLE_OBJECT;
	}
	if (size >= FRAMING_CONFLUENT_SIZE && p[0] == 0) {
		for (int i = 1; i <= 4; i++)
			*id = *id << 8 | p[i];
		return FRAMING_CONFLUENT;
	}
	return FRAMING_NONE;
}

void framing_write(void *data, uint64_t fingerprint)
{
	uint8_t *p = data;

	p[0] = 0xc3;
	p[1] = 0x01;
	for (int i = 0; i < 8; i++)
		p[2 + i] = (uint8_t)(fingerprint >> (8 * i));
}

/* One byte at a time without a table: schemas are hashed once, at start. */
uint64_t framing_crc64(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t crc = CRC_EMPTY;

	for (size_t i = 0; i < size; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (CRC_EMPTY & -(crc & 1));
	}
	return crc;
}

struct form {
	FILE *out;
	char *errstr;
	size_t errstr_size;
	int depth;
};

static int form_type(struct form *form, const json_t *type, const char *space);

static int form_fail(struct form *form, const char *what, const char *name)
{
	snprintf(form->errstr, form->errstr_size, "%s%s%.100s", what, name ? ": " : "",
		name ? name : "");
	return -1;
}

static bool is_primitive(const char *word)
{
	static const char *const primitives[] = {
		"null", "boolean", "int", "long", "float", "double", "bytes", "string"};

	for (size_t i = 0; i < sizeof(primitives) / sizeof(*primitives); i++) {
		if (strcmp(word, primitives[i]) == 0)
			return true;
	}
	return false;
}

/* Letters, digits and underscores, parts separated by dots. */
static bool is_fullname(const char *name)
{
	bool start = true;

	for (; *name; name++) {
		bool letter = isalpha((unsigned char)*name) || *name == '_';

		if (*name == '.' ? start : !letter && (start || !isdigit((unsigned char)*name)))
			return false;
		start = *name == '.';
	}
	return !start;
}

/* "name" in `space`, or a name with dots as it is. */
static int form_name(struct form *form, const char *name, const char *space, char *full)
{
	bool qualified = strchr(name, '.') || *space == '\0';
	int n = snprintf(
		full, NAME_MAX_SIZE, "%s%s%s", qualified ? "" : space, qualified ? "" : ".", name);

	if (n >= NAME_MAX_SIZE)
		return form_fail(form, "A name is too long", name);
	return is_fullname(full) ? 0 : form_fail(form, "Not a name", name);
}

static int form_reference(struct form *form, const char *name, const char *space)
{
	char full[NAME_MAX_SIZE];

	if (is_primitive(name)) {
		fprintf(form->out, "\"%s\"", name);
		return 0;
	}
	if (form_name(form, name, space, full) == -1)
		return -1;
	fprintf(form->out, "\"%s\"", full);
	return 0;
}

static int form_union(struct form *form, const json_t *branches, const char *space)
{
	size_t i;
	json_t *branch;

	fputc('[', form->out);
	json_array_foreach(branches, i, branch)
	{
		if (i)
			fputc(',', form->out);
		if (form_type(form, branch, space) == -1)
			return -1;
	}
	fputc(']', form->out);
	return 0;
}

static int form_fields(struct form *form, const json_t *fields, const char *space)
{
	size_t i;
	json_t *field;

	if (!json_is_array(fields))
		return form_fail(form, "A record without fields", NULL);
	fputs(",\"fields\":[", form->out);
	json_array_foreach(fields, i, field)
	{
		const char *name = json_string_value(json_object_get(field, "name"));

		if (!name || !is_fullname(name) || strchr(name, '.'))
			return form_fail(form, "A field without a proper name", name);
		fprintf(form->out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", name);
		if (form_type(form, json_object_get(field, "type"), space) == -1)
			return -1;
		fputc('}', form->out);
	}
	fputc(']', form->out);
	return 0;
}

static int form_symbols(struct form *form, const json_t *symbols)
{
	size_t i;
	json_t *symbol;

	if (!json_is_array(symbols))
		return form_fail(form, "An enum without symbols", NULL);
	fputs(",\"symbols\":[", form->out);
	json_array_foreach(symbols, i, symbol)
	{
		const char *word = json_string_value(symbol);

		if (!word || !is_fullname(word) || strchr(word, '.'))
			return form_fail(form, "Not a symbol", word);
		fprintf(form->out, "%s\"%s\"", i ? "," : "", word);
	}
	fputc(']', form->out);
	return 0;
}

/* A number, or a number in quotes: both are written without quotes and leading zeros. */
static int form_size(struct form *form, const json_t *size)
{
	const char *text = json_string_value(size);
	char *end = NULL;
	long long number = text ? strtoll(text, &end, 10) : json_integer_value(size);

	if ((!json_is_integer(size) && (!text || end == text || *end)) || number < 0)
		return form_fail(form, "A fixed without a proper size", NULL);
	fprintf(form->out, ",\"size\":%lld", number);
	return 0;
}

static int form_named(struct form *form, const json_t *type, const char *kind, const char *space)
{
	const char *name = json_string_value(json_object_get(type, "name"));
	const char *own = json_string_value(json_object_get(type, "namespace"));
	char full[NAME_MAX_SIZE], inner[NAME_MAX_SIZE] = "";
	char *dot;

	if (!name)
		return form_fail(form, "A named type without a name", kind);
	if (form_name(form, name, own ? own : space, full) == -1)
		return -1;
	fprintf(form->out, "{\"name\":\"%s\",\"type\":\"%s\"", full, kind);
	dot = strrchr(full, '.');
	if (dot)
		memcpy(inner, full, (size_t)(dot - full));

	int rc = strcmp(kind, "fixed") == 0 ? form_size(form, json_object_get(type, "size"))
		: strcmp(kind, "enum") == 0
		? form_symbols(form, json_object_get(type, "symbols"))
		: form_fields(form, json_object_get(type, "fields"), inner);

	fputc('}', form->out);
	return rc;
}

static int form_collection(
	struct form *form, const json_t *type, const char *kind, const char *space)
{
	const char *content = strcmp(kind, "array") == 0 ? "items" : "values";

	fprintf(form->out, "{\"type\":\"%s\",\"%s\":", kind, content);
	if (form_type(form, json_object_get(type, content), space) == -1)
		return -1;
	fputc('}', form->out);
	return 0;
}

static int form_object(struct form *form, const json_t *type, const char *space)
{
	const json_t *inner = json_object_get(type, "type");
	const char *kind = json_string_value(inner);

	if (!kind)
		return form_type(form, inner, space);
	if (strcmp(kind, "array") == 0 || strcmp(kind, "map") == 0)
		return form_collection(form, type, kind, space);
	if (strcmp(kind, "record") == 0 || strcmp(kind, "enum") == 0 || strcmp(kind, "fixed") == 0)
		return form_named(form, type, kind, space);
	return form_reference(form, kind, space);
}

static int form_type(struct form *form, const json_t *type, const char *space)
{
	int rc;

	if (form->depth == DEPTH_MAX)
		return form_fail(form, "The schema is nested too deeply", NULL);
	form->depth++;
	if (json_is_string(type))
		rc = form_reference(form, json_string_value(type), space);
	else if (json_is_array(type))
		rc = form_union(form, type, space);
	else if (json_is_object(type))
		rc = form_object(form, type, space);
	else
		rc = form_fail(form, "A type is missing", NULL);
	form->depth--;
	return rc;
}

char *framing_canonical_form(const char *schema_json, char *errstr, size_t errstr_size)
{
	struct form form = {.errstr = errstr, .errstr_size = errstr_size};
	json_error_t error;
	char *text = NULL;
	size_t size;
	json_t *root = json_loads(schema_json, JSON_DECODE_ANY, &error);

	if (!root) {
		snprintf(errstr, errstr_size, "The schema is not JSON: %s", error.text);
		return NULL;
	}
	form.out = open_memstream(&text, &size);
	int rc = form.out ? form_type(&form, root, "") : form_fail(&form, "No memory", NULL);

	if (form.out && fclose(form.out) != 0)
		rc = form_fail(&form, "No memory", NULL);
	json_decref(root);
	if (rc == 0)
		return text;
	free(text);
	return NULL;
}
