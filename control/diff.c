/* umbractl diff: examples of requests to which the arms gave different answers, both answers side by
 * side, and where the request lies. The windows keep them: at most ten each, chosen by a hash. */
#include "common/memory.h"
#include "common/text.h"
#include "control/difference.h"
#include "control/windows.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct setting options[] = {
	OPTION_WINDOWS,
	{.option = "kind",
		.type = SETTING_STRING,
		.offset = CTL_AT(kind),
		.argument = "KIND",
		.help = "Only examples of that kind, as \"label 0 > 1\"; default: of all."},
	{.option = "limit",
		.letter = 'n',
		.type = SETTING_INT,
		.offset = CTL_AT(count),
		.fallback = "20",
		.min = 0,
		.max = 1000000,
		.argument = "N",
		.help = "At most so many, the newest first."},
	OPTION_OUTPUT,
	OPTION_TIMEOUT,
};

struct example {
	const struct aggregate *window;
	const struct mismatch *mismatch;
};

struct examples {
	struct example *items;
	size_t n;
};

static int newest_first(const void *a, const void *b)
{
	const struct example *one = a, *other = b;
	int64_t difference = other->window->window_start_us - one->window->window_start_us;
	if (difference)
		return difference > 0 ? 1 : -1;
	return one->mismatch->rank < other->mismatch->rank ? -1 : 1;
}

static void collect(const struct ctl *ctl, const struct report_fold *fold, struct examples *found)
{
	for (size_t i = 0; i < report_rows(fold); i++) {
		const struct aggregate *window = report_row(fold, i);
		for (size_t k = 0; k < window->mismatches.n; k++) {
			const struct mismatch *mismatch = &window->mismatches.items[k];
			if (ctl->settings.kind && strcmp(ctl->settings.kind, mismatch->kind))
				continue;
			found->items =
				reallocarray(found->items, found->n + 1, sizeof *found->items);
			memory_need(found->items);
			found->items[found->n++] = (struct example){window, mismatch};
		}
	}
	if (!found->items)
		return;
	qsort(found->items, found->n, sizeof *found->items, newest_first);
	if ((int64_t)found->n > ctl->settings.count)
		found->n = (size_t)ctl->settings.count;
}

/* On a terminal in reverse video, else with a line of ^ below. */
static void print_marked(const char *text, const bool *marks)
{
	for (size_t i = 0; text[i]; i++) {
		if (marks[i] && (!i || !marks[i - 1]))
			fputs("\033[7m", stdout);
		putchar(text[i]);
		if (marks[i] && (!text[i + 1] || !marks[i + 1]))
			fputs("\033[0m", stdout);
	}
}

static void print_below(int indent, const char *text, const bool *marks)
{
	size_t last = 0;
	for (size_t i = 0; text[i]; i++)
		if (marks[i])
			last = i + 1;
	if (!last)
		return;
	printf("%*s", indent, "");
	for (size_t i = 0; i < last; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* one for each character */
			putchar(marks[i] ? '^' : ' ');
	putchar('\n');
}

enum { NAME_WIDTH = 14 };

static void print_side(
	const char *name, const char *text, const bool *marks, const struct mismatch_body *body)
{
	bool is_terminal = isatty(STDOUT_FILENO);
	printf("  %-*.*s", NAME_WIDTH, NAME_WIDTH - 1, name);
	if (is_terminal)
		print_marked(text, marks);
	else
		fputs(text, stdout);
	if (body->whole_size > (int64_t)body->size)
		printf(" ... (%lld bytes in all)", (long long)body->whole_size);
	putchar('\n');
	if (!is_terminal)
		print_below(2 + NAME_WIDTH, text, marks);
}

/* The words in it are a model's, or whoever wrote to umbra.events. */
static void print_head(const struct example *example)
{
	const struct mismatch *mismatch = example->mismatch;
	char time[TEXT_MAX], *words;
	memory_need(asprintf(&words, "%s  request %s at %s/%d/%lld", mismatch->kind,
			    mismatch->request_id, mismatch->topic, mismatch->partition,
			    (long long)mismatch->offset) >= 0);
	char *shown = mismatch_printable(words, strlen(words));
	printf("%s  %s\n", text_format_time(example->window->window_start_us, time), shown);
	free(shown);
	free(words);
}

static void print_example(const struct example *example)
{
	const struct mismatch *mismatch = example->mismatch;
	char *texts[2];
	print_head(example);
	texts[0] = mismatch_text(&mismatch->production);
	texts[1] = mismatch_text(&mismatch->candidate);
	size_t size[2] = {strlen(texts[0]), strlen(texts[1])};
	bool *marks = calloc(size[0] + size[1] + 1, sizeof *marks);
	memory_need(marks);
	difference_mark(texts[0], texts[1], marks, marks + size[0]);
	print_side("production", texts[0], marks, &mismatch->production);
	print_side(example->window->variant, texts[1], marks + size[0], &mismatch->candidate);
	putchar('\n');
	free(marks);
	free(texts[0]);
	free(texts[1]);
}

static void print_table(const struct report *report, const struct examples *found)
{
	for (size_t i = 0; found->items && i < found->n; i++)
		print_example(&found->items[i]);
	if (!found->n)
		printf("No example of a mismatch in the windows of test %s.\n", report->test->name);
}

static json_t *example_to_json(const struct example *example)
{
	const struct mismatch *mismatch = example->mismatch;
	char time[TEXT_MAX];
	return json_pack("{s:s s:s s:s s:s s:s s:{s:s s:i s:I} s:o s:I s:o s:I}", "window",
		text_format_time(example->window->window_start_us, time), "variant",
		example->window->variant, "role", role_name(example->window->role), "kind",
		mismatch->kind, "request_id", mismatch->request_id, "source", "topic",
		mismatch->topic, "partition", mismatch->partition, "offset",
		(json_int_t)mismatch->offset, "production",
		mismatch_body_to_json(&mismatch->production), "production_size",
		(json_int_t)mismatch->production.whole_size, "candidate",
		mismatch_body_to_json(&mismatch->candidate), "candidate_size",
		(json_int_t)mismatch->candidate.whole_size);
}

static void print_json(const struct examples *found)
{
	json_t *json = json_array();
	for (size_t i = 0; found->items && i < found->n; i++)
		json_array_append_new(json, example_to_json(&found->items[i]));
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static int run(struct ctl *ctl)
{
	struct report report = {0};
	struct examples found = {0};
	if (ctl->n_operands != 1)
		return ctl_usage("which test? umbractl diff TEST");
	int status = ctl_open(ctl);
	if (status != EXIT_DONE)
		return status;
	status = windows_read(ctl, ctl->operands[0], true, &report);
	if (status == EXIT_DONE) {
		collect(ctl, report.fold, &found);
		if (ctl->settings.output == OUTPUT_JSON)
			print_json(&found);
		else
			print_table(&report, &found);
	}
	free(found.items);
	windows_release(&report);
	return status;
}

const struct verb verb_diff = {"diff",
	CTL_PROGRAM("diff TEST [OPTION]...",
		"Show requests to which the arms gave different answers.",
		"Each window keeps up to ten examples, chosen by a hash: a fair sample, the same "
		"for "
		"whoever reads. Parts that differ are marked. What the test's compare.mask names "
		"is "
		"hidden. The request itself is printed by umbractl cat TOPIC.",
		options, 1),
	run};
