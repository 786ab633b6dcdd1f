/* Secrets of an answer, named by JSON pointers (RFC 6901), made unreadable. */
#include "common/memory.h"
#include "common/mismatch.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The next token, unescaped, into `token`; returns where the pointer goes on. */
static const char *next_token(const char *pointer, char *token, size_t size)
{
	size_t n = 0;
	for (pointer++; *pointer && *pointer != '/'; pointer++) {
		char byte = *pointer;
		if (byte == '~' && (pointer[1] == '0' || pointer[1] == '1'))
			byte = *++pointer == '0' ? '~' : '/';
		if (n + 1 < size)
			token[n++] = byte;
	}
	token[n] = '\0';
	return pointer;
}

static json_t *masked(void)
{
	json_t *mask = json_string(MISMATCH_MASK);
	memory_need(mask);
	return mask;
}

static void mask_below(json_t *json, const char *pointer);

static void mask_member(json_t *object, const char *name, json_t *member, const char *rest)
{
	if (*rest)
		mask_below(member, rest);
	else
		json_object_set_new(object, name, masked());
}

static void mask_element(json_t *array, size_t i, const char *rest)
{
	if (*rest)
		mask_below(json_array_get(array, i), rest);
	else
		json_array_set_new(array, i, masked());
}

static void mask_below(json_t *json, const char *pointer)
{
	char token[MISMATCH_TEXT_MAX];
	const char *rest = next_token(pointer, token, sizeof token);
	bool is_any = !strcmp(token, "*");
	if (json_is_array(json)) {
		bool is_index = token[0] && token[strspn(token, "0123456789")] == '\0';
		for (size_t i = 0; i < json_array_size(json); i++)
			if (is_any || (is_index && strtoul(token, NULL, 10) == i))
				mask_element(json, i, rest);
		return;
	}
	const char *name;
	json_t *member;
	void *iter;
	json_object_foreach_safe(json, iter, name, member)
	{
		if (is_any || !strcmp(name, token))
			mask_member(json, name, member, rest);
	}
}

static char *mask_all(size_t *masked_size)
{
	char *text = strdup(MISMATCH_MASK);
	memory_need(text);
	*masked_size = strlen(text);
	return text;
}

char *mismatch_mask(
	const struct string_list *pointers, const void *body, size_t size, size_t *masked_size)
{
	json_t *json = size ? json_loadb(body, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
	if (!json)
		return mask_all(masked_size);
	for (size_t i = 0; i < pointers->n; i++) {
		if (!pointers->items[i][0] || !(json_is_array(json) || json_is_object(json))) {
			json_decref(json);
			return mask_all(masked_size);
		}
		mask_below(json, pointers->items[i]);
	}
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	memory_need(text);
	*masked_size = strlen(text);
	json_decref(json);
	return text;
}
