/* What is compared how; the siblings do it. */
#include "common/compare.h"
#include "common/compare_label.h"
#include <assert.h>
#include <string.h>

const char *const compare_kind_names[] = {"auto", "exact", "json", "csv", "label", "status", NULL};

const char *compare_reason_name(enum compare_reason reason)
{
	static const char *const names[] = {"", "no_label", "no_answer", "not_parseable",
		"too_complex", "too_large", "different_types", "production_failed",
		"candidate_failed", "both_failed"};

	assert((size_t)reason < sizeof(names) / sizeof(names[0]));
	return names[reason];
}

bool compare_is_pointer(const char *text)
{
	if (text[0] != '\0' && text[0] != '/')
		return false;
	for (; *text != '\0'; text++)
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	return true;
}

/* The media type without parameters and blanks, in lower case. */
static void read_media_type(const char *content_type, char *buffer, size_t size)
{
	size_t n = 0;

	while (*content_type == ' ')
		content_type++;
	for (; n + 1 < size && *content_type != '\0' && !strchr("; \t", *content_type); n++) {
		char byte = *content_type++;

		buffer[n] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
	}
	buffer[n] = '\0';
}

static enum compare_kind kind_of_type(const char *content_type)
{
	char type[128];
	size_t size;

	read_media_type(content_type ? content_type : "", type, sizeof(type));
	size = strlen(type);
	if (strcmp(type, "application/json") == 0 || strcmp(type, "text/json") == 0 ||
		(size > 5 && strcmp(type + size - 5, "+json") == 0))
		return COMPARE_JSON;
	if (strcmp(type, "text/csv") == 0 || strcmp(type, "text/plain") == 0)
		return COMPARE_CSV;
	return COMPARE_EXACT;
}

/* How that answer is read for this spec. */
static enum compare_kind reading_of(
	const struct compare_spec *spec, const struct compare_answer *answer)
{
	if (spec->kind == COMPARE_AUTO)
		return kind_of_type(answer->content_type);
	if (spec->kind != COMPARE_LABEL)
		return spec->kind;
	if (compare_label_is_column(spec->label) ||
		kind_of_type(answer->content_type) == COMPARE_CSV)
		return COMPARE_CSV;
	return COMPARE_JSON;
}

static bool has_failed(const struct compare_spec *spec, const struct compare_answer *answer)
{
	if (spec->kind != COMPARE_STATUS)
		return answer->outcome != OUTCOME_OK;
	return answer->outcome != OUTCOME_OK && answer->outcome != OUTCOME_CLIENT_ERROR &&
		answer->outcome != OUTCOME_SERVER_ERROR;
}

static enum compare_reason refuse_failed(const struct compare_spec *spec,
	const struct compare_answer *production, const struct compare_answer *candidate)
{
	bool one = has_failed(spec, production), other = has_failed(spec, candidate);

	if (one && other)
		return COMPARE_BOTH_FAILED;
	if (one || other)
		return one ? COMPARE_PRODUCTION_FAILED : COMPARE_CANDIDATE_FAILED;
	if (spec->kind == COMPARE_AUTO &&
		kind_of_type(production->content_type) != kind_of_type(candidate->content_type))
		return COMPARE_DIFFERENT_TYPES;
	return COMPARE_NO_REASON;
}

static bool is_carried(const struct compare_answer *answer)
{
	return (int64_t)answer->body_size == answer->size && (answer->body || answer->size == 0);
}

static void settle(struct compare_result *result, bool match)
{
	result->verdict = match ? COMPARE_MATCH : COMPARE_MISMATCH;
}

static void refuse(struct compare_result *result, enum compare_reason reason)
{
	result->verdict = COMPARE_NOT_COMPARABLE;
	result->reason = reason;
}

static void compare_bytes(const struct compare_answer *production,
	const struct compare_answer *candidate, struct compare_result *result)
{
	if (production->size != candidate->size)
		settle(result, false);
	else if (is_carried(production) && is_carried(candidate))
		settle(result,
			production->size == 0 ||
				memcmp(production->body, candidate->body, production->body_size) ==
					0);
	else if (production->digest && candidate->digest)
		settle(result, memcmp(production->digest, candidate->digest, 16) == 0);
	else
		refuse(result, COMPARE_TOO_LARGE);
}

static bool is_same_path(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The same bytes, read the same way, agree without being read. Of a label one has to know which. */
static void compare_uncarried(const struct compare_spec *spec,
	const struct compare_answer *production, const struct compare_answer *candidate,
	struct compare_result *result)
{
	if (spec->kind != COMPARE_LABEL && production->size == candidate->size &&
		production->digest && candidate->digest &&
		is_same_path(production->answer_path, candidate->answer_path) &&
		memcmp(production->digest, candidate->digest, 16) == 0)
		settle(result, true);
	else
		refuse(result, COMPARE_TOO_LARGE);
}

/* An answer that was read, down to what answer_path names. */
static void read_answer(struct tree *tree, struct budget *budget, const struct compare_spec *spec,
	const struct compare_answer *answer)
{
	const char *text = answer->body_size > 0 ? answer->body : "";

	if (reading_of(spec, answer) == COMPARE_CSV)
		tree_init_csv(tree, text, answer->body_size);
	else
		tree_init_json(tree, budget, text, answer->body_size);
	if (tree->problem != COMPARE_NO_REASON || !answer->answer_path)
		return;
	tree->root = tree_find(tree, answer->answer_path);
	if (tree->root == UINT32_MAX)
		tree->problem = COMPARE_NO_ANSWER;
}

static void prepare(struct tree *tree, struct budget *budget, const struct compare_spec *spec)
{
	for (size_t i = 0; i < spec->unordered.n; i++)
		tree_mark_bags(tree, budget, spec->unordered.items[i]);
	for (size_t i = 0; i < spec->ignore.n; i++)
		tree_ignore(tree, budget, spec->ignore.items[i]);
	tree_sort_bags(tree, budget);
}

static void set_difference(const struct compare_number *production,
	const struct compare_number *candidate, struct compare_result *result)
{
	result->has_difference = production && candidate &&
		compare_number_difference(production, candidate, &result->difference);
}

static void compare_trees(const struct compare_spec *spec, struct tree *production,
	struct tree *candidate, struct budget *budget, struct compare_result *result)
{
	const struct tolerance tolerance = {spec->absolute, spec->relative};
	const struct compare_number *one, *other;

	one = compare_label_number(
		production, &production->nodes[production->root], &result->production);
	other = compare_label_number(
		candidate, &candidate->nodes[candidate->root], &result->candidate);
	set_difference(one, other, result);
	prepare(production, budget, spec);
	prepare(candidate, budget, spec);
	settle(result, tree_agrees(production, candidate, &tolerance, budget));
	if (budget->steps == 0)
		refuse(result, COMPARE_TOO_COMPLEX);
}

static enum compare_reason read_prediction(const struct compare_spec *spec, const struct tree *tree,
	struct compare_prediction *prediction, const struct compare_number **number)
{
	const struct node *node = compare_label_find(tree, spec->label);

	*number = NULL;
	if (!node)
		return COMPARE_NO_LABEL;
	*number = compare_label_number(tree, node, prediction);
	return compare_label_read(tree, node, spec->threshold, prediction);
}

static void compare_labels(const struct compare_spec *spec, const struct tree *production,
	const struct tree *candidate, struct compare_result *result)
{
	const struct compare_number *one, *other;
	enum compare_reason first = read_prediction(spec, production, &result->production, &one);
	enum compare_reason second = read_prediction(spec, candidate, &result->candidate, &other);

	set_difference(one, other, result);
	if (first != COMPARE_NO_REASON || second != COMPARE_NO_REASON)
		refuse(result, COMPARE_NO_LABEL);
	else
		settle(result, strcmp(result->production.label, result->candidate.label) == 0);
}

static void compare_values(const struct compare_spec *spec, const struct compare_answer *production,
	const struct compare_answer *candidate, struct compare_result *result)
{
	struct budget budget = {COMPARE_STEPS_MAX};
	struct tree one, other;

	read_answer(&one, &budget, spec, production);
	read_answer(&other, &budget, spec, candidate);
	if (one.problem != COMPARE_NO_REASON || other.problem != COMPARE_NO_REASON)
		refuse(result, one.problem > other.problem ? one.problem : other.problem);
	else if (budget.steps == 0)
		refuse(result, COMPARE_TOO_COMPLEX);
	else if (spec->kind == COMPARE_LABEL)
		compare_labels(spec, &one, &other, result);
	else
		compare_trees(spec, &one, &other, &budget, result);
	tree_fini(&one);
	tree_fini(&other);
}

void compare_answers(const struct compare_spec *spec, const struct compare_answer *production,
	const struct compare_answer *candidate, struct compare_result *result)
{
	enum compare_reason reason = refuse_failed(spec, production, candidate);
	enum compare_kind kind = reading_of(spec, production);

	*result = (struct compare_result){.verdict = COMPARE_MATCH};
	if (reason != COMPARE_NO_REASON)
		refuse(result, reason);
	else if (spec->kind == COMPARE_STATUS)
		settle(result, production->status_code == candidate->status_code);
	else if (kind == COMPARE_EXACT)
		compare_bytes(production, candidate, result);
	else if (!is_carried(production) || !is_carried(candidate))
		compare_uncarried(spec, production, candidate, result);
	else
		compare_values(spec, production, candidate, result);
}
