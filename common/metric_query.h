/* Which figure of a Prometheus page is meant: a metric's name, labels that its samples must or must
 * not have, and perhaps another such thing that is taken away:
 *
 *     node_cpu_seconds_total{mode!="idle"}
 *     node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes
 *
 * The samples that fit are added up. Pure. */
#ifndef UMBRA_COMMON_METRIC_QUERY_H
#define UMBRA_COMMON_METRIC_QUERY_H

#include "common/exposition.h"

enum { METRIC_QUERY_TERMS = 2, METRIC_QUERY_MATCHERS = 8 };

struct metric_matcher {
	const char *label, *value;
	size_t label_size, value_size;
	bool is_negated;
};

struct metric_term {
	const char *name;
	size_t name_size;
	struct metric_matcher matchers[METRIC_QUERY_MATCHERS];
	size_t n_matchers;
};

struct metric_query {
	struct metric_term terms[METRIC_QUERY_TERMS]; /* the second is taken away */
	size_t n_terms;
};

/* The query points into `text`. -1: that is none. */
int metric_query_parse(struct metric_query *query, const char *text)
	__attribute__((warn_unused_result));

/* What the samples of a page add up to. Zeroed at first. */
struct metric_figure {
	double value;
	size_t n[METRIC_QUERY_TERMS]; /* samples that fitted */
	bool is_counter; /* the first term's */
};

/* Adds the sample where it fits; what is not finite does not. */
void metric_query_add(const struct metric_query *query, const struct exposition_sample *sample,
	struct metric_figure *figure);

/* Was there a sample for each term? */
bool metric_figure_is_known(const struct metric_query *query, const struct metric_figure *figure);

#endif
