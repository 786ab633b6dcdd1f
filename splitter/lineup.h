/* What the control state says of one endpoint at one generation: the arms that production requests
 * go to, the trials that copies are made for. Immutable and reference-counted; every exchange holds
 * the one under which it began. */
#ifndef UMBRA_SPLITTER_LINEUP_H
#define UMBRA_SPLITTER_LINEUP_H

#include "common/control.h"
#include "common/metrics.h"
#include "common/request.h"

/* A production variant. */
struct arm {
	const struct variant *variant; /* of the lineup's endpoint */
	struct model *model; /* held; the last lineup's where nothing changed */
	struct metric *outcomes[OUTCOME_COUNT]; /* looked up at first use */
	struct metric *latency;
	char *baseline_topic; /* of second calls to it; owned */
};

/* A shadow test of the endpoint that no operator has ended; its schedule decides when it runs. */
struct trial {
	struct test *test; /* held */
	struct metric **delivered; /* per shadow variant, then per arm; looked up at first use */
};

struct lineup {
	int references;
	int64_t generation; /* of the control state */
	int64_t event_partitions;
	struct endpoint *endpoint; /* held */
	struct arm *arms;
	size_t n_arms;
	uint64_t total_weight;
	struct trial *trials;
	size_t n_trials;
};

/* `before` is the endpoint's last lineup or NULL; its models are kept where the variant is the same.
 * NULL and errstr: a variant cannot be called as it is described. */
struct lineup *lineup_new(const struct control_state *state, struct endpoint *endpoint,
	struct model_caller *caller, const struct lineup *before, char *errstr, size_t errstr_size);
struct lineup *lineup_hold(struct lineup *lineup);
void lineup_release(struct lineup *lineup);

/* The variant that the request names, else the one that its key's hash falls on. NULL and *error:
 * it names one that does not exist. */
struct arm *lineup_choose_arm(const struct lineup *lineup, const struct request *request,
	const rd_kafka_message_t *rkm, struct request_error *error);

#endif
