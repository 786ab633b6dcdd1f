/* Two hostile answers, separated by the byte FF, which no text holds; the first byte chooses how they
 * are compared, and as what they are declared. What is asserted: an answer never differs from itself,
 * both directions tell the same, mirrored; a mask leaves nothing of what it covers; and neither the
 * time nor the memory of a comparison grows beyond what its limits allow, however the answers are made
 * (the runner's -timeout and -rss_limit_mb stand behind). */
#include "common/compare.h"
#include "common/mismatch.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SECONDS_MAX = 5 /* of CPU, sanitizers included: COMPARE_STEPS_MAX steps take less */
};

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
	{.kind = COMPARE_STATUS, .threshold = NAN},
	{.kind = COMPARE_AUTO, .ignore = {paths, 3}, .threshold = NAN},
};

static const char *const types[] = {
	"application/json", "text/csv", "image/png", "text/plain; header=absent"};

static struct compare_answer answer(const uint8_t *data, size_t size)
{
	return (struct compare_answer){.outcome = OUTCOME_OK,
		.status_code = 200 + (int)(size % 2),
		.content_type = "",
		.body = data,
		.body_size = size,
		.size = (int64_t)size};
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void compare(const struct compare_spec *spec, const struct compare_answer *production,
	const struct compare_answer *candidate, struct compare_result *result)
{
	double begun = cpu_seconds();

	compare_answers(spec, production, candidate, result);
	assert(cpu_seconds() - begun < SECONDS_MAX);
	assert((result->verdict == COMPARE_NOT_COMPARABLE) ==
		(result->reason != COMPARE_NO_REASON));
	assert(!result->has_difference || isfinite(result->difference));
}

static void assert_mirrored(
	const struct compare_prediction *one, const struct compare_prediction *other)
{
	assert(strcmp(one->label, other->label) == 0);
	assert(one->has_number == other->has_number);
	assert(!one->has_number || (isfinite(one->number) && one->number == other->number));
}

static void check_reflexive(const struct compare_spec *spec, const struct compare_answer *one)
{
	struct compare_result itself;

	compare(spec, one, one, &itself);
	assert(itself.verdict != COMPARE_MISMATCH);
	assert(!itself.has_difference || itself.difference == 0);
	assert_mirrored(&itself.production, &itself.candidate);
}

static void check_symmetric(const struct compare_spec *spec, const struct compare_answer *one,
	const struct compare_answer *other)
{
	struct compare_result there, back;

	compare(spec, one, other, &there);
	compare(spec, other, one, &back);
	assert(there.verdict == back.verdict && there.reason == back.reason);
	assert_mirrored(&there.production, &back.candidate);
	assert_mirrored(&there.candidate, &back.production);
	assert(there.has_difference == back.has_difference);
	assert(!there.has_difference || there.difference == -back.difference);
}

static void assert_masked(const json_t *json)
{
	assert(json_is_string(json) && strcmp(json_string_value(json), MISMATCH_MASK) == 0);
}

static void check_mask(const struct compare_answer *answer)
{
	const struct string_list some = {paths, 3}, each = {&paths[4], 1};
	size_t size, i;
	char *text = mismatch_mask(&some, answer->body, answer->body_size, &size);
	const char *name;
	json_t *json, *member;

	assert(strlen(text) == size);
	free(text);
	text = mismatch_mask(&each, answer->body, answer->body_size, &size);
	json = json_loadb(text, size, 0, NULL);
	assert(json || strcmp(text, MISMATCH_MASK) == 0);
	json_object_foreach(json, name, member)
	{
		assert_masked(member);
	}
	json_array_foreach(json, i, member)
	{
		assert_masked(member);
	}
	json_decref(json);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = size > 0 ? memchr(data + 1, 0xff, size - 1) : NULL;
	const struct compare_spec *spec;
	struct compare_answer one, other;

	if (!mark)
		return 0;
	spec = &specs[data[0] % (sizeof(specs) / sizeof(specs[0]))];
	one = answer(data + 1, (size_t)(mark - data - 1));
	other = answer(mark + 1, (size_t)(data + size - mark - 1));
	one.answer_path = data[0] & 0x80 ? "/a" : NULL;
	one.content_type = types[data[0] >> 4 & 3];
	other.content_type = types[data[0] >> 6];
	check_reflexive(spec, &one);
	check_reflexive(spec, &other);
	check_symmetric(spec, &one, &other);
	check_mask(&one);
	return 0;
}
