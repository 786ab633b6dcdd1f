#include "common/report_quality.h"
#include <string.h>

/* What is known of a class. */
struct class_counts {
	int64_t hits, truths, predictions;
};

static bool is_text(const char *text, size_t size, const char *name, size_t name_size)
{
	return size == name_size && !memcmp(text, name, size);
}

static struct class_counts count_class(const struct counts *cells, const char *name, size_t size)
{
	struct class_counts found = {0};
	for (size_t i = 0; i < cells->n; i++) {
		const char *truth = cells->items[i].name, *tab = strchr(truth, '\t');
		int64_t n = cells->items[i].n;
		bool is_truth = is_text(truth, (size_t)(tab - truth), name, size);
		bool is_predicted = is_text(tab + 1, strlen(tab + 1), name, size);
		found.truths += is_truth ? n : 0;
		found.predictions += is_predicted ? n : 0;
		found.hits += is_truth && is_predicted ? n : 0;
	}
	return found;
}

static double ratio(int64_t a, int64_t b)
{
	return b ? (double)a / (double)b : 0;
}

static int compare_texts(const char *a, size_t a_size, const char *b, size_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
	return order ? order : (a_size > b_size) - (a_size < b_size);
}

struct class_name {
	const char *text; /* NULL: none */
	size_t size;
};

/* The first class of the cells behind `last`, if it comes before `best`; else `best`. */
static struct class_name earlier_class(
	const struct counts *cells, struct class_name last, struct class_name best)
{
	for (size_t i = 0; i < 2 * cells->n; i++) {
		const char *truth = cells->items[i / 2].name, *tab = strchr(truth, '\t');
		const char *text = i % 2 ? tab + 1 : truth;
		size_t size = i % 2 ? strlen(text) : (size_t)(tab - truth);
		if (last.text && compare_texts(text, size, last.text, last.size) <= 0)
			continue;
		if (!best.text || compare_texts(text, size, best.text, best.size) < 0)
			best = (struct class_name){text, size};
	}
	return best;
}

/* The classes of both sides, in order: the next one after `last`. */
static struct class_name next_class(const struct aggregate *arm, struct class_name last)
{
	struct class_name none = {NULL, 0};
	return earlier_class(
		&arm->production_label_cells, last, earlier_class(&arm->label_cells, last, none));
}

static void set_class(struct quality *quality, const struct class_counts *counts)
{
	quality->precision += ratio(counts->hits, counts->predictions);
	quality->recall += ratio(counts->hits, counts->truths);
	quality->f1 += ratio(2 * counts->hits, counts->truths + counts->predictions);
}

static void set_classes(struct quality *quality, const struct aggregate *arm)
{
	struct class_counts last = {0};
	struct class_name name = {NULL, 0};
	int64_t n = 0;
	while ((name = next_class(arm, name)).text) {
		last = count_class(quality->cells, name.text, name.size);
		set_class(quality, &last);
		n++;
	}
	if (n <= 2) {
		quality->precision = quality->recall = quality->f1 = 0;
		set_class(quality, &last);
		return;
	}
	quality->precision /= (double)n;
	quality->recall /= (double)n;
	quality->f1 /= (double)n;
}

/* More cells than a window keeps are of hostile or endless classes. */
static bool are_all_cells(const struct counts *cells, int64_t labelled)
{
	for (size_t i = 0; i < cells->n; i++)
		if (!strchr(cells->items[i].name, '\t'))
			return false;
	return cells->n <= 1000 && counts_sum(cells) == labelled;
}

bool report_quality(const struct aggregate *arm, bool of_production, struct quality *quality)
{
	const struct counts *cells =
		of_production ? &arm->production_label_cells : &arm->label_cells;
	*quality =
		(struct quality){.labelled = arm->labelled, .scored = arm->scored, .cells = cells};
	if (!arm->labelled)
		return false;
	quality->accuracy = ratio(
		of_production ? arm->production_label_correct : arm->label_correct, arm->labelled);
	quality->log_loss =
		ratio(of_production ? arm->production_log_loss : arm->log_loss, arm->scored) / 1e6;
	quality->brier =
		ratio(of_production ? arm->production_brier : arm->brier, arm->scored) / 1e6;
	quality->has_classes = are_all_cells(&arm->label_cells, arm->labelled) &&
		are_all_cells(&arm->production_label_cells, arm->labelled);
	if (quality->has_classes)
		set_classes(quality, arm);
	return true;
}
