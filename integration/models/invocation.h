/* From the bytes of one request to the bytes of its answer. */
#ifndef UMBRA_MODELS_INVOCATION_H
#define UMBRA_MODELS_INVOCATION_H

#include "integration/models/features.h"
#include "integration/models/predictor.h"

struct invocation {
	const void *body;
	size_t size;
	const char *content_type; /* NULL: JSON */
	const char *accept; /* NULL or without a word on either: as the request */
};

struct invocation_answer {
	unsigned status;
	const char *type;
	char body[512];
	size_t size;
};

/* {"churn": true, "probability": 0.93}, or the row `true,0.93`. */
void invocation_run(const struct features *features, struct predictor *predictor,
	const struct invocation *invocation, struct invocation_answer *answer);

/* {"error": message} */
void invocation_fail(struct invocation_answer *answer, unsigned status, const char *message);

/* Status 200 with bytes that are neither JSON nor CSV nor UTF-8. */
void invocation_garbage(struct invocation_answer *answer);

#endif
