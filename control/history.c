/* umbractl history: the control log told as who changed what, when and why. Records that were
 * refused are told too: somebody meant them. */
#include "common/definition_text.h"
#include "common/memory.h"
#include "common/text.h"
#include "control/umbractl.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct setting options[] = {OPTION_OUTPUT, OPTION_TIMEOUT};

struct history {
	const char *name; /* only changes of this object; NULL: all */
	json_t *known; /* "kind/name" to the definition as last accepted */
	bool as_json;
	size_t printed;
};

static char *known_key(const struct control_change *change)
{
	char *key;

	if (asprintf(&key, "%s/%s", object_kind_name(change->kind), change->name) < 0)
		memory_end();
	return key;
}

/* "test x changed: sampling 50 -> 12.5" */
static char *describe(const struct history *history, const struct control_change *change)
{
	char *key = known_key(change), *line, *difference = NULL;
	const json_t *before = json_object_get(history->known, key);
	json_t *after = change->definition ? json_loads(change->definition, 0, NULL) : NULL;
	const char *done = "changed";
	int length;

	if (change->action == CHANGE_DELETE)
		done = "deleted";
	else if (!before)
		done = "created";
	else
		difference = definition_text_diff(change->kind, before, after);
	length = asprintf(&line, "%s %s %s%s%s", object_kind_name(change->kind), change->name, done,
		difference ? ": " : "", difference ? difference : "");
	memory_need(length > 0);
	free(difference);
	free(key);
	json_decref(after);
	return line;
}

static void learn(struct history *history, const struct control_change *change)
{
	char *key = known_key(change);

	if (change->definition)
		json_object_set_new(history->known, key, json_loads(change->definition, 0, NULL));
	else
		json_object_del(history->known, key);
	free(key);
}

static const char *verdict_name(enum control_verdict verdict)
{
	static const char *const names[] = {
		[CONTROL_ACCEPTED] = "accepted",
		[CONTROL_CONFLICT] = "conflict",
		[CONTROL_INVALID] = "invalid",
		[CONTROL_NOT_UNDERSTOOD] = "not understood",
	};

	return names[verdict];
}

static void print_text(const struct control_record *record, char **lines, size_t n,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	char time[TEXT_MAX];

	printf("%-6lld %s  %s", (long long)record->generation,
		text_format_time(append_time_us, time), record->author);
	if (verdict != CONTROL_ACCEPTED)
		printf("  REFUSED (%s: %s)", verdict_name(verdict), why);
	if (record->reason[0] != '\0')
		printf("  \"%s\"", record->reason);
	printf("\n");
	for (size_t i = 0; i < n; i++)
		printf("       %s\n", lines[i]);
}

static void print_json(const struct control_record *record, char **lines, size_t n,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	char time[TEXT_MAX];
	json_t *changes = json_array();
	json_t *json = json_pack("{s:I s:s s:s s:s s:s s:s s:s s:o}", "generation",
		(json_int_t)record->generation, "time", text_format_time(append_time_us, time),
		"author", record->author, "reason", record->reason, "write_id", record->write_id,
		"verdict", verdict_name(verdict), "why", why, "changes", changes);

	assert(json);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(changes, json_string(lines[i]));
	json_dumpf(json, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(json);
}

static void print_record(struct history *history, const struct control_record *record,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	char **lines = calloc(record->n_changes + 1, sizeof(*lines));
	size_t n = 0;

	assert(lines);
	for (size_t i = 0; i < record->n_changes; i++)
		if (!history->name || strcmp(record->changes[i].name, history->name) == 0)
			lines[n++] = describe(history, &record->changes[i]);
	if (n > 0 && history->as_json)
		print_json(record, lines, n, append_time_us, verdict, why);
	else if (n > 0)
		print_text(record, lines, n, append_time_us, verdict, why);
	history->printed += n;
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
}

static void observe(void *opaque, const struct control_record *record, int64_t offset,
	int64_t append_time_us, enum control_verdict verdict, const char *why)
{
	struct history *history = opaque;

	if (!record) {
		if (!history->name && !history->as_json)
			printf("%-6s offset %lld is no control record: %s\n", "-",
				(long long)offset, why);
		return;
	}
	print_record(history, record, append_time_us, verdict, why);
	for (size_t i = 0; verdict == CONTROL_ACCEPTED && i < record->n_changes; i++)
		learn(history, &record->changes[i]);
}

static int run(struct ctl *ctl)
{
	struct history history = {.name = ctl->n_operands == 1 ? ctl->operands[0] : NULL,
		.known = json_object(),
		.as_json = ctl->settings.output == OUTPUT_JSON};
	char errstr[512];
	int status;

	ctl->log = control_log_open(&ctl->settings.common, NULL, errstr, sizeof(errstr));
	if (ctl->log) {
		control_log_observe(ctl->log, observe, &history);
		status = ctl_catch_up(ctl);
	} else {
		status = ctl_fail("%s", errstr);
	}
	json_decref(history.known);
	if (status == EXIT_DONE && history.name && history.printed == 0)
		return ctl_fail("there was never an endpoint or test \"%s\"", history.name);
	return status;
}

const struct verb verb_history = {"history",
	CTL_PROGRAM("history [NAME] [OPTION]...",
		"Who changed what, when and why; of one endpoint or test, or of all.", NULL,
		options, 1),
	run};
