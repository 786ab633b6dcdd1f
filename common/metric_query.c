#include "common/metric_query.h"
#include <math.h>
#include <string.h>

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

static bool take(const char **text, const char *token)
{
	size_t size = strlen(token);
	*text = skip_blanks(*text);
	if (strncmp(*text, token, size) != 0)
		return false;
	*text += size;
	return true;
}

static bool take_name(const char **text, bool is_label, const char **name, size_t *size)
{
	*text = skip_blanks(*text);
	*name = *text;
	*size = exposition_name_size(*text, strlen(*text), is_label);
	*text += *size;
	return *size > 0;
}

/* The value has no escapes: whoever needs a quote in a label does without the label. */
static bool take_matcher(const char **text, struct metric_matcher *matcher)
{
	if (!take_name(text, true, &matcher->label, &matcher->label_size))
		return false;
	matcher->is_negated = take(text, "!=");
	if ((!matcher->is_negated && !take(text, "=")) || !take(text, "\""))
		return false;
	matcher->value = *text;
	matcher->value_size = strcspn(*text, "\"\\");
	*text += matcher->value_size;
	if (**text != '"')
		return false;
	++*text;
	return true;
}

static bool take_term(const char **text, struct metric_term *term)
{
	if (!take_name(text, false, &term->name, &term->name_size))
		return false;
	if (!take(text, "{"))
		return true;
	while (!take(text, "}")) {
		if (term->n_matchers > 0 && !take(text, ","))
			return false;
		if (term->n_matchers == METRIC_QUERY_MATCHERS ||
			!take_matcher(text, &term->matchers[term->n_matchers++]))
			return false;
	}
	return true;
}

int metric_query_parse(struct metric_query *query, const char *text)
{
	memset(query, 0, sizeof *query);
	do {
		if (query->n_terms == METRIC_QUERY_TERMS ||
			!take_term(&text, &query->terms[query->n_terms++]))
			return -1;
	} while (take(&text, "-"));
	return *skip_blanks(text) == '\0' ? 0 : -1;
}

/* A label that is not there is empty, as in Prometheus. */
static bool fits_matcher(
	const struct metric_matcher *matcher, const struct exposition_sample *sample)
{
	struct exposition_label label;
	size_t place = 0;
	bool is_equal = matcher->value_size == 0;
	while (exposition_next_label(sample, &place, &label)) {
		if (label.name_size != matcher->label_size ||
			memcmp(label.name, matcher->label, label.name_size) != 0)
			continue;
		is_equal = exposition_value_is(&label, matcher->value, matcher->value_size);
		break;
	}
	return is_equal != matcher->is_negated;
}

static bool fits(const struct metric_term *term, const struct exposition_sample *sample)
{
	if (term->name_size != sample->name_size ||
		memcmp(term->name, sample->name, term->name_size) != 0)
		return false;
	for (size_t i = 0; i < term->n_matchers; i++)
		if (!fits_matcher(&term->matchers[i], sample))
			return false;
	return true;
}

void metric_query_add(const struct metric_query *query, const struct exposition_sample *sample,
	struct metric_figure *figure)
{
	if (!isfinite(sample->value))
		return;
	for (size_t i = 0; i < query->n_terms; i++) {
		if (!fits(&query->terms[i], sample))
			continue;
		figure->value += i == 0 ? sample->value : -sample->value;
		figure->n[i]++;
		if (i == 0)
			figure->is_counter = sample->is_counter;
	}
}

bool metric_figure_is_known(const struct metric_query *query, const struct metric_figure *figure)
{
	for (size_t i = 0; i < query->n_terms; i++)
		if (figure->n[i] == 0)
			return false;
	return isfinite(figure->value);
}
