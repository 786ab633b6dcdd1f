/* Secrets of an answer, named by JSON pointers (RFC 6901), made unreadable. */
#include "common/memory.h"
#include "common/mismatch.h"
#include "common/pointer.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

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
	struct pointer_token token;
	const char *rest = pointer_next(pointer, &token);
	bool is_any = pointer_token_is_any(&token);
	if (json_is_array(json)) {
		bool is_index = token.size && strspn(token.at, "0123456789") == token.size;
		for (size_t i = 0; i < json_array_size(json); i++)
			if (is_any || (is_index && strtoul(token.at, NULL, 10) == i))
				mask_element(json, i, rest);
		return;
	}
	const char *name;
	json_t *member;
	void *iter;
	json_object_foreach_safe(json, iter, name, member)
	{
		if (is_any || pointer_token_is(&token, name, strlen(name)))
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
