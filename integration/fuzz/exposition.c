/* A Prometheus page of any content, asked with a query that may be any text: the first line is the
 * query, the rest the page. */
#include "common/metric_query.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	const char *page;
	size_t size, n;
	bool is_query;
	struct metric_query query;
	struct metric_figure figure;
};

static void check_inside(const struct asked *asked, const char *at, size_t size)
{
	assert(size == 0 || (at >= asked->page && at + size <= asked->page + asked->size));
}

static void take(void *opaque, const struct exposition_sample *sample)
{
	struct asked *asked = opaque;
	struct exposition_label label;
	size_t place = 0, before = 0;

	asked->n++;
	assert(sample->name_size > 0);
	check_inside(asked, sample->name, sample->name_size);
	check_inside(asked, sample->labels, sample->labels_size);
	for (; exposition_next_label(sample, &place, &label); before = place) {
		assert(place > before && label.name_size > 0);
		check_inside(asked, label.name, label.name_size);
		check_inside(asked, label.value, label.value_size);
		exposition_value_is(&label, "a\n\"", 3);
	}
	if (asked->is_query)
		metric_query_add(&asked->query, sample, &asked->figure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t line = newline ? (size_t)(newline - data) : 0;
	char *query = fuzz_text(data, line);
	struct asked asked = {.page = (const char *)data + line, .size = size - line};
	size_t skipped;

	asked.is_query = metric_query_parse(&asked.query, query) == 0;
	skipped = exposition_read(asked.page, asked.size, take, &asked);
	assert(skipped + asked.n <= asked.size);
	if (asked.is_query && metric_figure_is_known(&asked.query, &asked.figure))
		assert(isfinite(asked.figure.value) && asked.figure.n[0] <= asked.n);
	free(query);
	return 0;
}
