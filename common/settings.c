/* A load goes through three sources in order: the file, the command line, the defaults of what
 * neither gave. A reload is the same load into a second struct, from which the reloadable values are
 * taken over: a bad file changes nothing. */
#include "common/settings.h"
#include "common/kafka.h"
#include "common/memory.h"
#include "common/settings_private.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct settings_input loaded;

static void free_input(struct settings_input *input)
{
	for (size_t i = 0; input->words && i < input->n; i++)
		string_list_clear(&input->words[i]);
	free(input->words);
	free(input->table);
	*input = (struct settings_input){.program = NULL};
}

static void make_input(struct settings_input *input, const struct program *program)
{
	*input = (struct settings_input){.program = program};
	settings_make_table(input);
	input->words = calloc(input->n, sizeof(*input->words));
	memory_need(input->words);
}

static void clear_values(const struct settings_input *input, void *values)
{
	for (size_t i = 0; i < input->n; i++)
		setting_clear(&input->table[i], values);
	memset(values, 0, input->program->values_size);
}

/* Puts the option before what `problem` says. */
static int refuse_option(
	const struct setting *setting, const char *problem, char *errstr, size_t errstr_size)
{
	if (setting->option)
		snprintf(errstr, errstr_size, "--%s: %s", setting->option, problem);
	else
		snprintf(errstr, errstr_size, "-%c: %s", setting->letter, problem);
	return -1;
}

static int apply_words(const struct settings_input *input, void *values, bool *given, char *errstr,
	size_t errstr_size)
{
	char problem[512];
	for (size_t i = 0; i < input->n; i++) {
		const struct string_list *words = &input->words[i];
		for (size_t k = 0; k < words->n; k++) {
			given[i] = true;
			if (setting_set(&input->table[i], values, words->items[k], problem,
				    sizeof(problem)) < 0)
				return refuse_option(
					&input->table[i], problem, errstr, errstr_size);
		}
	}
	return 0;
}

static void name_setting(const struct setting *setting, char *buffer, size_t size)
{
	const char *argument = setting_argument(setting);
	if (setting->option && setting->path)
		snprintf(buffer, size, "--%s=%s, or \"%s\" in the file", setting->option, argument,
			setting->path);
	else if (setting->option)
		snprintf(buffer, size, "--%s=%s", setting->option, argument);
	else
		snprintf(buffer, size, "\"%s\" in the file", setting->path);
}

static int apply_defaults(const struct settings_input *input, void *values, const bool *given,
	char *errstr, size_t errstr_size)
{
	for (size_t i = 0; i < input->n; i++) {
		const struct setting *setting = &input->table[i];
		char name[256];
		if (given[i])
			continue;
		if (setting->required) {
			name_setting(setting, name, sizeof(name));
			snprintf(errstr, errstr_size, "a setting is missing: %s", name);
			return -1;
		}
		if (setting->fallback) {
			int bad = setting_set(
				setting, values, setting->fallback, errstr, errstr_size);
			assert(!bad);
		}
	}
	return 0;
}

static int check_whole(
	const struct settings_input *input, const void *values, char *errstr, size_t errstr_size)
{
	rd_kafka_conf_t *conf = kafka_conf_new(values, NULL, errstr, errstr_size);
	if (!conf)
		return -1;
	rd_kafka_conf_destroy(conf);
	return input->program->check ? input->program->check(values, errstr, errstr_size) : 0;
}

/* On failure `values` holds nothing that must be freed. */
static int load(const struct settings_input *input, void *values, char *errstr, size_t errstr_size)
{
	bool *given = calloc(input->n, sizeof(*given));
	memory_need(given);
	memset(values, 0, input->program->values_size);
	int result = 0;
	if (input->config_path)
		result = settings_read_file(input, values, given, errstr, errstr_size);
	if (result == 0)
		result = apply_words(input, values, given, errstr, errstr_size);
	if (result == 0)
		result = apply_defaults(input, values, given, errstr, errstr_size);
	if (result == 0)
		result = check_whole(input, values, errstr, errstr_size);
	free(given);
	if (result < 0)
		clear_values(input, values);
	return result;
}

static const char *find_config_path(const struct settings_input *input)
{
	for (size_t i = 0; i < input->n; i++) {
		const struct setting *setting = &input->table[i];
		const struct string_list *words = &input->words[i];
		if (setting->option && strcmp(setting->option, "config") == 0)
			return words->n ? words->items[words->n - 1] : NULL;
	}
	return NULL;
}

/* Does the message begin with "file:line: "? */
static bool has_place(const char *message)
{
	const char *end = strstr(message, ": "), *digit = end;
	while (digit && digit > message && digit[-1] >= '0' && digit[-1] <= '9')
		digit--;
	return digit != end && digit > message && digit[-1] == ':';
}

static int complain(const struct settings_input *input, const char *message)
{
	if (has_place(message))
		fprintf(stderr, "%s\n", message);
	else
		fprintf(stderr, "%s: %s\n", input->program->name, message);
	return 2;
}

int settings_load(const struct program *program, int argc, char **argv, void *values)
{
	char message[1024];
	const struct common_settings *common = values;
	free_input(&loaded);
	make_input(&loaded, program);
	memset(values, 0, program->values_size);
	int answered = settings_read_command_line(&loaded, argc, argv, message, sizeof(message));
	if (answered > 0)
		return 0;
	if (answered < 0)
		return complain(&loaded, message);
	loaded.config_path = find_config_path(&loaded);
	if (load(&loaded, values, message, sizeof(message)) < 0)
		return complain(&loaded, message);
	if (common->check_config) {
		printf("%s: the configuration is good\n", program->name);
		clear_values(&loaded, values);
		return 0;
	}
	log_open(program->name, (enum log_format)common->log_format,
		(enum log_level)common->log_level);
	return -1;
}

int settings_operands(char ***operands)
{
	*operands = loaded.operands;
	return loaded.n_operands;
}

/* Takes over what may change, and says what may not. */
static void take_over(void *values, void *fresh)
{
	for (size_t i = 0; i < loaded.n; i++) {
		const struct setting *setting = &loaded.table[i];
		if (setting_equals(setting, values, fresh))
			continue;
		if (setting->reloadable)
			setting_swap(setting, values, fresh);
		else
			log_warn(NULL, "%s has changed in the file; that needs a restart",
				setting->path ? setting->path : setting->option);
	}
}

void settings_reload(void *values)
{
	char message[1024];
	const struct common_settings *common = values;
	assert(loaded.program);
	void *fresh = calloc(1, loaded.program->values_size);
	memory_need(fresh);
	if (load(&loaded, fresh, message, sizeof(message)) < 0) {
		log_error(NULL, "the settings stay as they are: %s", message);
	} else {
		take_over(values, fresh);
		clear_values(&loaded, fresh);
		log_set_level((enum log_level)common->log_level);
		log_info(NULL, "settings read again");
	}
	free(fresh);
}

void settings_free(const struct program *program, void *values)
{
	struct settings_input input;
	make_input(&input, program);
	clear_values(&input, values);
	free_input(&input);
	if (loaded.program == program)
		free_input(&loaded);
}

void settings_write_completion(const struct program *program, const char *verb, FILE *out)
{
	struct settings_input input;
	make_input(&input, program);
	settings_write_bash(&input, verb, out);
	free_input(&input);
}

void settings_write_manual(const struct program *program, FILE *out)
{
	struct settings_input input;
	make_input(&input, program);
	settings_write_man(&input, out);
	free_input(&input);
}
