/* JSON of the control log to structs, driven by the table of fields. The definition is completed
 * with defaults in place, and the strings of the struct are those of the definition: one owner.
 * Reading goes on after a problem, so that a file's author hears of all of them at once. */
#include "common/definition.h"
#include "common/definition_fields.h"
#include "common/memory.h"
#include "common/sampling.h"
#include "common/text.h"
#include <assert.h>
#include <curl/curl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	enum object_kind kind;
	const char *object;
	definition_report *report;
	void *opaque;
	size_t problems;
	char path[256];
};

const char *object_kind_name(enum object_kind kind)
{
	static const char *const names[] = {"installation", "endpoint", "test"};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown object";
}

static void *at(void *base, size_t offset)
{
	return (char *)base + offset;
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);

	memory_need(memory);
	return memory;
}

/* Reports a problem with `label` below the reader's path; NULL: with what the path names. */
__attribute__((format(printf, 4, 5))) static void problem(
	struct reader *reader, const char *label, bool newer, const char *format, ...)
{
	char path[sizeof(reader->path) + 128], message[512];
	struct definition_problem found = {reader->kind, reader->object, path, message, newer};
	va_list arguments;

	snprintf(path, sizeof(path), "%s%s%s", reader->path,
		label && reader->path[0] != '\0' ? "." : "", label ? label : "");
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	reader->problems++;
	reader->report(reader->opaque, &found);
}

/* Goes down to `label`; returns the length to which the path is cut on the way back. */
static size_t descend(struct reader *reader, const char *label)
{
	size_t length = strlen(reader->path);

	snprintf(reader->path + length, sizeof(reader->path) - length, "%s%s",
		length > 0 ? "." : "", label);
	return length;
}

static bool is_topic(const char *text)
{
	size_t size = strlen(text);

	return size >= 1 && size <= 249 && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		size;
}

static bool is_header(const char *text)
{
	static const char token[] =
		"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t size = strlen(text);

	return size >= 1 && size <= 256 && strspn(text, token) == size;
}

static bool is_plain(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return size >= 1 && size <= 4096;
}

/* http or https, with a host, and without a user: a password would stand in the log. */
static bool is_url(const char *text)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *user = NULL;
	bool is;

	memory_need(url);
	is = is_plain(text) && !strchr(text, ' ') &&
		curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		(strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
		curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
	curl_free(scheme);
	curl_free(user);
	curl_url_cleanup(url);
	return is;
}

/* "" is the whole value. */
static bool is_pointer(const char *text)
{
	return compare_is_pointer(text) && (text[0] == '\0' || is_plain(text));
}

/* What a text of that type must be; NULL: this one is. */
static const char *text_complaint(enum field_type type, const char *text)
{
	switch (type) {
	case FIELD_NAME:
		return text_is_name(text) ? NULL : "1 to 100 letters, digits, _ and -";
	case FIELD_TOPIC:
		return is_topic(text) ? NULL
				      : "a topic's name: 1 to 249 letters, digits, ., _ and -";
	case FIELD_HEADER:
		return is_header(text) ? NULL : "a header's name";
	case FIELD_URL:
		return is_url(text) ? NULL : "an http or https URL without user and password";
	case FIELD_POINTER:
		return is_pointer(text) ? NULL : "a JSON pointer, as \"/a/b\"";
	case FIELD_LABEL:
		return is_pointer(text) || (text[0] != '/' && is_plain(text))
			? NULL
			: "a JSON pointer, as \"/a/b\", or a column";
	default:
		return is_plain(text) ? NULL : "1 to 4096 bytes without control characters";
	}
}

static void read_text(
	struct reader *reader, const struct field *field, const json_t *json, const char **value)
{
	const char *text = json_string_value(json);
	const char *complaint = text ? text_complaint(field->type, text) : "text";

	if (!complaint)
		*value = text;
	else if (field->type == FIELD_URL || !text) /* a URL may hold what must not be shown */
		problem(reader, field_label(field), false, "%s must be %s", field_label(field),
			complaint);
	else
		problem(reader, field_label(field), false, "%s must be %s, not \"%.100s\"",
			field_label(field), complaint, text);
}

static void format_number(enum field_type type, int64_t number, char *buffer)
{
	if (type == FIELD_DURATION)
		text_format_duration(number, buffer);
	else
		snprintf(buffer, TEXT_MAX, "%lld", (long long)number);
}

static void read_number(
	struct reader *reader, const struct field *field, const json_t *json, int64_t *value)
{
	bool bounded = field->min != 0 || field->max != 0;
	int64_t max = bounded ? field->max : INT64_MAX;
	int64_t number = json_integer_value(json);
	char from[TEXT_MAX], to[TEXT_MAX], is[TEXT_MAX];

	if (json_is_integer(json) && number >= field->min && number <= max) {
		*value = number;
		return;
	}
	if (!json_is_integer(json)) {
		problem(reader, field_label(field), false, "%s must be a whole number",
			field_label(field));
		return;
	}
	format_number(field->type, field->min, from);
	format_number(field->type, max, to);
	format_number(field->type, number, is);
	problem(reader, field_label(field), false, "%s must be from %s to %s, not %s",
		field_label(field), from, to, is);
}

static void read_real(
	struct reader *reader, const struct field *field, const json_t *json, double *value)
{
	double number = json_number_value(json);

	if (!json_is_number(json))
		problem(reader, field_label(field), false, "%s must be a number",
			field_label(field));
	else if (number < (double)field->min || (field->max != 0 && number > (double)field->max))
		problem(reader, field_label(field), false, "%s must be %s, not %g",
			field_label(field), field->max != 0 ? "from 0 to 1" : "0 or more", number);
	else
		*value = number;
}

static void read_percent(
	struct reader *reader, const struct field *field, const json_t *json, uint32_t *value)
{
	json_int_t k = json_integer_value(json);

	if (json_is_integer(json) && k >= 0 && k <= SAMPLING_ALWAYS)
		*value = (uint32_t)k;
	else
		problem(reader, field_label(field), false, "%s must be a percentage from 0 to 100",
			field_label(field));
}

static void read_choice(
	struct reader *reader, const struct field *field, const json_t *json, int *value)
{
	const char *word = json_string_value(json);
	char words[200] = "";

	for (int i = 0; field->choices[i]; i++) {
		size_t length = strlen(words);

		if (word && strcmp(word, field->choices[i]) == 0) {
			*value = i;
			return;
		}
		snprintf(words + length, sizeof(words) - length, "%s\"%s\"", i > 0 ? " or " : "",
			field->choices[i]);
	}
	problem(reader, field_label(field), word != NULL, "%s must be %s%s%s%s", field_label(field),
		words, word ? ", not \"" : "", word ? word : "", word ? "\"" : "");
}

static void read_texts(struct reader *reader, const struct field *field, const json_t *json,
	struct string_list *list)
{
	list->items = allocate(json_array_size(json), sizeof(*list->items));
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *text = json_string_value(json_array_get(json, i));
		bool pointers = field->type == FIELD_POINTERS;

		if (text && (pointers ? is_pointer(text) : is_plain(text)))
			list->items[list->n++] = (char *)text; /* the definition's, never changed */
		else if (pointers)
			problem(reader, field_label(field), false,
				"%s must hold JSON pointers, as \"/a/b\" or \"/*/c\"",
				field_label(field));
		else
			problem(reader, field_label(field), false,
				"%s must hold texts of 1 to 4096 bytes without control characters",
				field_label(field));
	}
	if (!json_is_array(json))
		problem(reader, field_label(field), false, "%s must be an array of texts",
			field_label(field));
}

static void read_offsets(
	struct reader *reader, const struct field *field, const json_t *json, void *base)
{
	size_t n = json_array_size(json);
	int64_t *offsets = allocate(n, sizeof(*offsets));

	*(int64_t **)at(base, field->offset) = offsets;
	*(size_t *)at(base, field->count_offset) = n;
	for (size_t i = 0; i < n; i++)
		if (json_is_integer(json_array_get(json, i)))
			offsets[i] = json_integer_value(json_array_get(json, i));
		else
			offsets[i] = -1;
	for (size_t i = 0; i < n; i++)
		if (offsets[i] < 0)
			problem(reader, field->key, false, "%s must hold offsets", field->key);
	if (!json_is_array(json))
		problem(reader, field->key, false, "%s must be an array of offsets", field->key);
}

static void read_object(
	struct reader *reader, const struct field_table *table, json_t *json, void *base);

static void read_list(
	struct reader *reader, const struct field *field, const json_t *json, void *base)
{
	size_t n = json_array_size(json);
	size_t length = descend(reader, field_label(field));
	char *elements = allocate(n, field->table.size);

	*(void **)at(base, field->offset) = elements;
	*(size_t *)at(base, field->count_offset) = n;
	if (!json_is_array(json))
		problem(reader, NULL, false, "%s must be a list", field_label(field));
	for (size_t i = 0; i < n; i++) {
		char index[32];
		size_t outer;

		snprintf(index, sizeof(index), "[%zu]", i);
		outer = descend(reader, index);
		read_object(reader, &field->table, json_array_get(json, i),
			elements + i * field->table.size);
		reader->path[outer] = '\0';
	}
	reader->path[length] = '\0';
}

static void read_group(struct reader *reader, const struct field *field, json_t *json, void *base)
{
	size_t length = descend(reader, field_label(field));

	read_object(reader, &field->table, json, base);
	reader->path[length] = '\0';
}

static void read_value(struct reader *reader, const struct field *field, json_t *json, void *base)
{
	void *value = at(base, field->offset);

	switch (field->type) {
	case FIELD_NAME:
	case FIELD_TEXT:
	case FIELD_TOPIC:
	case FIELD_URL:
	case FIELD_HEADER:
	case FIELD_POINTER:
	case FIELD_LABEL:
		read_text(reader, field, json, value);
		break;
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIZE:
	case FIELD_TIME:
		read_number(reader, field, json, value);
		break;
	case FIELD_REAL:
		read_real(reader, field, json, value);
		break;
	case FIELD_PERCENT:
		read_percent(reader, field, json, value);
		break;
	case FIELD_CHOICE:
		read_choice(reader, field, json, value);
		break;
	case FIELD_TEXTS:
	case FIELD_POINTERS:
		read_texts(reader, field, json, value);
		break;
	case FIELD_OFFSETS:
		read_offsets(reader, field, json, base);
		break;
	case FIELD_GROUP:
		read_group(reader, field, json, base);
		break;
	case FIELD_LIST:
		read_list(reader, field, json, base);
		break;
	case FIELD_WHEN:
		assert(false && "no such field in the log");
	}
}

/* The table's default as the log writes it; NULL: the field has none. */
static json_t *fallback(const struct field *field)
{
	int64_t number = 0;
	int unread = 0;

	if (field->type == FIELD_TEXTS || field->type == FIELD_POINTERS ||
		(field->type == FIELD_LIST && !field->required))
		return json_array();
	if (!field->fallback)
		return NULL;
	if (field->type == FIELD_INT || field->type == FIELD_REAL)
		unread = text_parse_int(field->fallback, &number);
	else if (field->type == FIELD_DURATION)
		unread = text_parse_duration(field->fallback, &number);
	else if (field->type == FIELD_SIZE)
		unread = text_parse_size(field->fallback, &number);
	else
		return json_string(field->fallback);
	assert(unread == 0);
	return json_integer(number);
}

static void read_object(
	struct reader *reader, const struct field_table *table, json_t *json, void *base)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json)) {
		problem(reader, NULL, false, "%s must be a group",
			reader->path[0] != '\0' ? reader->path : "a definition");
		return;
	}
	json_object_foreach(json, key, value) if (!field_by_key(table, key))
		problem(reader, key, true, "unknown field \"%.100s\"", key);
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];

		if (!field->key)
			continue;
		if (!json_object_get(json, field->key))
			json_object_set_new(json, field->key, fallback(field));
		value = json_object_get(json, field->key);
		if (value)
			read_value(reader, field, value, base);
		else if (field->required)
			problem(reader, field_label(field), false, "%s is missing",
				field_label(field));
	}
}

static void reader_init(struct reader *reader, enum object_kind kind, const json_t *definition,
	definition_report *report, void *opaque)
{
	const char *name = json_string_value(json_object_get(definition, "name"));

	*reader = (struct reader){
		.kind = kind, .object = name ? name : "", .report = report, .opaque = opaque};
}

int64_t definition_read_installation(json_t *definition, definition_report *report, void *opaque)
{
	struct reader reader;
	int64_t event_partitions = 0;

	reader_init(&reader, OBJECT_INSTALLATION, definition, report, opaque);
	reader.object = "installation";
	read_object(&reader, &definition_installation_table, definition, &event_partitions);
	json_decref(definition);
	return reader.problems > 0 ? -1 : event_partitions;
}

struct endpoint *definition_read_endpoint(
	json_t *definition, definition_report *report, void *opaque)
{
	struct endpoint *endpoint = allocate(1, sizeof(*endpoint));
	struct reader reader;

	endpoint->references = 1;
	endpoint->definition = definition;
	reader_init(&reader, OBJECT_ENDPOINT, definition, report, opaque);
	read_object(&reader, &definition_endpoint_table, definition, endpoint);
	if (reader.problems == 0 && endpoint_check(endpoint, report, opaque) == 0)
		return endpoint;
	endpoint_release(endpoint);
	return NULL;
}

static void name_shadow_topics(struct test *test)
{
	test->shadow_topics = allocate(test->n_variants, sizeof(*test->shadow_topics));
	for (size_t i = 0; i < test->n_variants; i++) {
		char *topic;
		int length =
			asprintf(&topic, "%s.shadow.%s", test->endpoint, test->variants[i].name);

		memory_need(length > 0);
		test->shadow_topics[i] = topic;
	}
}

struct test *definition_read_test(json_t *definition, definition_report *report, void *opaque)
{
	struct test *test = allocate(1, sizeof(*test));
	struct reader reader;

	test->references = 1;
	test->definition = definition;
	test->compare.threshold = NAN;
	reader_init(&reader, OBJECT_TEST, definition, report, opaque);
	read_object(&reader, &definition_test_table, definition, test);
	for (size_t i = 0; i < test->n_variants; i++)
		test->variants[i].weight = 1;
	if (reader.problems == 0 && test_check(test, report, opaque) == 0) {
		name_shadow_topics(test);
		return test;
	}
	test_release(test);
	return NULL;
}

static void variants_free(struct variant *variants, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(variants[i].headers);
		free(variants[i].retry_on.items);
	}
	free(variants);
}

struct endpoint *endpoint_hold(struct endpoint *endpoint)
{
	endpoint->references++;
	return endpoint;
}

void endpoint_release(struct endpoint *endpoint)
{
	if (!endpoint || --endpoint->references > 0)
		return;
	variants_free(endpoint->variants, endpoint->n_variants);
	free(endpoint->correlation_headers.items);
	free(endpoint->reply_topics.items);
	free(endpoint->secret_headers.items);
	free(endpoint->start);
	json_decref(endpoint->definition);
	free(endpoint);
}

struct test *test_hold(struct test *test)
{
	test->references++;
	return test;
}

void test_release(struct test *test)
{
	if (!test || --test->references > 0)
		return;
	for (size_t i = 0; test->shadow_topics && i < test->n_variants; i++)
		free((char *)test->shadow_topics[i]);
	free(test->shadow_topics);
	free(test->compare.ignore.items);
	free(test->compare.unordered.items);
	free(test->compare.mask.items);
	variants_free(test->variants, test->n_variants);
	json_decref(test->definition);
	free(test);
}
