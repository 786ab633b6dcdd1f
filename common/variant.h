/* From a variant as the control log describes it to a model that can be called: for both arms. */
#ifndef UMBRA_COMMON_VARIANT_H
#define UMBRA_COMMON_VARIANT_H

#include "common/control.h"

/* Would a model of `a` behave as one of `b`? Weight and instance count are not the model's. */
bool variant_same_model(const struct variant *a, const struct variant *b);

/* A model for the variant; in the log it is "variant ENDPOINT/NAME". NULL and errstr. */
struct model *variant_open_model(const struct variant *variant, const char *endpoint,
	struct model_caller *caller, char *errstr, size_t errstr_size);

#endif
