/* How a demo model misbehaves on purpose: set at start, changed while it runs. */
#ifndef UMBRA_MODELS_KNOBS_H
#define UMBRA_MODELS_KNOBS_H

#include <stddef.h>
#include <stdint.h>

struct knobs {
	double latency_ms; /* each answer waits so long, */
	double jitter_ms; /* plus 0 to so much, evenly */
	double error_rate; /* share of status 500, 0 to 1; the rates are drawn in this order */
	double hang_rate; /* share that is never answered */
	double garbage_rate; /* share of 200 with a body that is neither JSON nor CSV */
	uint64_t random; /* state of the draws; its first value is the seed */
};

enum fate { FATE_ANSWER, FATE_ERROR, FATE_HANG, FATE_GARBAGE };

/* -1 and errstr: no such knob, or not in its range. */
int knobs_set(struct knobs *knobs, const char *name, double value, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* {"latency_ms": 5, "error_rate": 0.1}: those named change, or none does. */
int knobs_set_json(struct knobs *knobs, const void *data, size_t size, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

/* All of them as JSON; the caller frees it. */
char *knobs_text(const struct knobs *knobs);

/* The next request's lot. */
enum fate knobs_draw_fate(struct knobs *knobs);
int64_t knobs_draw_delay_us(struct knobs *knobs);

#endif
