/* What a Prometheus endpoint answers: its text format (0.0.4), read in one pass. Nothing is copied
 * and nothing is trusted: a line that is neither a sample nor a comment is skipped and counted.
 * Pure. */
#ifndef UMBRA_COMMON_EXPOSITION_H
#define UMBRA_COMMON_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

/* A line, in place: valid in the callback. */
struct exposition_sample {
	const char *name;
	size_t name_size;
	const char *labels; /* what stands between the braces, well-formed */
	size_t labels_size;
	double value; /* may be infinite or NaN */
	bool is_counter; /* by its TYPE line, or by its name, which ends in _total */
};
typedef void exposition_take(void *opaque, const struct exposition_sample *sample);

/* Returns how many lines were skipped. */
size_t exposition_read(const char *text, size_t size, exposition_take *take, void *opaque);

struct exposition_label {
	const char *name;
	size_t name_size;
	const char *value; /* between the quotes: \\, \" and \n are escaped */
	size_t value_size;
};

/* The label at *place in a sample's labels, and on to the next; begin with 0. False: no more. */
bool exposition_next_label(
	const struct exposition_sample *sample, size_t *place, struct exposition_label *label);

/* Is that the label's value, its escapes undone? */
bool exposition_value_is(const struct exposition_label *label, const char *text, size_t size);

/* The size of the metric's or label's name at the beginning of `text`; 0: none stands there. */
size_t exposition_name_size(const char *text, size_t size, bool is_label);

#endif
