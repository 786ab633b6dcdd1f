/* --help, --version and the manual page, all from the table. */
#include "common/memory.h"
#include "common/settings_private.h"
#include "common/text.h"
#include <curl/curl.h>
#include <jansson.h>
#include <libconfig.h>
#include <librdkafka/rdkafka.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WIDTH = 79, INDENT = 30 };

/* Writes words up to WIDTH columns, the following lines indented; `column` is where it begins. */
static void write_wrapped(FILE *out, const char *text, int column, int indent)
{
	while (*text) {
		int length = (int)strcspn(text, " \n");
		if (column > indent && column + 1 + length > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		column += fprintf(out, "%.*s", length, text);
		text += length;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

/* A paragraph with two blanks in a row is a table: its lines stay as they are. */
static bool is_table(const char *paragraph)
{
	return strstr(paragraph, "  ") != NULL;
}

/* Paragraphs are separated by an empty line. */
static void each_paragraph(
	FILE *out, const char *text, void (*write)(FILE *out, const char *paragraph))
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t size = end ? (size_t)(end - text) : strlen(text);
		char *paragraph = strndup(text, size);
		memory_need(paragraph);
		write(out, paragraph);
		free(paragraph);
		text += size;
		text += strspn(text, "\n");
	}
}

static void help_paragraph(FILE *out, const char *text)
{
	fputc('\n', out);
	if (is_table(text))
		fprintf(out, "%s\n", text);
	else
		write_wrapped(out, text, 0, 0);
}

/* Adds `text` to the list in brackets that follows a sentence. */
static void add_fact(char *facts, size_t size, const char *label, const char *text)
{
	size_t n = strlen(facts);
	if (*text)
		snprintf(facts + n, size - n, "%s%s%s", n ? "; " : "", label, text);
}

/* "Sentence. [1 to 100; default 10; file: span.limit]" */
static void describe(const struct setting *setting, char *buffer, size_t size)
{
	char range[2 * TEXT_MAX + 16], choices[256] = "", facts[600] = "";
	setting_describe_range(setting, range, sizeof(range));
	if (setting->choices)
		setting_describe_choices(setting, choices, sizeof(choices));
	add_fact(facts, sizeof(facts), "", range);
	add_fact(facts, sizeof(facts), "", choices);
	if (setting->fallback && setting->type != SETTING_BOOL)
		add_fact(facts, sizeof(facts), "default ", setting->fallback);
	add_fact(facts, sizeof(facts), "", setting->required ? "required" : "");
	if (setting->path && setting->option)
		add_fact(facts, sizeof(facts), "file: ", setting->path);
	add_fact(facts, sizeof(facts), "", setting->reloadable ? "SIGHUP applies a change" : "");
	snprintf(buffer, size, *facts ? "%s [%s]" : "%s", setting->help, facts);
}

static int write_name(FILE *out, const struct setting *setting)
{
	if (!setting->option && !setting->letter)
		return fprintf(out, "  %s=%s", setting->path, setting_argument(setting));
	int n = fprintf(out, setting->letter ? "  -%c" : "    ", setting->letter);
	if (setting->option)
		n += fprintf(out, "%s--%s", setting->letter ? ", " : "  ", setting->option);
	if (setting->type != SETTING_BOOL)
		n += fprintf(out, "%s%s", setting->option ? "=" : " ", setting_argument(setting));
	return n;
}

static void write_setting(FILE *out, const struct setting *setting)
{
	char text[1024];
	int column = write_name(out, setting);
	describe(setting, text, sizeof(text));
	if (column > INDENT - 2)
		fprintf(out, "\n%*s", INDENT, "");
	else
		fprintf(out, "%*s", INDENT - column, "");
	write_wrapped(out, text, INDENT, INDENT);
}

static bool is_file_only(const struct setting *setting)
{
	return !setting->option && !setting->letter;
}

static size_t count_file_only(const struct settings_input *input)
{
	size_t n = 0;
	for (size_t i = 0; i < input->n; i++)
		n += is_file_only(&input->table[i]);
	return n;
}

static const char *synopsis_of(const struct program *program)
{
	return program->synopsis ? program->synopsis : "[OPTION]...";
}

void settings_write_help(const struct settings_input *input, FILE *out)
{
	const struct program *program = input->program;
	fprintf(out, "Usage: %s %s\n%s\n", program->name, synopsis_of(program), program->summary);
	if (program->details)
		each_paragraph(out, program->details, help_paragraph);
	fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < input->n; i++) {
		if (!is_file_only(&input->table[i]))
			write_setting(out, &input->table[i]);
	}
	write_setting(out, &settings_help_option);
	write_setting(out, &settings_version_option);
	if (count_file_only(input))
		fprintf(out, "\nIn the file only:\n");
	for (size_t i = 0; i < input->n; i++) {
		if (is_file_only(&input->table[i]))
			write_setting(out, &input->table[i]);
	}
}

void settings_write_version(const struct program *program, FILE *out)
{
	fprintf(out, "%s %s\n", program->name, UMBRA_VERSION);
	fprintf(out, "librdkafka %s\n", rd_kafka_version_str());
	fprintf(out, "libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
	fprintf(out, "avro-c %s\n", UMBRA_AVRO_VERSION);
	fprintf(out, "libconfig %d.%d.%d\n", LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR,
		LIBCONFIG_VER_REVISION);
	fprintf(out, "jansson %s\n", jansson_version_str());
	fprintf(out, "libmicrohttpd %s\n", MHD_get_version());
	unsigned xxhash = XXH_versionNumber();
	fprintf(out, "xxHash %u.%u.%u\n", xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
}

/* Text for man(7): no character is taken for a command. */
static void man_text(FILE *out, const char *text)
{
	bool at_start = true;
	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		at_start = *text == '\n';
	}
}

static void man_paragraph(FILE *out, const char *text)
{
	bool table = is_table(text);
	fprintf(out, table ? ".PP\n.nf\n" : ".PP\n");
	man_text(out, text);
	fprintf(out, table ? "\n.fi\n" : "\n");
}

static void man_setting(FILE *out, const struct setting *setting)
{
	char text[1024], name[256], file[128];
	if (setting->letter)
		snprintf(name, sizeof(name), "-%c%s%s", setting->letter,
			setting->option ? ", --" : "", setting->option ? setting->option : "");
	else
		snprintf(name, sizeof(name), "%s%s", setting->option ? "--" : "",
			setting->option ? setting->option : setting->path);
	fprintf(out, ".TP\n.B ");
	man_text(out, name);
	if (setting->type != SETTING_BOOL || is_file_only(setting)) {
		snprintf(file, sizeof(file), "=%s", setting_argument(setting));
		man_text(out, file);
	}
	fputc('\n', out);
	describe(setting, text, sizeof(text));
	man_text(out, text);
	fputc('\n', out);
}

static void man_head(FILE *out, const struct program *program)
{
	char title[64];
	size_t i;
	for (i = 0; i < sizeof(title) - 1 && program->name[i]; i++) {
		char c = program->name[i];
		title[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	title[i] = '\0';
	fprintf(out, ".TH ");
	man_text(out, title);
	fprintf(out, " 1 \"\" \"Umbra %s\" \"Umbra\"\n.SH NAME\n", UMBRA_VERSION);
	man_text(out, program->name);
	fprintf(out, " \\- ");
	man_text(out, program->summary);
	fprintf(out, "\n.SH SYNOPSIS\n.B ");
	man_text(out, program->name);
	fputc('\n', out);
	man_text(out, synopsis_of(program));
	fprintf(out, "\n.SH DESCRIPTION\n");
	each_paragraph(out, program->details ? program->details : program->summary, man_paragraph);
}

static const char file_help[] =
	"The file of -c is written in libconfig's language: name = value; and groups in braces, so "
	"that log.level stands as log = { level = \"debug\"; };. Text, durations and sizes stand "
	"in "
	"quotes. A whole number beyond 32 bits needs an L behind it. @include \"FILE\" is relative "
	"to "
	"the folder of the file. ${NAME} in a text stands for a variable of the environment.";

static void man_file(FILE *out, const struct settings_input *input)
{
	fprintf(out, ".SH FILE\n");
	man_paragraph(out, file_help);
	for (size_t i = 0; i < input->n; i++) {
		if (is_file_only(&input->table[i]))
			man_setting(out, &input->table[i]);
	}
}

static void man_tail(FILE *out)
{
	fprintf(out,
		".SH SIGNALS\n.TP\n.B SIGTERM, SIGINT\nEnd what is under way, then the program; a "
		"second "
		"one ends it at once.\n.TP\n.B SIGHUP\nRead the file again. A bad file changes "
		"nothing.\n.SH EXIT STATUS\n0: done. 1: failed. 2: usage or configuration.\n");
}

void settings_write_man(const struct settings_input *input, FILE *out)
{
	man_head(out, input->program);
	fprintf(out, ".SH OPTIONS\n");
	for (size_t i = 0; i < input->n; i++) {
		if (!is_file_only(&input->table[i]))
			man_setting(out, &input->table[i]);
	}
	man_setting(out, &settings_help_option);
	man_setting(out, &settings_version_option);
	man_file(out, input);
	man_tail(out);
}
