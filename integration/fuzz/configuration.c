/* A program's own settings from a file of any content: they are read, or there is a message. */
#include "common/settings_private.h"
#include "integration/fuzz/fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct values {
	struct common_settings common;
	char *name;
	int64_t span, timeout, body;
	double ratio;
	bool strict;
	int mode;
	struct string_list files;
};

#define AT(field) .offset = offsetof(struct values, field)

static const char *const modes[] = {"copy", "tap", NULL};
static const struct setting settings[] = {
	{.path = "name", .type = SETTING_STRING, AT(name), .help = ""},
	{.path = "limits.span", .type = SETTING_INT, AT(span), .min = 1, .max = 1000, .help = ""},
	{.path = "limits.timeout", .type = SETTING_DURATION, AT(timeout), .help = ""},
	{.path = "limits.body", .type = SETTING_SIZE, AT(body), .help = ""},
	{.path = "ratio", .type = SETTING_DOUBLE, AT(ratio), .max = 1, .help = ""},
	{.path = "strict", .type = SETTING_BOOL, AT(strict), .help = ""},
	{.path = "mode", .type = SETTING_CHOICE, AT(mode), .choices = modes, .help = ""},
	{.path = "files", .type = SETTING_LIST, AT(files), .help = ""},
};
static const struct program program = {.name = "umbra-fuzz",
	.summary = "",
	.synopsis = "",
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.values_size = sizeof(struct values)};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings_input input = {.program = &program};
	struct values values = {.strict = false};
	bool given[64] = {false};
	char errstr[1024] = "";

	settings_make_table(&input);
	assert(input.n <= 64);
	input.config_path = fuzz_text_file(data, size);
	if (settings_read_file(&input, &values, given, errstr, sizeof(errstr)) != 0)
		assert(errstr[0] != '\0');
	for (size_t i = 0; i < input.n; i++)
		setting_clear(&input.table[i], &values);
	free(input.table);
	return 0;
}
