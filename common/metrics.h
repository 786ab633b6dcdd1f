/* Counters, gauges and histograms, declared once with their sentence and written in Prometheus'
 * text format 0.0.4. One thread: no locks. */
#ifndef UMBRA_COMMON_METRICS_H
#define UMBRA_COMMON_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum { METRIC_MAX_LABELS = 5 };

/* A family: static, one per name. Histograms are of seconds, fed in microseconds, with fixed
 * buckets from 100 us to 60 s. */
struct metric_family {
	const char *name; /* "umbra_splitter_requests_total" */
	enum metric_type type;
	const char *help;
	const char *labels[METRIC_MAX_LABELS + 1]; /* NULL-terminated */
	struct metric *series; /* private */
	struct metric_family *next; /* private */
};

struct metric {
	int64_t value; /* counter and gauge: add to it, set it */
	/* private from here */
	char *label_values;
	struct metric *next;
	uint64_t *buckets;
	uint64_t count;
	int64_t sum_us;
};

/* The series of these label values (as many as the family has labels), made at the first call and
 * kept for good: cache the pointer. Families show up in the text once they have been asked for. At
 * most 10,000 series a family; beyond it one shared overflow series with the label values "other". */
struct metric *metric_get(struct metric_family *family, const char *const *values);

/* A family without labels. */
struct metric *metric_get0(struct metric_family *family);

void metric_observe_us(struct metric *metric, int64_t us);

/* What writes families of its own into the text, each time anew: those whose series come and go. One at
 * most; NULL: none. */
void metrics_set_writer(void (*write)(FILE *out, void *opaque), void *opaque);

/* All families as text; the caller frees it. */
char *metrics_text(size_t *size);

void metrics_free(void);

#endif
