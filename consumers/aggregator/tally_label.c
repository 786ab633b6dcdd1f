/* Scores are whole millionths, so that sums are the same in any order. The log-loss of a probability is
 * that of the nearest one within 1e-15 and 1 - 1e-15: one sure error is not infinite. */
#include "consumers/aggregator/tally_label.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CLIP 1e-15

void tally_label_fini(struct tally_label *label)
{
	counts_fini(&label->own.cells);
	counts_fini(&label->production.cells);
}

static bool is_probability(const struct compare_prediction *prediction)
{
	return prediction->has_number && prediction->number >= 0 && prediction->number <= 1;
}

static void add_prediction(
	struct tally_side *side, const char *truth, const struct compare_prediction *prediction)
{
	char cell[2 * COMPARE_LABEL_MAX + 2];
	snprintf(cell, sizeof cell, "%s\t%s", truth, prediction->label);
	counts_add(&side->cells, cell, 1);
	counts_keep_first(&side->cells, TALLY_CELLS_MAX);
	side->correct += !strcmp(truth, prediction->label);
}

static void add_score(struct tally_side *side, bool truth, double probability)
{
	double of_truth = truth ? probability : 1 - probability;
	double clipped = fmin(fmax(of_truth, CLIP), 1 - CLIP);
	side->log_loss += llround(-log(clipped) * 1e6);
	side->brier += llround((1 - of_truth) * (1 - of_truth) * 1e6);
}

void tally_label_add(struct tally_label *label, const char *truth,
	const struct compare_prediction *production, const struct compare_prediction *own,
	bool with_scores)
{
	bool is_one = !strcmp(truth, "1");
	label->labelled++;
	add_prediction(&label->own, truth, own);
	add_prediction(&label->production, truth, production);
	if (!with_scores || (!is_one && strcmp(truth, "0")) || !is_probability(own) ||
		!is_probability(production))
		return;
	label->scored++;
	add_score(&label->own, is_one, own->number);
	add_score(&label->production, is_one, production->number);
}

void tally_label_write(const struct tally_label *label, struct avro_buffer *value)
{
	avro_buffer_long(value, label->labelled);
	avro_buffer_long(value, label->own.correct);
	avro_buffer_long(value, label->production.correct);
	counts_write(&label->own.cells, value);
	counts_write(&label->production.cells, value);
	avro_buffer_long(value, label->scored);
	avro_buffer_long(value, label->own.log_loss);
	avro_buffer_long(value, label->own.brier);
	avro_buffer_long(value, label->production.log_loss);
	avro_buffer_long(value, label->production.brier);
}
