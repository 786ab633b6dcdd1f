/* Schema resolution: a value that an older writer wrote becomes a value of the present schema.
 * Fields go by name; a field that the writer did not have gets the default of our .avsc, which
 * Avro C forgets, so it is looked up in the JSON text. */
#include "common/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct resolver {
	const json_t *root; /* the reader's .avsc */
	char *errstr;
	size_t errstr_size;
};

static int resolve(const struct resolver *r, const avro_value_t *from, avro_value_t *to);
static int fill(const struct resolver *r, const json_t *json, avro_value_t *to);

__attribute__((format(printf, 2, 3))) static int fail(
	const struct resolver *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->errstr, r->errstr_size, format, args);
	va_end(args);
	return -1;
}

/* The definition of the record or enum of that name, anywhere in the schema. */
static const json_t *find_definition(const json_t *node, const char *name)
{
	const json_t *found = NULL;
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(node)) {
		const char *own = json_string_value(json_object_get(node, "name"));

		if (own && strcmp(own, name) == 0 &&
			(json_object_get(node, "fields") || json_object_get(node, "symbols")))
			return node;
		json_object_foreach((json_t *)node, key, child)
		{
			if (!found && strcmp(key, "default") != 0)
				found = find_definition(child, name);
		}
	}
	json_array_foreach(node, i, child)
	{
		if (!found)
			found = find_definition(child, name);
	}
	return found;
}

static const json_t *find_definition_of(const struct resolver *r, const avro_value_t *value)
{
	return find_definition(r->root, avro_schema_name(avro_value_get_schema(value)));
}

static int fill_field(
	const struct resolver *r, const avro_value_t *record, const char *name, avro_value_t *to)
{
	const json_t *fields = json_object_get(find_definition_of(r, record), "fields");
	json_t *field;
	size_t i;

	json_array_foreach(fields, i, field)
	{
		const json_t *fallback = json_object_get(field, "default");

		if (fallback &&
			strcmp(json_string_value(json_object_get(field, "name")), name) == 0)
			return fill(r, fallback, to);
	}
	return fail(r, "The writer has no field %s, and it has no default", name);
}

/* A default's bytes are written as characters up to U+00FF: only ASCII is the same in JSON. */
static int fill_text(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	const char *text = json_string_value(json);

	if (!text)
		return fail(r, "A default that should be text");
	if (avro_value_get_type(to) == AVRO_STRING)
		return avro_value_set_string(to, text);
	for (const char *p = text; *p; p++) {
		if (*p & 0x80)
			return fail(r, "A default of bytes beyond ASCII");
	}
	return avro_value_set_bytes(to, (void *)(uintptr_t)text, strlen(text));
}

static int fill_enum(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	const char *symbol = json_string_value(json);
	int index = symbol ? avro_schema_enum_get_by_name(avro_value_get_schema(to), symbol) : -1;

	return index >= 0 ? avro_value_set_enum(to, index) : fail(r, "Not a symbol");
}

static int fill_record(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	avro_value_t field;
	const char *name;

	for (size_t i = 0; avro_value_get_by_index(to, i, &field, &name) == 0; i++) {
		const json_t *given = json_object_get(json, name);
		int rc = given ? fill(r, given, &field) : fill_field(r, to, name, &field);

		if (rc != 0)
			return -1;
	}
	return 0;
}

static int fill_array(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	avro_value_t item;
	json_t *child;
	size_t i;

	json_array_foreach(json, i, child)
	{
		if (avro_value_append(to, &item, NULL) != 0 || fill(r, child, &item) != 0)
			return -1;
	}
	return 0;
}

static int fill_map(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	avro_value_t item;
	const char *key;
	json_t *child;

	json_object_foreach((json_t *)(uintptr_t)json, key, child)
	{
		if (avro_value_add(to, key, &item, NULL, NULL) != 0 || fill(r, child, &item) != 0)
			return -1;
	}
	return 0;
}

/* A union's default belongs to its first branch. */
static int fill_union(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	avro_value_t branch = {0};

	if (avro_value_set_branch(to, 0, &branch) != 0)
		return fail(r, "No memory");
	return fill(r, json, &branch);
}

static int fill(const struct resolver *r, const json_t *json, avro_value_t *to)
{
	switch (avro_value_get_type(to)) {
	case AVRO_NULL:
		return avro_value_set_null(to);
	case AVRO_BOOLEAN:
		return avro_value_set_boolean(to, json_is_true(json));
	case AVRO_INT32:
		return avro_value_set_int(to, (int32_t)json_integer_value(json));
	case AVRO_INT64:
		return avro_value_set_long(to, json_integer_value(json));
	case AVRO_FLOAT:
		return avro_value_set_float(to, (float)json_number_value(json));
	case AVRO_DOUBLE:
		return avro_value_set_double(to, json_number_value(json));
	case AVRO_STRING:
	case AVRO_BYTES:
		return fill_text(r, json, to);
	case AVRO_ENUM:
		return fill_enum(r, json, to);
	case AVRO_RECORD:
		return fill_record(r, json, to);
	case AVRO_ARRAY:
		return fill_array(r, json, to);
	case AVRO_MAP:
		return fill_map(r, json, to);
	case AVRO_UNION:
		return fill_union(r, json, to);
	default:
		return fail(r, "A default of a type that has none");
	}
}

/* A symbol that the reader does not know becomes the enum's default, where it has one. */
static int resolve_enum(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	int index = 0;

	if (avro_value_get_enum(from, &index) != 0)
		return fail(r, "Not an enum any more");

	const char *symbol = avro_schema_enum_get(avro_value_get_schema(from), index);
	int known = avro_schema_enum_get_by_name(avro_value_get_schema(to), symbol);

	if (known >= 0)
		return avro_value_set_enum(to, known);

	const json_t *fallback = json_object_get(find_definition_of(r, to), "default");

	return fallback ? fill_enum(r, fallback, to) : fail(r, "Unknown symbol %s", symbol);
}

static int resolve_record(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	avro_value_t field, written;
	const char *name;

	for (size_t i = 0; avro_value_get_by_index(to, i, &field, &name) == 0; i++) {
		bool has = avro_value_get_by_name(from, name, &written, NULL) == 0;
		int rc = has ? resolve(r, &written, &field) : fill_field(r, to, name, &field);

		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Arrays and maps: the items of a map have names. */
static int resolve_items(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	bool map = avro_value_get_type(to) == AVRO_MAP;
	avro_value_t item, written;
	const char *key;
	size_t n;

	if (avro_value_get_size(from, &n) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (avro_value_get_by_index(from, i, &written, &key) != 0)
			return -1;
		if ((map ? avro_value_add(to, key, &item, NULL, NULL)
			 : avro_value_append(to, &item, NULL)) != 0)
			return fail(r, "No memory");
		if (resolve(r, &written, &item) != 0)
			return -1;
	}
	return 0;
}

static int resolve_number(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	int32_t number = 0;

	if (avro_value_get_type(from) != AVRO_INT32 || avro_value_get_type(to) != AVRO_INT64)
		return fail(r, "A field changed its type");
	avro_value_get_int(from, &number);
	return avro_value_set_long(to, number);
}

/* May a value of `from` be read as `type`? Of promotions only int to long. */
static bool fits(const avro_value_t *from, avro_schema_t type)
{
	avro_type_t have = avro_value_get_type(from);

	if (is_avro_link(type))
		type = avro_schema_link_target(type);
	return have == avro_typeof(type) || (have == AVRO_INT32 && avro_typeof(type) == AVRO_INT64);
}

static int resolve_union(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	avro_schema_t schema = avro_value_get_schema(to);
	avro_value_t branch = {0};

	for (size_t i = 0; i < avro_schema_union_size(schema); i++) {
		if (!fits(from, avro_schema_union_branch(schema, (int)i)))
			continue;
		if (avro_value_set_branch(to, (int)i, &branch) != 0)
			return fail(r, "No memory");
		return resolve(r, from, &branch);
	}
	return fail(r, "A union lost a type");
}

static int resolve(const struct resolver *r, const avro_value_t *from, avro_value_t *to)
{
	avro_type_t type = avro_value_get_type(to);
	avro_value_t branch = {0};

	if (avro_value_get_type(from) == AVRO_UNION) {
		if (avro_value_get_current_branch(from, &branch) != 0)
			return fail(r, "No memory");
		return resolve(r, &branch, to);
	}
	if (type == AVRO_UNION)
		return resolve_union(r, from, to);
	if (avro_value_get_type(from) != type)
		return resolve_number(r, from, to);
	switch (type) {
	case AVRO_RECORD:
		return resolve_record(r, from, to);
	case AVRO_ENUM:
		return resolve_enum(r, from, to);
	case AVRO_ARRAY:
	case AVRO_MAP:
		return resolve_items(r, from, to);
	default:
		return avro_value_copy_fast(to, from);
	}
}

int schema_resolve(const avro_value_t *from, const struct schema *reader, avro_value_t *to,
	char *errstr, size_t errstr_size)
{
	json_t *root = json_loads(reader->json, 0, NULL);
	struct resolver r = {.root = root, .errstr = errstr, .errstr_size = errstr_size};

	snprintf(errstr, errstr_size, "No memory");

	int rc = root && avro_value_reset(to) == 0 ? resolve(&r, from, to) : -1;

	json_decref(root);
	return rc == 0 ? 0 : -1;
}
