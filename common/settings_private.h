/* What the files of the settings share. */
#ifndef UMBRA_COMMON_SETTINGS_PRIVATE_H
#define UMBRA_COMMON_SETTINGS_PRIVATE_H

#include "common/settings.h"

/* All that a load needs; kept for the reloads. */
struct settings_input {
	const struct program *program;
	struct setting *table; /* the program's settings, then the common ones */
	size_t n;
	struct string_list *words; /* [n]: what the command line gave to each, as written */
	const char *config_path; /* in words; NULL: no file */
	char **operands;
	int n_operands;
};

/* Long name, letter, sentence of the two options that are no settings. */
extern const struct setting settings_help_option, settings_version_option;

void string_list_add(struct string_list *list, const char *item);
void string_list_clear(struct string_list *list);

/* settings_value.c: one value at `setting->offset` of `values`. */

/* Takes the value from its text, as a user writes it on the command line. The message names
 * neither place nor setting. */
int setting_set(const struct setting *setting, void *values, const char *text, char *errstr,
	size_t errstr_size);
void setting_clear(const struct setting *setting, void *values);
bool setting_equals(const struct setting *setting, const void *a, const void *b);
void setting_swap(const struct setting *setting, void *a, void *b);
/* What is to be written in a file, as "a whole number, without quotes". */
void setting_describe(const struct setting *setting, char *buffer, size_t size);
/* "error, warn, info, debug" */
void setting_describe_choices(const struct setting *setting, char *buffer, size_t size);
/* What stands for the value in the help. */
const char *setting_argument(const struct setting *setting);
/* "1 to 100", "at least 1s"; "" when there are no bounds. */
void setting_describe_range(const struct setting *setting, char *buffer, size_t size);

/* Fills table and n. The table is the input's. */
void settings_make_table(struct settings_input *input);

/* Reads the file; marks in `given` what stands in it. The message has its place. */
int settings_read_file(const struct settings_input *input, void *values, bool *given, char *errstr,
	size_t errstr_size);

/* Fills words and operands. 0: go on; 1: --help or --version was answered; -1 and errstr. */
int settings_read_command_line(
	struct settings_input *input, int argc, char **argv, char *errstr, size_t errstr_size);

/* settings_help.c */
void settings_write_help(const struct settings_input *input, FILE *out);
void settings_write_version(const struct program *program, FILE *out);
void settings_write_man(const struct settings_input *input, FILE *out);

/* settings_completion.c */
void settings_write_bash(const struct settings_input *input, const char *verb, FILE *out);

#endif
