/* The last word: what became of the run, for people and for programs. */
#ifndef UMBRA_PRODUCER_REPORT_H
#define UMBRA_PRODUCER_REPORT_H

#include "producer/tally.h"
#include <stdio.h>

struct report {
	struct tally *tally;
	const char *run, *topic, *source;
	bool awaits_answers;
	bool is_interrupted;
};

void report_write_text(const struct report *report, FILE *out);
void report_write_json(const struct report *report, FILE *out);

#endif
