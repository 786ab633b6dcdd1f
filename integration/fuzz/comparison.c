/* Two answers, separated by the byte FF, which no text holds; the first byte chooses how they are
 * compared. Both directions tell the same, and no answer differs from itself. */
#include "common/compare.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <math.h>
#include <string.h>

static char *paths[] = {"/a", "/*/b", "/0", "", "/*", "/*/*"};

static const struct compare_spec specs[] = {
	{.kind = COMPARE_EXACT, .threshold = NAN},
	{.kind = COMPARE_JSON, .threshold = NAN},
	{.kind = COMPARE_CSV, .threshold = NAN},
	{.kind = COMPARE_JSON, .absolute = 0.01, .relative = 0.1, .threshold = NAN},
	{.kind = COMPARE_JSON, .ignore = {paths, 3}, .threshold = NAN},
	{.kind = COMPARE_JSON, .absolute = 0.5, .unordered = {paths + 3, 3}, .threshold = NAN},
	{.kind = COMPARE_CSV,
		.relative = 0.1,
		.ignore = {paths, 3},
		.unordered = {paths + 3, 3},
		.threshold = NAN},
	{.kind = COMPARE_LABEL, .label = "", .threshold = NAN},
	{.kind = COMPARE_LABEL, .label = "/a", .threshold = 0.5},
	{.kind = COMPARE_LABEL, .label = "2", .threshold = NAN},
	{.kind = COMPARE_LABEL, .label = "a", .threshold = NAN},
};

static struct compare_answer answer(const uint8_t *data, size_t size)
{
	return (struct compare_answer){.outcome = OUTCOME_OK,
		.content_type = "",
		.body = data,
		.body_size = size,
		.size = (int64_t)size};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = size > 0 ? memchr(data + 1, 0xff, size - 1) : NULL;
	const struct compare_spec *spec;
	struct compare_answer one, other;
	struct compare_result there, back;

	if (!mark)
		return 0;
	spec = &specs[data[0] % (sizeof(specs) / sizeof(specs[0]))];
	one = answer(data + 1, (size_t)(mark - data - 1));
	other = answer(mark + 1, (size_t)(data + size - mark - 1));
	one.answer_path = data[0] & 0x80 ? "/a" : NULL;
	compare_answers(spec, &one, &one, &there);
	assert(there.verdict != COMPARE_MISMATCH);
	compare_answers(spec, &one, &other, &there);
	compare_answers(spec, &other, &one, &back);
	assert(there.verdict == back.verdict && there.reason == back.reason);
	assert((there.verdict == COMPARE_NOT_COMPARABLE) == (there.reason != COMPARE_NO_REASON));
	assert(strcmp(there.production.label, back.candidate.label) == 0);
	assert(there.has_difference == back.has_difference);
	assert(!there.has_difference || there.difference == -back.difference);
	return 0;
}
