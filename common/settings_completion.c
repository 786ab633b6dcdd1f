/* --help=bash: the tables that common/completion.bash reads. What an option or an operand may be is
 * taken from the words of the help, so that there is nothing else to keep in step: "now|earliest|TIME"
 * offers now and earliest, "TEST" the names of tests. */
#include "common/settings_private.h"
#include <string.h>

static void write_what(FILE *out, const struct setting *setting)
{
	const char *separator = "";
	if (setting->type == SETTING_BOOL)
		return;
	fputc('=', out);
	if (!setting->choices)
		fputs(setting_argument(setting), out);
	for (size_t i = 0; setting->choices && setting->choices[i]; i++) {
		fprintf(out, "%s%s", separator, setting->choices[i]);
		separator = "|";
	}
}

static void write_option(FILE *out, const struct setting *setting)
{
	if (setting->option) {
		fprintf(out, " --%s", setting->option);
		write_what(out, setting);
	}
	if (setting->letter) {
		fprintf(out, " -%c", setting->letter);
		write_what(out, setting);
	}
}

/* The next word of a synopsis, without its brackets; its size, 0 at the end. */
static size_t next_word(const char **at, const char **word)
{
	*at += strspn(*at, " [");
	*word = *at;
	*at += strcspn(*at, " ]");
	size_t size = (size_t)(*at - *word);
	*at += strspn(*at, "]");
	return size;
}

static bool is_word(const char *word, size_t size, const char *text)
{
	return size == strlen(text) && strncmp(word, text, size) == 0;
}

/* "get endpoints|tests [OPTION]..." of the verb get becomes " endpoints|tests". An option of the
 * synopsis takes the word behind it. */
static void write_operands(FILE *out, const char *synopsis, const char *verb)
{
	const char *at = synopsis ? synopsis : "", *word;
	size_t size;
	bool is_value = false;
	while ((size = next_word(&at, &word))) {
		bool is_option = word[0] == '-' && size > 1;
		bool counts = !is_option && !is_value && *word != '.' &&
			!is_word(word, size, "OPTION") && !(verb && is_word(word, size, verb));
		if (counts)
			fprintf(out, " %.*s%s", (int)size, word,
				strncmp(at, "...", 3) == 0 ? "..." : "");
		is_value = is_option;
	}
}

void settings_write_bash(const struct settings_input *input, const char *verb, FILE *out)
{
	const struct program *program = input->program;
	const char *space = verb ? " " : "", *name = verb ? verb : "";
	fprintf(out, "_umbra_options['%s%s%s']='--help --version", program->name, space, name);
	for (size_t i = 0; i < input->n; i++)
		write_option(out, &input->table[i]);
	fprintf(out, "'\n_umbra_operands['%s%s%s']='", program->name, space, name);
	write_operands(out, program->synopsis, verb);
	fprintf(out, "'\n");
}
