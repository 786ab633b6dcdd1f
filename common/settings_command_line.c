/* The command line by getopt_long, with messages of our own: they name the nearest option. Values
 * are only collected here; they are read after the file, which they overrule. */
#include "common/settings_private.h"
#include "common/text.h"
#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { HELP = 1000, VERSION, FIRST = 2000, MAX_OPTIONS = 200 };

const struct setting settings_help_option = {.option = "help",
	.letter = 'h',
	.type = SETTING_BOOL,
	.help = "Print this text; with --help=man the manual page, with --help=bash the "
		"tables for completion."};
const struct setting settings_version_option = {.option = "version",
	.letter = 'V',
	.type = SETTING_BOOL,
	.help = "Print the versions of the program and its libraries."};

struct parser {
	struct option options[MAX_OPTIONS + 3];
	const char *names[MAX_OPTIONS + 2];
	size_t n;
	char letters[2 * MAX_OPTIONS + 8];
};

static void add_letter(struct parser *parser, char letter, bool takes_value)
{
	char text[3] = {letter, takes_value ? ':' : '\0', '\0'};
	strncat(parser->letters, text, sizeof(parser->letters) - strlen(parser->letters) - 1);
}

static void add_option(struct parser *parser, const struct setting *setting, int code)
{
	bool is_bool = setting->type == SETTING_BOOL;
	if (setting->letter)
		add_letter(parser, setting->letter, !is_bool);
	if (!setting->option)
		return;
	assert(parser->n < MAX_OPTIONS);
	parser->names[parser->n] = setting->option;
	parser->options[parser->n++] = (struct option){.name = setting->option,
		.has_arg = is_bool ? optional_argument : required_argument,
		.val = code};
}

static void make_parser(struct parser *parser, const struct settings_input *input)
{
	*parser = (struct parser){.letters = ":"};
	for (size_t i = 0; i < input->n; i++)
		add_option(parser, &input->table[i], FIRST + (int)i);
	struct setting help = settings_help_option, version = settings_version_option;
	if (strchr(parser->letters, help.letter))
		help.letter = 0;
	if (strchr(parser->letters, version.letter))
		version.letter = 0;
	add_option(parser, &help, HELP);
	add_option(parser, &version, VERSION);
}

/* The index of what getopt returned, input->n for an option that is no setting. */
static size_t find(const struct settings_input *input, int code)
{
	if (code >= FIRST)
		return (size_t)(code - FIRST);
	size_t i = 0;
	while (i < input->n && input->table[i].letter != code)
		i++;
	return i;
}

static size_t count_prefix(const struct parser *parser, const char *word)
{
	size_t n = 0;
	for (size_t i = 0; i < parser->n; i++)
		n += strncmp(parser->names[i], word, strlen(word)) == 0;
	return n;
}

/* `word` is the argument that getopt did not know. What follows an = may be a secret. */
static void refuse_option(
	const struct parser *parser, const char *word, char *errstr, size_t errstr_size)
{
	char name[80];
	if (optopt) {
		snprintf(errstr, errstr_size, "unknown option -%c; --help lists all", optopt);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *nearest = text_nearest(name, parser->names, parser->n);
	if (*name && count_prefix(parser, name) > 1)
		snprintf(errstr, errstr_size, "--%s may mean several options; write one in full",
			name);
	else if (nearest)
		snprintf(errstr, errstr_size, "unknown option --%s; did you mean --%s?", name,
			nearest);
	else
		snprintf(errstr, errstr_size, "unknown option --%s; --help lists all", name);
}

static void refuse_empty(const struct settings_input *input, char *errstr, size_t errstr_size)
{
	const struct setting *setting = &input->table[find(input, optopt)];
	const char *argument = setting_argument(setting);
	if (setting->option)
		snprintf(errstr, errstr_size, "option --%s needs a value: --%s=%s", setting->option,
			setting->option, argument);
	else
		snprintf(errstr, errstr_size, "option -%c needs a value: -%c %s", setting->letter,
			setting->letter, argument);
}

static void write_completion(const struct settings_input *input, FILE *out)
{
	const struct program *program = input->program;
	settings_write_bash(input, NULL, out);
	if (program->write_verbs)
		program->write_verbs(out);
	fprintf(out, "complete -F _umbra_complete %s\n", program->name);
}

static int answer_help(const struct settings_input *input, char *errstr, size_t errstr_size)
{
	if (!optarg)
		settings_write_help(input, stdout);
	else if (strcmp(optarg, "man") == 0)
		settings_write_man(input, stdout);
	else if (strcmp(optarg, "bash") == 0)
		write_completion(input, stdout);
	else {
		snprintf(
			errstr, errstr_size, "--help has two other forms: --help=man, --help=bash");
		return -1;
	}
	return 1;
}

/* Other users see the command line (ps): the value of a property that names a secret is overwritten
 * there, once it is copied. */
static void hide_secret(char *word)
{
	static const char *const signs[] = {
		"password=", "secret=", ".pem=", "jaas", "oauthbearer.config="};
	char *value = strchr(word, '=');
	for (size_t i = 0; value && i < sizeof(signs) / sizeof(signs[0]); i++) {
		const char *sign = strstr(word, signs[i]);
		if (sign && sign < value + 1)
			memset(value + 1, 'x', strlen(value + 1));
	}
}

static int take_option(struct settings_input *input, const struct parser *parser, int code,
	char **argv, char *errstr, size_t errstr_size)
{
	if (code == '?') {
		refuse_option(parser, argv[optind - 1], errstr, errstr_size);
		return -1;
	}
	if (code == ':') {
		refuse_empty(input, errstr, errstr_size);
		return -1;
	}
	size_t i = find(input, code);
	if (code == VERSION || (i == input->n && code == settings_version_option.letter)) {
		settings_write_version(input->program, stdout);
		return 1;
	}
	if (code == HELP || i == input->n)
		return answer_help(input, errstr, errstr_size);
	string_list_add(&input->words[i], optarg ? optarg : "true");
	if (optarg)
		hide_secret(optarg);
	return 0;
}

int settings_read_command_line(
	struct settings_input *input, int argc, char **argv, char *errstr, size_t errstr_size)
{
	struct parser parser;
	int code;
	make_parser(&parser, input);
	opterr = 0;
	optind = 0; /* glibc's way to begin anew */
	while ((code = getopt_long(argc, argv, parser.letters, parser.options, NULL)) != -1) {
		int result = take_option(input, &parser, code, argv, errstr, errstr_size);
		if (result)
			return result;
	}
	input->operands = argv + optind;
	input->n_operands = argc - optind;
	if (input->n_operands > input->program->max_operands) {
		snprintf(errstr, errstr_size, "unexpected word \"%s\"; usage: %s %s",
			input->operands[input->program->max_operands], input->program->name,
			input->program->synopsis ? input->program->synopsis : "[OPTION]...");
		return -1;
	}
	return 0;
}
