/* How a request becomes the row of numbers that the model was trained on. */
#ifndef UMBRA_MODELS_FEATURES_H
#define UMBRA_MODELS_FEATURES_H

#include <stddef.h>

struct features;

/* Reads what train.py wrote beside the model. NULL and errstr. */
struct features *features_load(const char *path, char *errstr, size_t errstr_size);
void features_free(struct features *features);

size_t features_count(const struct features *features);
/* The column that the model predicts. */
const char *features_label(const struct features *features);

/* Fill `row` (features_count numbers). null and an empty field are missing values: NaN. Columns that
 * the model does not know are left out. -1 and errstr, which names the column. */
int features_from_json(const struct features *features, const void *data, size_t size, float *row,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
/* One row in the order of the columns (RFC 4180 quotes), with or without line end. */
int features_from_csv(const struct features *features, const void *data, size_t size, float *row,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));

#endif
