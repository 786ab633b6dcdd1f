/* SageMaker's container contract over libmicrohttpd, in the program's own loop: POST /invocations,
 * GET /ping; and for tests GET and POST /knobs, GET /metrics. */
#ifndef UMBRA_MODELS_SERVICE_H
#define UMBRA_MODELS_SERVICE_H

#include "common/loop.h"
#include "integration/models/features.h"
#include "integration/models/knobs.h"
#include "integration/models/predictor.h"

struct service;

/* None of these is owned by the service. */
struct service_parts {
	struct loop *loop;
	const char *model; /* its file */
	const struct features *features;
	struct predictor *predictor;
	struct knobs *knobs;
};

/* Port 0: a free one. NULL and errstr: the address cannot be listened on. */
struct service *service_open(const struct service_parts *parts, const char *host, int port,
	char *errstr, size_t errstr_size);
void service_close(struct service *service);
int service_port(const struct service *service);

/* Does due work; returns microseconds until the next, -1: none before an event. */
int64_t service_tick(struct service *service);

#endif
