/* What umbra-producer is told on its command line. */
#ifndef UMBRA_PRODUCER_OPTIONS_H
#define UMBRA_PRODUCER_OPTIONS_H

#include "common/settings.h"
#include "producer/capture.h"
#include "producer/pacing.h"
#include "producer/record.h"

enum { FORMAT_CSV, FORMAT_JSONL, FORMAT_BY_NAME };
enum { OUTPUT_TEXT, OUTPUT_JSON };

struct options {
	struct common_settings common;
	char *topic, *endpoint; /* one of both */
	char *responses; /* with topic and wait */
	char *from_topic, *from, *to; /* the input is a topic; NULL: the default */
	int format; /* FORMAT_* */
	int as; /* enum body_form */
	char *label, *key;
	bool keep_label;
	int64_t event_partitions; /* of umbra.events, with topic and label; 0: not told */
	char *content_type; /* NULL: as the body is */
	bool avro;
	double rate;
	int arrivals; /* enum arrivals */
	int64_t repeat, limit; /* 0: no end */
	int64_t in_flight;
	bool wait;
	int64_t timeout_us;
	bool skip_bad;
	char *run; /* NULL: random */
	int output;
};

/* The command line, with its checks. */
extern const struct program options_program;

/* What the input is and what becomes of it. `path` as on the command line, NULL: not given, then it
 * becomes standard input. With --from-topic only `plan` is filled. 0, or -1 and errstr. */
int options_choose_input(const struct options *options, const char **path,
	struct record_config *config, struct capture_plan *plan, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

#endif
