/* Answers against the truth: what is counted of one arm and of production over the same requests. */
#ifndef UMBRA_CONSUMERS_AGGREGATOR_TALLY_LABEL_H
#define UMBRA_CONSUMERS_AGGREGATOR_TALLY_LABEL_H

#include "common/aggregate.h"
#include "common/avro_buffer.h"
#include "common/compare.h"

enum { TALLY_CELLS_MAX = 100 };

struct tally_side {
	int64_t correct;
	int64_t log_loss, brier; /* sums in millionths */
	struct counts cells; /* truth, a tab, prediction: those that sort first */
};

struct tally_label {
	int64_t labelled;
	int64_t scored; /* both arms gave a probability, and the truth is 0 or 1 */
	struct tally_side own, production;
};

void tally_label_fini(struct tally_label *label);

/* One compared request. `with_scores`: the arms' numbers, where both lie in 0..1, are probabilities. */
void tally_label_add(struct tally_label *label, const char *truth,
	const struct compare_prediction *production, const struct compare_prediction *own,
	bool with_scores);

/* The fields of the record, in the schema's order. */
void tally_label_write(const struct tally_label *label, struct avro_buffer *value);

#endif
