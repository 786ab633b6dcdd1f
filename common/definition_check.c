/* The rules among the fields of one definition. Those among objects are the fold's (control.c). */
#include "common/definition.h"
#include "common/metric_query.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct check {
	enum object_kind kind;
	const char *object;
	definition_report *report;
	void *opaque;
	size_t problems;
};

static void refuse(struct check *check, const char *path, const char *message)
{
	struct definition_problem found = {check->kind, check->object, path, message, false};

	check->problems++;
	check->report(check->opaque, &found);
}

/* The value of such a header is a secret: the log holds only where it is found. */
static bool is_secret_header(const char *name)
{
	static const char *const secret[] = {"authorization", "proxy-authorization", "cookie",
		"x-api-key", "api-key", "x-auth-token"};

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (strcasecmp(name, secret[i]) == 0)
			return true;
	return false;
}

/* Headers that the call itself makes. */
static bool is_own_header(const char *name)
{
	static const char *const own[] = {
		"host", "content-length", "transfer-encoding", "connection", "x-umbra-shadow"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcasecmp(name, own[i]) == 0)
			return true;
	return false;
}

static void check_header(struct check *check, const struct model_header *header, const char *path)
{
	char message[300];

	if (!header->value == !header->value_file) {
		refuse(check, path, "a header needs either value or value_file");
	} else if (is_own_header(header->name)) {
		snprintf(
			message, sizeof(message), "header %s is set by Umbra itself", header->name);
		refuse(check, path, message);
	} else if (header->value && is_secret_header(header->name) &&
		!strstr(header->value, "${")) {
		snprintf(message, sizeof(message),
			"header %s is a secret: give it as value = \"${VARIABLE}\" or value_file",
			header->name);
		refuse(check, path, message);
	}
}

static void check_retry_on(struct check *check, const struct variant *variant, size_t index)
{
	struct retry_policy policy = {0};
	char path[64], message[200];

	for (size_t i = 0; i < variant->retry_on.n; i++) {
		if (retry_policy_add(&policy, variant->retry_on.items[i]) == 0)
			continue;
		snprintf(path, sizeof(path), "variants.[%zu].retry_on.[%zu]", index, i);
		snprintf(message, sizeof(message),
			"retry_on must hold connect_failed, protocol_error or statuses from 400 to "
			"599, not \"%.40s\"",
			variant->retry_on.items[i]);
		refuse(check, path, message);
	}
}

static void check_metrics(struct check *check, const struct variant *variant, size_t index)
{
	const struct {
		const char *name, *text;
	} figures[] = {{"cpu", variant->metrics_cpu}, {"memory", variant->metrics_memory},
		{"disk", variant->metrics_disk}};
	struct metric_query query;
	char path[64], message[300];

	snprintf(path, sizeof(path), "variants.[%zu].metrics", index);
	if (!variant->metrics_url && (figures[0].text || figures[1].text || figures[2].text))
		refuse(check, path, "metrics need the url of a Prometheus page");
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		if (!figures[i].text || metric_query_parse(&query, figures[i].text) == 0)
			continue;
		snprintf(path, sizeof(path), "variants.[%zu].metrics.%s", index, figures[i].name);
		snprintf(message, sizeof(message),
			"%s must be a metric, as \"name\" or \"name{label=\\\"value\\\"}\", or one "
			"less "
			"another, not \"%.100s\"",
			figures[i].name, figures[i].text);
		refuse(check, path, message);
	}
}

static void check_variant(struct check *check, const struct variant *variant, size_t index)
{
	char path[64];

	for (size_t i = 0; i < variant->n_headers; i++) {
		snprintf(path, sizeof(path), "variants.[%zu].headers.[%zu]", index, i);
		check_header(check, &variant->headers[i], path);
	}
	check_retry_on(check, variant, index);
	check_metrics(check, variant, index);
	snprintf(path, sizeof(path), "variants.[%zu]", index);
	if (!variant->cert_file != !variant->key_file)
		refuse(check, path, "cert_file and key_file belong together");
}

static void check_variants(struct check *check, const struct variant *variants, size_t n)
{
	char path[64], message[200];

	if (n == 0)
		refuse(check, "variants", "variants must hold at least one variant");
	if (n > 64)
		refuse(check, "variants", "variants can hold at most 64 variants");
	for (size_t i = 0; i < n; i++) {
		check_variant(check, &variants[i], i);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(variants[i].name, variants[j].name) != 0)
				continue;
			snprintf(path, sizeof(path), "variants.[%zu].name", i);
			snprintf(message, sizeof(message), "two variants are named %s",
				variants[i].name);
			refuse(check, path, message);
		}
	}
}

static void check_weights(struct check *check, const struct endpoint *endpoint)
{
	int64_t total = 0;

	for (size_t i = 0; i < endpoint->n_variants; i++)
		total += endpoint->variants[i].weight;
	if (endpoint->n_variants > 0 && total == 0)
		refuse(check, "variants", "at least one variant must have a weight above 0");
}

/* Why nothing but Umbra's copies and records may go there; NULL: it may. */
static const char *whose_topic(const char *topic)
{
	if (strncmp(topic, "umbra.", 6) == 0)
		return "topics that begin with umbra. are Umbra's own";
	return strstr(topic, ".shadow.") ? "topics with .shadow. in their name hold copies" : NULL;
}

static void check_topics(struct check *check, const struct endpoint *endpoint)
{
	const char *const topics[] = {
		endpoint->requests_topic, endpoint->responses_topic, endpoint->dead_letter_topic};
	const char *const paths[] = {"topics.requests", "topics.responses", "topics.dead_letter"};
	char message[400];

	for (size_t i = 0; i < 3; i++) {
		if (whose_topic(topics[i]))
			refuse(check, paths[i], whose_topic(topics[i]));
		for (size_t j = 0; j < i; j++) {
			if (strcmp(topics[i], topics[j]) != 0)
				continue;
			snprintf(message, sizeof(message), "%s and %s are the same topic, %s",
				paths[j], paths[i], topics[i]);
			refuse(check, paths[i], message);
		}
	}
}

static void check_reply_topics(struct check *check, const struct endpoint *endpoint)
{
	char path[64], message[400];

	for (size_t i = 0; i < endpoint->reply_topics.n; i++) {
		const char *topic = endpoint->reply_topics.items[i];

		if (!whose_topic(topic) && strcmp(topic, endpoint->dead_letter_topic) != 0)
			continue;
		snprintf(path, sizeof(path), "reply_topics.[%zu]", i);
		snprintf(message, sizeof(message),
			"reply_topics cannot hold %.250s: no answer goes to Umbra's own topics, "
			"shadow topics or dead letters",
			topic);
		refuse(check, path, message);
	}
}

size_t endpoint_check(const struct endpoint *endpoint, definition_report *report, void *opaque)
{
	struct check check = {OBJECT_ENDPOINT, endpoint->name, report, opaque, 0};

	if (endpoint->replication == 0)
		refuse(&check, "replication",
			"replication must be from 1 to 100, or -1: the broker's");
	check_variants(&check, endpoint->variants, endpoint->n_variants);
	check_weights(&check, endpoint);
	check_topics(&check, endpoint);
	check_reply_topics(&check, endpoint);
	return check.problems;
}

static bool reads_values(enum compare_kind kind)
{
	return kind == COMPARE_AUTO || kind == COMPARE_JSON || kind == COMPARE_CSV;
}

static void check_compare(struct check *check, const struct compare_spec *compare)
{
	bool has_label = compare->kind == COMPARE_LABEL;

	if (has_label && !compare->label)
		refuse(check, "compare", "compare by label needs a label, as \"/label\"");
	if (compare->label && compare->label[0] == '0' &&
		compare->label[strspn(compare->label, "0123456789")] == '\0')
		refuse(check, "compare.label", "label: columns are counted from 1");
	if (!has_label && compare->label)
		refuse(check, "compare.label", "label belongs to kind = \"label\"");
	if (!has_label && !isnan(compare->threshold))
		refuse(check, "compare.threshold", "threshold belongs to kind = \"label\"");
	if (reads_values(compare->kind))
		return;
	if (compare->absolute > 0)
		refuse(check, "compare.absolute", "absolute belongs to kind json or csv");
	if (compare->relative > 0)
		refuse(check, "compare.relative", "relative belongs to kind json or csv");
	if (compare->ignore.n > 0)
		refuse(check, "compare.ignore", "ignore belongs to kind json or csv");
	if (compare->unordered.n > 0)
		refuse(check, "compare.unordered", "unordered belongs to kind json or csv");
}

static void check_compare_paths(struct check *check, const struct compare_spec *compare)
{
	char path[64];

	if (compare->ignore.n + compare->unordered.n + compare->mask.n > 64)
		refuse(check, "compare", "compare can hold at most 64 paths");
	for (size_t i = 0; i < compare->ignore.n; i++) {
		snprintf(path, sizeof(path), "compare.ignore.[%zu]", i);
		if (compare->ignore.items[i][0] == '\0')
			refuse(check, path, "ignore cannot hold the whole answer");
	}
}

size_t test_check(const struct test *test, definition_report *report, void *opaque)
{
	struct check check = {OBJECT_TEST, test->name, report, opaque, 0};

	check_variants(&check, test->variants, test->n_variants);
	check_compare(&check, &test->compare);
	check_compare_paths(&check, &test->compare);
	if (test->end_us <= test->start_us)
		refuse(&check, "end", "a test must end after its start");
	if (test->ended == TEST_RUNNING)
		refuse(&check, "ended", "ended must be \"completed\" or \"cancelled\"");
	if ((test->ended == TEST_CREATED) != (test->ended_us == 0))
		refuse(&check, "ended_us", "ended and ended_us belong together");
	return check.problems;
}
