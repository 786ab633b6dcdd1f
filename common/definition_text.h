/* Definitions for people: each field as one line, in the units of the file. */
#ifndef UMBRA_COMMON_DEFINITION_TEXT_H
#define UMBRA_COMMON_DEFINITION_TEXT_H

#include "common/control.h"

struct definition_text {
	struct definition_text_line {
		char *path; /* "variants.churn-v1.timeout": list elements by their name */
		char *value; /* "2s" */
	} * lines;
	size_t n;
};

/* Of the log's JSON of that kind; fields that this version does not know appear as JSON. */
struct definition_text *definition_text_new(enum object_kind kind, const json_t *json);
void definition_text_free(struct definition_text *text);

/* "sampling 50 -> 12.5, variants.churn-v2.timeout 2s -> 1s"; either may be NULL: "" then. malloc'ed. */
char *definition_text_diff(enum object_kind kind, const json_t *from, const json_t *to);

/* Sets the field at `path`, as above, from its text: "sampling" from "12.5". What the value may be is
 * checked by whoever reads the definition. 0, or -1 and errstr. */
int definition_text_set(enum object_kind kind, json_t *json, const char *path, const char *value,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

#endif
