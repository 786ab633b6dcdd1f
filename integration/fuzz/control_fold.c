/* A control log of any content. Each line of the input is a record: a digit for what it changes
 * (0 installation, 1 endpoint, 2 test; 3 to 5 delete them), a digit for the time, a name, a blank and
 * a definition. A line of another kind is an encoded record. The fold never loses count. */
#include "common/control.h"
#include "common/definition.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void ignore_problem(void *opaque, const struct definition_problem *problem)
{
	(void)opaque;
	assert(problem->message[0] != '\0');
}

static void fold(struct control_state *state, const struct control_record *record, int64_t time_us)
{
	char errstr[512] = "";
	int64_t before = state->generation;
	bool stopped = state->not_understood != NULL;
	size_t problems = control_state_try(state, record, time_us, ignore_problem, NULL);
	enum control_verdict verdict =
		control_state_apply(state, record, time_us, errstr, sizeof(errstr));

	assert(state->generation == before + (verdict == CONTROL_ACCEPTED));
	assert(verdict != CONTROL_ACCEPTED || (problems == 0 && !stopped));
	assert(verdict == CONTROL_ACCEPTED || verdict == CONTROL_NOT_UNDERSTOOD ||
		errstr[0] != '\0');
}

static void fold_text(struct control_state *state, char *line)
{
	struct control_change change = {.kind = (enum object_kind)((line[0] - '0') % 3),
		.action = line[0] < '3' ? CHANGE_PUT : CHANGE_DELETE,
		.name = line + 2};
	struct control_record record = {.generation = state->generation + 1,
		.author = (char *)"a",
		.reason = (char *)"",
		.changes = &change,
		.n_changes = 1};
	char *blank = strchr(line, ' ');

	if (!blank)
		return;
	*blank = '\0';
	if (change.action == CHANGE_PUT)
		change.definition = blank + 1;
	fold(state, &record, (line[1] - '0') * INT64_C(1000000000));
}

static void fold_bytes(struct control_state *state, const char *data, size_t size)
{
	struct control_record record;
	char errstr[512];

	if (control_record_decode(data, size, &record, errstr, sizeof(errstr)) != 0)
		return;
	fold(state, &record, 0);
	control_record_fini(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_state state;
	char *text = fuzz_text(data, size), *line = text, *end = text + size;

	control_state_init(&state);
	while (line < end) {
		char *next = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((next ? next : end) - line);

		line[length] = '\0';
		if (length > 2 && line[0] >= '0' && line[0] <= '5' && line[1] >= '0' &&
			line[1] <= '9')
			fold_text(&state, line);
		else
			fold_bytes(&state, line, length);
		line += length + 1;
	}
	control_state_fini(&state);
	free(text);
	return 0;
}
