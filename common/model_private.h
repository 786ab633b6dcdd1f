/* What the files behind model_call.h share. */
#ifndef UMBRA_COMMON_MODEL_PRIVATE_H
#define UMBRA_COMMON_MODEL_PRIVATE_H

#include "common/breaker.h"
#include "common/model_call.h"
#include "common/model_config.h"
#include "common/model_transfer.h"

struct call_list {
	struct model_call *first, *last;
	uint32_t n;
};

struct model {
	struct model_caller *caller;
	struct model_config config; /* strings are ours; headers are in `headers` */
	struct model_headers *headers;
	struct breaker breaker;
	struct call_list in_flight; /* by the first attempt's start */
	struct call_list waiting; /* by arrival */
	struct call_list refused; /* taken out of `waiting`, about to end */
	uint32_t n_pausing; /* of those in flight */
	int64_t next_resume_us; /* no pause ends before; 0: none pauses */
	struct transfer *idle;
	int64_t next_expiry_us; /* no waiting call expires before; 0: none does */
	int64_t expiry_check_us; /* the queue is looked through at most once a step */
	unsigned refs;
	struct model *next;
};

struct model_caller {
	CURLM *multi;
	struct model *models;
	uint64_t random;
	long connections; /* sum of max_in_flight: what curl may keep open */
	bool is_ticking;
};

/* Frees the models that nobody holds any more. */
void model_free_released(struct model_caller *caller);

#endif
