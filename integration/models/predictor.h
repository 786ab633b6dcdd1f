/* An XGBoost model that gives the probability of one row at a time. */
#ifndef UMBRA_MODELS_PREDICTOR_H
#define UMBRA_MODELS_PREDICTOR_H

#include <stddef.h>

struct predictor;

/* NULL and errstr: not a model, or one with another number of features. */
struct predictor *predictor_load(
	const char *path, size_t n_features, char *errstr, size_t errstr_size);
void predictor_free(struct predictor *predictor);

/* Where the next row's numbers go. */
float *predictor_row(struct predictor *predictor);

/* The probability for the numbers in predictor_row; -1: XGBoost failed. */
double predictor_run(struct predictor *predictor);

#endif
