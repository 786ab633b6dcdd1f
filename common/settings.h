/* A program's own settings: one table, from which come the command line, the file, the checks,
 * --help and the manual page. Each setting is read from the command line, else from the file, else
 * has its default; a list takes the file's items, then those of the command line. In the file and on
 * the command line alike ${NAME} stands for a variable of the environment. */
#ifndef UMBRA_COMMON_SETTINGS_H
#define UMBRA_COMMON_SETTINGS_H

#include "common/log.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum setting_type {
	SETTING_STRING, /* char *, NULL when not set and without default; ${ENV} is expanded */
	SETTING_INT, /* int64_t */
	SETTING_DOUBLE, /* double */
	SETTING_BOOL, /* bool; on the command line it needs no value */
	SETTING_DURATION, /* int64_t, microseconds */
	SETTING_SIZE, /* int64_t, bytes */
	SETTING_CHOICE, /* int, the index in `choices` */
	SETTING_LIST /* struct string_list; the option may be repeated */
};

struct string_list {
	char **items;
	size_t n;
};
bool string_lists_equal(const struct string_list *a, const struct string_list *b);

struct setting {
	const char *path; /* in the file, as "log.level"; NULL: command line only */
	const char *option; /* long option without dashes; NULL: file only */
	char letter; /* short option, 0: none */
	enum setting_type type;
	size_t offset; /* of the value in the program's struct */
	const char *fallback; /* the default as a user writes it, NULL: none */
	int64_t min, max; /* of numbers, durations, sizes; both 0: any */
	const char *const *choices; /* SETTING_CHOICE: NULL-terminated */
	bool required;
	bool reloadable; /* SIGHUP applies it */
	const char *argument; /* its name in the help, as "HOST:PORT" */
	const char *help; /* one sentence */
	/* Of strings and the items of lists, after ${ENV}: -1 and a message without place and without
	 * the value, which may be a secret. NULL: anything goes. */
	int (*check)(const char *value, char *errstr, size_t errstr_size);
};

/* What every program's struct starts with. */
struct common_settings {
	char *brokers; /* -b, brokers */
	char *prefix; /* prefix: "umbra." */
	struct string_list properties; /* -X and kafka.properties: "name=value", expanded */
	int log_level; /* enum log_level */
	int log_format; /* enum log_format */
	char *admin; /* admin: "127.0.0.1:PORT", "" switches it off, port 0 any */
	char *instance; /* instance: name for static membership, or NULL */
	char *config_path; /* -c */
	bool check_config; /* --check-config */
};

struct program {
	const char *name; /* "umbra-splitter" */
	const char *summary; /* one line */
	const char *synopsis; /* after the name: "[OPTION]... [FILE]" */
	const char *details; /* paragraphs for --help and the manual; NULL: none */
	const struct setting *settings;
	size_t n_settings;
	size_t values_size; /* sizeof the program's struct */
	const char *admin_default; /* as "127.0.0.1:9301"; NULL: no admin port, no such setting */
	const char *log_default; /* as "off"; NULL: "info" */
	int max_operands; /* words that are not options */
	/* Adds to what --help=bash prints: the verbs. NULL: there are none. */
	void (*write_verbs)(FILE *out);
	/* Checks that need more than one setting; the message has no place. May be NULL. */
	int (*check)(const void *values, char *errstr, size_t errstr_size);
};

/* Reads command line and file into `values` (zeroed here) and opens the log. Handles --help,
 * --version, --check-config. Returns -1 to go on, else the exit status: 0 done, 2 usage or
 * configuration, the message then being on standard error, `file:line: message` for a file. */
int settings_load(const struct program *program, int argc, char **argv, void *values)
	__attribute__((warn_unused_result));

/* After settings_load: the words that are not options. */
int settings_operands(char ***operands);

/* SIGHUP: reads the file again; applies the reloadable settings, or keeps all and logs why. */
void settings_reload(void *values);

void settings_free(const struct program *program, void *values);

/* Writes what bash needs to complete the options and operands of `program`, for use with
 * common/completion.bash; `verb`: the first word after the program's name that they belong to, NULL:
 * none. What `--help=bash` prints. */
void settings_write_completion(const struct program *program, const char *verb, FILE *out);

/* Writes a manual page in man(7) for `program`; what `--help=man` prints. */
void settings_write_manual(const struct program *program, FILE *out);

#endif
