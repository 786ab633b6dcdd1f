/* The session of one command: connect, read the control log to its end, and write to it. */
#include "common/memory.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list arguments)
{
	fflush(stdout);
	fputs("umbractl: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int ctl_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return EXIT_FAILED;
}

int ctl_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

int ctl_timeout_ms(const struct ctl *ctl)
{
	return (int)(ctl->settings.timeout_us / 1000);
}

int ctl_connect(struct ctl *ctl)
{
	char errstr[512];

	ctl->rk = kafka_reader_new(&ctl->settings.common, errstr, sizeof(errstr));
	return ctl->rk ? EXIT_DONE : ctl_fail("%s", errstr);
}

/* Keeps who changed which object, for the message of a conflict. */
static void remember(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct ctl *ctl = opaque;

	(void)offset;
	(void)why;
	if (verdict != CONTROL_ACCEPTED)
		return;
	ctl->seen = realloc(ctl->seen, (ctl->n_seen + record->n_changes) * sizeof(*ctl->seen));
	memory_need(ctl->seen);
	for (size_t i = 0; i < record->n_changes; i++) {
		ctl->seen[ctl->n_seen] = (struct seen_change){record->generation, append_time_us,
			record->changes[i].kind, strdup(record->changes[i].name),
			strdup(record->author)};
		memory_need(ctl->seen[ctl->n_seen].name && ctl->seen[ctl->n_seen].author);
		ctl->n_seen++;
	}
}

int ctl_catch_up(struct ctl *ctl)
{
	char errstr[700];

	if (control_log_catch_up(ctl->log, ctl_timeout_ms(ctl), errstr, sizeof(errstr)) != 0)
		return ctl_fail("%s", errstr);
	return EXIT_DONE;
}

int ctl_open(struct ctl *ctl)
{
	char errstr[512];
	int status = ctl->rk ? EXIT_DONE : ctl_connect(ctl);

	if (status != EXIT_DONE)
		return status;
	ctl->log = control_log_open(&ctl->settings.common, NULL, errstr, sizeof(errstr));
	if (!ctl->log)
		return ctl_fail("%s", errstr);
	control_log_observe(ctl->log, remember, ctl);
	ctl->state = control_log_state(ctl->log);
	return ctl_catch_up(ctl);
}

void ctl_close(struct ctl *ctl)
{
	control_log_close(ctl->log);
	kafka_consumer_close(ctl->rk, NULL);
	for (size_t i = 0; i < ctl->n_seen; i++) {
		free(ctl->seen[i].name);
		free(ctl->seen[i].author);
	}
	free(ctl->seen);
}

void record_add(
	struct control_record *record, enum object_kind kind, const char *name, json_t *definition)
{
	struct control_change *change;

	record->changes =
		realloc(record->changes, (record->n_changes + 1) * sizeof(*record->changes));
	memory_need(record->changes);
	change = &record->changes[record->n_changes++];
	change->kind = kind;
	change->action = definition ? CHANGE_PUT : CHANGE_DELETE;
	change->name = strdup(name);
	change->definition = definition ? json_dumps(definition, JSON_COMPACT) : NULL;
	memory_need(change->name && (change->definition || !definition));
	json_decref(definition);
}

/* An object of the record that somebody changed after `generation`; NULL: none. */
static const struct seen_change *find_overlap(
	const struct ctl *ctl, const struct control_record *record, int64_t generation)
{
	for (size_t i = ctl->n_seen; i-- > 0 && ctl->seen[i].generation > generation;)
		for (size_t j = 0; j < record->n_changes; j++)
			if (ctl->seen[i].kind == record->changes[j].kind &&
				strcmp(ctl->seen[i].name, record->changes[j].name) == 0)
				return &ctl->seen[i];
	return NULL;
}

static int report_overlap(const struct seen_change *change)
{
	char time[TEXT_MAX];

	return ctl_fail(
		"conflict: %s changed %s %s at %s (generation %lld), nothing was written; see "
		"umbractl history %s, then try again",
		change->author, object_kind_name(change->kind), change->name,
		text_format_time(change->append_time_us, time), (long long)change->generation,
		change->name);
}

static char *copy_of(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	memory_need(copy || !text);
	return copy;
}

int ctl_commit(struct ctl *ctl, struct control_record *record)
{
	int64_t known = ctl->state->generation; /* what the changes were made from */
	char errstr[700];

	record->author = copy_of(ctl->settings.author);
	record->reason = copy_of(ctl->settings.reason);
	for (;;) {
		const struct seen_change *overlap;
		int rc = control_log_append(
			ctl->log, record, ctl_timeout_ms(ctl), errstr, sizeof(errstr));

		if (rc == CONTROL_ACCEPTED)
			return EXIT_DONE;
		if (rc != CONTROL_CONFLICT)
			return ctl_fail("%s", errstr);
		if (ctl_catch_up(ctl) != EXIT_DONE)
			return EXIT_FAILED;
		overlap = find_overlap(ctl, record, known);
		if (overlap)
			return report_overlap(overlap);
	}
}

int ctl_commit_one(struct ctl *ctl, enum object_kind kind, const char *name, json_t *definition)
{
	struct control_record record = {0};
	int status;

	record_add(&record, kind, name, definition);
	status = ctl_commit(ctl, &record);
	control_record_fini(&record);
	return status;
}

static void report_missing(const char *kind, const char *name, const char *const *names, size_t n)
{
	const char *nearest = text_nearest(name, names, n);

	if (nearest)
		ctl_fail("no %s \"%s\"; did you mean \"%s\"?", kind, name, nearest);
	else
		ctl_fail("no %s \"%s\"; umbractl get %ss lists all", kind, name, kind);
}

struct test *ctl_find_test(struct ctl *ctl, const char *name)
{
	struct test *test = control_test(ctl->state, name);
	const char **names = calloc(ctl->state->n_tests + 1, sizeof(*names));

	memory_need(names);
	for (size_t i = 0; i < ctl->state->n_tests; i++)
		names[i] = ctl->state->tests[i]->name;
	if (!test)
		report_missing("test", name, names, ctl->state->n_tests);
	free(names);
	return test;
}

struct endpoint *ctl_find_endpoint(struct ctl *ctl, const char *name)
{
	struct endpoint *endpoint = control_endpoint(ctl->state, name);
	const char **names = calloc(ctl->state->n_endpoints + 1, sizeof(*names));

	memory_need(names);
	for (size_t i = 0; i < ctl->state->n_endpoints; i++)
		names[i] = ctl->state->endpoints[i]->name;
	if (!endpoint)
		report_missing("endpoint", name, names, ctl->state->n_endpoints);
	free(names);
	return endpoint;
}

int ctl_confirm(const struct ctl *ctl, const char *question)
{
	char answer[16];

	if (ctl->settings.yes)
		return EXIT_DONE;
	if (!isatty(STDIN_FILENO))
		return ctl_usage("%s Nobody is there to answer: say --yes", question);
	fprintf(stderr, "%s [y/N] ", question);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return EXIT_DONE;
	return ctl_fail("nothing was changed");
}
