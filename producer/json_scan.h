/* JSON looked at without being taken apart (RFC 8259): is it valid, where is a member. So a line
 * goes to the model byte for byte, whatever a parser would have made of its numbers. Pure. */
#ifndef UMBRA_PRODUCER_JSON_SCAN_H
#define UMBRA_PRODUCER_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 256 };

/* Is `text` exactly one JSON value, white space around it allowed? 0, or -1: *at is the offset of
 * what is wrong, *why a phrase. */
int json_scan(const char *text, size_t size, size_t *at, const char **why)
	__attribute__((warn_unused_result));

/* Is the whole of `text` a number as JSON writes them? */
bool json_scan_is_number(const char *text, size_t size);

/* A member of an object; offsets in its text. */
struct json_member {
	size_t at, size; /* from the name's quote to the end of the value */
	size_t value_at, value_size;
};

/* The last member of that name of the object that `text`, valid JSON, is; false: none, or no object.
 * Names are compared as they are written: one with escapes is never found. */
bool json_scan_member(const char *text, size_t size, const char *name, struct json_member *member);

/* The offset behind the white space that begins at `at`. */
size_t json_scan_space(const char *text, size_t size, size_t at);

#endif
