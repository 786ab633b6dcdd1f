/* One value: from text to its place in the program's struct, with all checks. Messages quote what
 * the user wrote, never what a ${NAME} in it stands for, and of a plain string nothing at all. */
#include "common/memory.h"
#include "common/settings_private.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void *at(const struct setting *setting, void *values)
{
	return (char *)values + setting->offset;
}

static const void *at_const(const struct setting *setting, const void *values)
{
	return (const char *)values + setting->offset;
}

void string_list_add(struct string_list *list, const char *item)
{
	char **items = realloc(list->items, (list->n + 1) * sizeof(*items));
	memory_need(items);
	list->items = items;
	list->items[list->n] = strdup(item);
	memory_need(list->items[list->n]);
	list->n++;
}

void string_list_clear(struct string_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){.items = NULL};
}

static void format_bound(const struct setting *setting, int64_t bound, char *buffer)
{
	if (setting->type == SETTING_DURATION)
		text_format_duration(bound, buffer);
	else if (setting->type == SETTING_SIZE)
		text_format_size(bound, buffer);
	else
		snprintf(buffer, TEXT_MAX, "%" PRId64, bound);
}

void setting_describe_range(const struct setting *setting, char *buffer, size_t size)
{
	char low[TEXT_MAX], high[TEXT_MAX];
	buffer[0] = '\0';
	if (setting->min == 0 && setting->max == 0)
		return;
	format_bound(setting, setting->min, low);
	format_bound(setting, setting->max, high);
	if (setting->max == INT64_MAX)
		snprintf(buffer, size, "at least %s", low);
	else
		snprintf(buffer, size, "%s to %s", low, high);
}

void setting_describe_choices(const struct setting *setting, char *buffer, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; setting->choices[i] && n < size; i++)
		n += (size_t)snprintf(
			buffer + n, size - n, "%s%s", i ? ", " : "", setting->choices[i]);
}

const char *setting_argument(const struct setting *setting)
{
	static const char *const names[] = {
		[SETTING_STRING] = "TEXT",
		[SETTING_INT] = "N",
		[SETTING_DOUBLE] = "X",
		[SETTING_BOOL] = "true|false",
		[SETTING_DURATION] = "TIME",
		[SETTING_SIZE] = "SIZE",
		[SETTING_CHOICE] = "WORD",
		[SETTING_LIST] = "TEXT",
	};
	return setting->argument ? setting->argument : names[setting->type];
}

void setting_describe(const struct setting *setting, char *buffer, size_t size)
{
	static const char *const phrases[] = {
		[SETTING_STRING] = "text in quotes",
		[SETTING_INT] = "a whole number, without quotes",
		[SETTING_DOUBLE] = "a number, without quotes",
		[SETTING_BOOL] = "true or false, without quotes",
		[SETTING_DURATION] =
			"a duration with its unit, in quotes, as \"250ms\", \"2s\" or \"7d\"",
		[SETTING_SIZE] = "a number of bytes, or a size in quotes, as \"64KiB\"",
		[SETTING_CHOICE] = "one of these words, in quotes: ",
		[SETTING_LIST] = "a list of texts, as [ \"a\", \"b\" ]",
	};
	int n = snprintf(buffer, size, "%s", phrases[setting->type]);
	if (setting->type == SETTING_CHOICE)
		setting_describe_choices(setting, buffer + n, size - (size_t)n);
}

static int refuse_form(
	const struct setting *setting, const char *text, char *errstr, size_t errstr_size)
{
	static const char *const forms[] = {
		[SETTING_INT] = "a whole number",
		[SETTING_DOUBLE] = "a number",
		[SETTING_BOOL] = "true or false",
		[SETTING_DURATION] = "a duration with its unit, as 250ms, 2s or 7d",
		[SETTING_SIZE] = "a size, as 512, 64KiB or 6MiB",
	};
	snprintf(errstr, errstr_size, "\"%s\" is not %s", text, forms[setting->type]);
	return -1;
}

static int refuse_range(
	const struct setting *setting, const char *text, char *errstr, size_t errstr_size)
{
	char range[2 * TEXT_MAX + 16];
	setting_describe_range(setting, range, sizeof(range));
	snprintf(errstr, errstr_size, "\"%s\" is out of range: %s", text, range);
	return -1;
}

static int parse_number(const struct setting *setting, const char *text, int64_t *value)
{
	switch (setting->type) {
	case SETTING_DURATION:
		return text_parse_duration(text, value);
	case SETTING_SIZE:
		return text_parse_size(text, value);
	default:
		return text_parse_int(text, value);
	}
}

static bool has_bounds(const struct setting *setting)
{
	return setting->min != 0 || setting->max != 0;
}

/* `raw` is what the user wrote, for messages; `text` the same after ${NAME}. */
static int set_number(const struct setting *setting, int64_t *value, const char *text,
	const char *raw, char *errstr, size_t errstr_size)
{
	int64_t number;
	if (parse_number(setting, text, &number) < 0)
		return refuse_form(setting, raw, errstr, errstr_size);
	if (has_bounds(setting) && (number < setting->min || number > setting->max))
		return refuse_range(setting, raw, errstr, errstr_size);
	*value = number;
	return 0;
}

static int set_double(const struct setting *setting, double *value, const char *text,
	const char *raw, char *errstr, size_t errstr_size)
{
	double number;
	if (text_parse_double(text, &number) < 0)
		return refuse_form(setting, raw, errstr, errstr_size);
	if (has_bounds(setting) && (number < (double)setting->min || number > (double)setting->max))
		return refuse_range(setting, raw, errstr, errstr_size);
	*value = number;
	return 0;
}

static int set_string(const struct setting *setting, void *place, const char *text, char *errstr,
	size_t errstr_size)
{
	if (setting->check && setting->check(text, errstr, errstr_size) < 0)
		return -1;
	if (setting->type == SETTING_LIST) {
		string_list_add(place, text);
		return 0;
	}
	char **string = place;
	free(*string);
	*string = strdup(text);
	memory_need(*string);
	return 0;
}

static int set_choice(const struct setting *setting, int *value, const char *text, const char *raw,
	char *errstr, size_t errstr_size)
{
	char choices[256];
	for (int i = 0; setting->choices[i]; i++) {
		if (strcmp(setting->choices[i], text) == 0) {
			*value = i;
			return 0;
		}
	}
	setting_describe_choices(setting, choices, sizeof(choices));
	snprintf(errstr, errstr_size, "\"%s\" is none of %s", raw, choices);
	return -1;
}

static int set_expanded(const struct setting *setting, void *place, const char *text,
	const char *raw, char *errstr, size_t errstr_size)
{
	switch (setting->type) {
	case SETTING_INT:
	case SETTING_DURATION:
	case SETTING_SIZE:
		return set_number(setting, place, text, raw, errstr, errstr_size);
	case SETTING_DOUBLE:
		return set_double(setting, place, text, raw, errstr, errstr_size);
	case SETTING_BOOL:
		if (text_parse_bool(text, place) < 0)
			return refuse_form(setting, raw, errstr, errstr_size);
		return 0;
	case SETTING_CHOICE:
		return set_choice(setting, place, text, raw, errstr, errstr_size);
	default:
		return set_string(setting, place, text, errstr, errstr_size);
	}
}

int setting_set(const struct setting *setting, void *values, const char *text, char *errstr,
	size_t errstr_size)
{
	char *expanded = text_expand(text, errstr, errstr_size);
	if (!expanded)
		return -1;
	int result =
		set_expanded(setting, at(setting, values), expanded, text, errstr, errstr_size);
	explicit_bzero(expanded, strlen(expanded));
	free(expanded);
	return result;
}

void setting_clear(const struct setting *setting, void *values)
{
	if (setting->type == SETTING_LIST) {
		string_list_clear(at(setting, values));
	} else if (setting->type == SETTING_STRING) {
		char **string = at(setting, values);
		free(*string);
		*string = NULL;
	}
}

static size_t value_size(const struct setting *setting)
{
	switch (setting->type) {
	case SETTING_STRING:
		return sizeof(char *);
	case SETTING_BOOL:
		return sizeof(bool);
	case SETTING_CHOICE:
		return sizeof(int);
	case SETTING_LIST:
		return sizeof(struct string_list);
	case SETTING_DOUBLE:
		return sizeof(double);
	default:
		return sizeof(int64_t);
	}
}

bool string_lists_equal(const struct string_list *a, const struct string_list *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

bool setting_equals(const struct setting *setting, const void *a, const void *b)
{
	const void *place_a = at_const(setting, a), *place_b = at_const(setting, b);
	if (setting->type == SETTING_LIST)
		return string_lists_equal(place_a, place_b);
	if (setting->type == SETTING_STRING)
		return text_equal(*(char *const *)place_a, *(char *const *)place_b);
	return memcmp(place_a, place_b, value_size(setting)) == 0;
}

void setting_swap(const struct setting *setting, void *a, void *b)
{
	char kept[sizeof(struct string_list)];
	size_t size = value_size(setting);
	memcpy(kept, at(setting, a), size);
	memcpy(at(setting, a), at(setting, b), size);
	memcpy(at(setting, b), kept, size);
}
