/* The settings of a program: what is taken from where, and every wrong command line and file with
 * the one line that answers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/config_file.h"
#include "common/settings.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct values {
	struct common_settings common;
	char *name;
	int64_t span, timeout, body, big;
	double ratio;
	bool strict;
	int mode;
	struct string_list files;
};

static const char *const modes[] = {"copy", "tap", NULL};

static const struct setting table[] = {
	{.path = "name",
		.option = "name",
		.letter = 'n',
		.type = SETTING_STRING,
		.offset = offsetof(struct values, name),
		.help = "A name."},
	{.path = "limits.span",
		.option = "span",
		.letter = 's',
		.type = SETTING_INT,
		.offset = offsetof(struct values, span),
		.fallback = "1000",
		.min = 1,
		.max = 100000,
		.reloadable = true,
		.help = "Records."},
	{.path = "limits.timeout",
		.option = "timeout",
		.type = SETTING_DURATION,
		.offset = offsetof(struct values, timeout),
		.fallback = "2s",
		.min = 1000,
		.max = 60000000,
		.help = "How long."},
	{.path = "limits.body",
		.type = SETTING_SIZE,
		.offset = offsetof(struct values, body),
		.fallback = "6MiB",
		.min = 1024,
		.max = INT64_MAX,
		.help = "How large."},
	{.path = "limits.big",
		.type = SETTING_INT,
		.offset = offsetof(struct values, big),
		.help = "Any number."},
	{.path = "ratio",
		.option = "ratio",
		.type = SETTING_DOUBLE,
		.offset = offsetof(struct values, ratio),
		.fallback = "0.5",
		.min = 0,
		.max = 1,
		.help = "A part."},
	{.path = "strict",
		.option = "strict",
		.type = SETTING_BOOL,
		.offset = offsetof(struct values, strict),
		.fallback = "false",
		.help = "Strictly."},
	{.path = "mode",
		.option = "mode",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct values, mode),
		.fallback = "copy",
		.choices = modes,
		.help = "The way."},
	{.path = "files",
		.option = "file",
		.letter = 'f',
		.type = SETTING_LIST,
		.offset = offsetof(struct values, files),
		.argument = "FILE",
		.help = "Files."},
};

static int check_whole(const void *values, char *errstr, size_t errstr_size)
{
	const struct values *v = values;
	if (v->strict && v->ratio > 0.9) {
		snprintf(errstr, errstr_size, "strict goes only with a ratio of at most 0.9");
		return -1;
	}
	return 0;
}

static const struct program program = {.name = "umbra-test",
	.summary = "tests settings",
	.synopsis = "[OPTION]... [WORD]",
	.details = "First.\n\n.Second -- with a \\ in it.\n\nget   gets\nput   puts",
	.settings = table,
	.n_settings = sizeof(table) / sizeof(table[0]),
	.values_size = sizeof(struct values),
	.admin_default = "127.0.0.1:0",
	.max_operands = 1,
	.check = check_whole};

/* Every test runs in a folder of its own. */
static char folder[] = P_tmpdir "/umbra-settings-XXXXXX";
static char output[65536];

static int enter_folder(void **state)
{
	(void)state;
	setenv("UMBRA_TEST_SECRET", "geheim", 1);
	setenv("UMBRA_TEST_SPAN", "77", 1);
	unsetenv("UMBRA_TEST_NONE");
	return mkdtemp(folder) && chdir(folder) == 0 && mkdir("inc", 0700) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	static const char *const names[] = {
		"x.conf", "inc/y.conf", "inc/z.conf", "pw", "stdout", "stderr", "inc"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(names[i]);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void read_output(const char *path)
{
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	output[fread(output, 1, sizeof(output) - 1, file)] = '\0';
	fclose(file);
}

static int divert(int fd, const char *path)
{
	fflush(stdout);
	int kept = dup(fd);
	assert_non_null(freopen(path, "we", fd == STDERR_FILENO ? stderr : stdout));
	return kept;
}

static void undo(int fd, int kept)
{
	fflush(fd == STDERR_FILENO ? stderr : stdout);
	dup2(kept, fd);
	close(kept);
}

/* Loads with the words of `line`, which are separated by blanks; standard error goes to `output`. */
static int load(struct values *values, const char *line)
{
	static char words[1024];
	char *argv[32] = {"umbra-test"}, *rest;
	int argc = 1;
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	int kept = divert(STDERR_FILENO, "stderr");
	int status = settings_load(&program, argc, argv, values);
	undo(STDERR_FILENO, kept);
	read_output("stderr");
	return status;
}

static int load_file(struct values *values, const char *text)
{
	write_file("x.conf", text);
	return load(values, "-c x.conf");
}

static void without_file_and_options_the_defaults_hold(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(load(&v, ""), -1);
	assert_null(v.name);
	assert_int_equal(v.span, 1000);
	assert_int_equal(v.timeout, 2000000);
	assert_int_equal(v.body, 6 << 20);
	assert_int_equal(v.big, 0);
	assert_true(v.ratio == 0.5);
	assert_false(v.strict);
	assert_int_equal(v.mode, 0);
	assert_int_equal(v.files.n, 0);
	assert_string_equal(v.common.brokers, "localhost:9092");
	assert_string_equal(v.common.prefix, "umbra.");
	assert_string_equal(v.common.admin, "127.0.0.1:0");
	assert_int_equal(v.common.log_level, LOG_INFO);
	assert_null(v.common.instance);
	settings_free(&program, &v);
}

static const char *const whole_file =
	"# a comment with 99999999999 and a \" in it\n"
	"brokers = \"a:1,b:2\"; // 99999999999\n"
	"name = \"x\\\"99999999999\"; /* 99999999999\n \" */\n"
	"limits = { span = 2; timeout = \"1.5s\"; body = 4096; big = 9223372036854775807L; };\n"
	"ratio = 1;\nstrict = false;\nmode = \"tap\";\nadmin = \"\";\n"
	"files = [ \"p\", \"q\" ];\n"
	"log: { level: \"warn\", format: \"json\" }\n"
	"kafka = { properties = ( \"linger.ms=5\", \"sasl.password=${UMBRA_TEST_SECRET}\" ); };\n";

static void the_file_is_read_and_the_command_line_overrules_it(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(load_file(&v, whole_file), -1);
	assert_string_equal(v.common.brokers, "a:1,b:2");
	assert_string_equal(v.name, "x\"99999999999");
	assert_int_equal(v.timeout, 1500000);
	assert_int_equal(v.body, 4096);
	assert_true(v.big == INT64_MAX);
	assert_true(v.ratio == 1);
	assert_int_equal(v.mode, 1);
	assert_string_equal(v.common.admin, "");
	assert_int_equal(v.common.log_level, LOG_WARN);
	assert_int_equal(v.common.log_format, LOG_JSON);
	assert_string_equal(v.common.properties.items[1], "sasl.password=geheim");
	settings_free(&program, &v);
	assert_int_equal(
		load(&v, "word -c x.conf -s 3 --mode=copy -f r -Xlinger.ms=6 --strict=no"), -1);
	assert_int_equal(v.span, 3);
	assert_int_equal(v.mode, 0);
	assert_int_equal(v.files.n, 3);
	assert_string_equal(v.files.items[2], "r");
	assert_string_equal(v.common.properties.items[2], "linger.ms=6");
	char **operands;
	assert_int_equal(settings_operands(&operands), 1);
	assert_string_equal(operands[0], "word");
	settings_free(&program, &v);
}

static void numbers_may_come_from_the_environment(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(load_file(&v, "limits = { span = \"${UMBRA_TEST_SPAN}\"; };"), -1);
	assert_int_equal(v.span, 77);
	settings_free(&program, &v);
}

static void an_include_is_relative_to_the_file(void **state)
{
	(void)state;
	struct values v;
	write_file("inc/y.conf", "@include \"z.conf\"\nlimits = { span = 5; };\n");
	write_file("inc/z.conf", "name = \"z\";\n");
	assert_int_equal(load(&v, "-c inc/y.conf"), -1);
	assert_int_equal(v.span, 5);
	assert_string_equal(v.name, "z");
	settings_free(&program, &v);
	write_file("inc/z.conf", "\nnmae = \"z\";\n");
	assert_int_equal(load(&v, "-c inc/y.conf"), 2);
	assert_string_equal(
		output, "inc/z.conf:2: nmae: unknown setting; did you mean \"name\"?\n");
	write_file("inc/z.conf", "limits = { big = 2147483648; };");
	assert_int_equal(load(&v, "-c inc/y.conf"), 2);
	assert_string_equal(output,
		"inc/z.conf:1: 2147483648 is beyond 32 bits and needs an L: write 2147483648L\n");
	write_file("x.conf", "\n@include \"inc\"\n");
	assert_int_equal(load(&v, "-c x.conf"), 2);
	assert_string_equal(output, "x.conf:2: cannot read inc: Is a directory\n");
	write_file("x.conf", "@include \"x.conf\"\n");
	assert_int_equal(load(&v, "-c x.conf"), 2);
	assert_non_null(strstr(output, "x.conf:1: "));
	/* would be read a thousand times, and with ten more a trillion times */
	write_file("x.conf", "@include \"x.conf\"\n@include \"x.conf\"\n");
	assert_int_equal(load(&v, "-c x.conf"), 2);
	assert_non_null(strstr(output, "more than 100 files are included\n"));
}

struct wrong {
	const char *given, *message;
};

static const struct wrong wrong_lines[] = {
	{"--brokrs=geheim", "umbra-test: unknown option --brokrs; did you mean --brokers?"},
	{"--zzzzzz", "umbra-test: unknown option --zzzzzz; --help lists all"},
	{"-z", "umbra-test: unknown option -z; --help lists all"},
	{"--pr=x", "umbra-test: --pr may mean several options; write one in full"},
	{"--span", "umbra-test: option --span needs a value: --span=N"},
	{"-s", "umbra-test: option --span needs a value: --span=N"},
	{"-f", "umbra-test: option --file needs a value: --file=FILE"},
	{"-s 0", "umbra-test: --span: \"0\" is out of range: 1 to 100000"},
	{"--span=100001", "umbra-test: --span: \"100001\" is out of range: 1 to 100000"},
	{"--span=ten", "umbra-test: --span: \"ten\" is not a whole number"},
	{"--span=99999999999999999999",
		"umbra-test: --span: \"99999999999999999999\" is not a whole number"},
	{"--timeout=5",
		"umbra-test: --timeout: \"5\" is not a duration with its unit, as 250ms, 2s or 7d"},
	{"--timeout=2m", "umbra-test: --timeout: \"2m\" is out of range: 1ms to 1m"},
	{"--ratio=x", "umbra-test: --ratio: \"x\" is not a number"},
	{"--ratio=1.5", "umbra-test: --ratio: \"1.5\" is out of range: 0 to 1"},
	{"--strict=maybe", "umbra-test: --strict: \"maybe\" is not true or false"},
	{"--mode=fast", "umbra-test: --mode: \"fast\" is none of copy, tap"},
	{"--log-level=loud",
		"umbra-test: --log-level: \"loud\" is none of off, error, warn, info, debug"},
	{"--brokers=", "umbra-test: --brokers: it is empty; write HOST:PORT, several with commas"},
	{"--prefix=a/b",
		"umbra-test: --prefix: it may hold 100 of the characters A-Z a-z 0-9 . _ -"},
	{"-X linger.ms=geheim",
		"umbra-test: --property: librdkafka does not take the value of property "
		"\"linger.ms\"; see its CONFIGURATION.md"},
	{"-X geheim", "umbra-test: --property: a property is written NAME=VALUE"},
	{"--name=${UMBRA_TEST_NONE}",
		"umbra-test: --name: the environment variable UMBRA_TEST_NONE is "
		"not set; set it, or write the value in its place"},
	{"--mode=${UMBRA_TEST_SECRET}",
		"umbra-test: --mode: \"${UMBRA_TEST_SECRET}\" is none of copy, tap"},
	{"a b", "umbra-test: unexpected word \"b\"; usage: umbra-test [OPTION]... [WORD]"},
	{"--strict --ratio=0.95", "umbra-test: strict goes only with a ratio of at most 0.9"},
	{"-c none.conf", "umbra-test: cannot read none.conf: No such file or directory"},
	{"-c .", "umbra-test: cannot read .: Is a directory"},
	{"--help=html", "umbra-test: --help has two other forms: --help=man, --help=bash"},
};

static const struct wrong wrong_files[] = {
	{"nmae = \"x\";", "x.conf:1: nmae: unknown setting; did you mean \"name\"?"},
	{"\n\nlimits = {\n spam = 5; };",
		"x.conf:4: limits.spam: unknown setting; did you mean \"limits.span\"?"},
	{"span = 5;", "x.conf:1: span: unknown setting; did you mean \"limits.span\"?"},
	{"quite_another = 5;", "x.conf:1: quite_another: unknown setting; --help lists all"},
	{"config = \"y\";", "x.conf:1: config: unknown setting; --help lists all"},
	{"limits = 5;", "x.conf:1: limits: write a group in braces: { ... };"},
	{"name = 5;", "x.conf:1: name: write text in quotes"},
	{"name = { a = 1; };", "x.conf:1: name: write text in quotes"},
	{"name = [ \"a\" ];", "x.conf:1: name: write text in quotes"},
	{"limits = { span = \"5\"; };",
		"x.conf:1: limits.span: write a whole number, without quotes"},
	{"limits = { span = 1.5; };",
		"x.conf:1: limits.span: write a whole number, without quotes"},
	{"limits = {\nspan = 0; };", "x.conf:2: limits.span: \"0\" is out of range: 1 to 100000"},
	{"limits = { span = 3000000000L; };",
		"x.conf:1: limits.span: \"3000000000\" is out of range: 1 to 100000"},
	{"limits = { span = 4294967297; };",
		"x.conf:1: 4294967297 is beyond 32 bits and needs an L: write 4294967297L"},
	{"limits = { big = -2147483649; };",
		"x.conf:1: -2147483649 is beyond 32 bits and needs an L: write -2147483649L"},
	{"limits = { big = 0x80000000; };",
		"x.conf:1: 0x80000000 is beyond 32 bits and needs an L: write 0x80000000L"},
	{"limits = { big = 9223372036854775808L; };",
		"x.conf:1: 9223372036854775808 is beyond 64 bits"},
	{"limits = { big = 99999999999999999999; };",
		"x.conf:1: 99999999999999999999 is beyond 64 bits"},
	{"limits = { timeout = 5; };",
		"x.conf:1: limits.timeout: write a duration with its unit, in "
		"quotes, as \"250ms\", \"2s\" or \"7d\""},
	{"limits = { timeout = \"5\"; };",
		"x.conf:1: limits.timeout: \"5\" is not a duration with its "
		"unit, as 250ms, 2s or 7d"},
	{"limits = { timeout = 0; };",
		"x.conf:1: limits.timeout: \"0\" is out of range: 1ms to 1m"},
	{"limits = { body = 1023; };",
		"x.conf:1: limits.body: \"1023\" is out of range: at least 1KiB"},
	{"limits = { body = 1.5; };",
		"x.conf:1: limits.body: write a number of bytes, or a size in quotes, as "
		"\"64KiB\""},
	{"limits = { body = \"x\"; };",
		"x.conf:1: limits.body: \"x\" is not a size, as 512, 64KiB or 6MiB"},
	{"ratio = \"0.5\";", "x.conf:1: ratio: write a number, without quotes"},
	{"ratio = 2;", "x.conf:1: ratio: \"2\" is out of range: 0 to 1"},
	{"ratio = -0.25;", "x.conf:1: ratio: \"-0.25\" is out of range: 0 to 1"},
	{"strict = 1;", "x.conf:1: strict: write true or false, without quotes"},
	{"strict = \"${UMBRA_TEST_SECRET}\";",
		"x.conf:1: strict: \"${UMBRA_TEST_SECRET}\" is not true or false"},
	{"mode = \"fast\";", "x.conf:1: mode: \"fast\" is none of copy, tap"},
	{"mode = 1;", "x.conf:1: mode: write one of these words, in quotes: copy, tap"},
	{"files = \"a\";", "x.conf:1: files: write a list of texts, as [ \"a\", \"b\" ]"},
	{"files = (\"a\",\n 5 );", "x.conf:2: files: write a list of texts, as [ \"a\", \"b\" ]"},
	{"name = \"${UMBRA_TEST_NONE}\";",
		"x.conf:1: name: the environment variable UMBRA_TEST_NONE is not set; set it, or "
		"write "
		"the value in its place"},
	{"kafka = { properties = [ \"linger.ms=5\",\n\"sasl.pasword=geheim\" ]; };",
		"x.conf:2: kafka.properties: librdkafka has no property \"sasl.pasword\"; did you "
		"mean "
		"\"sasl.password\"?"},
	{"name = \"a\";\nname = \"b\";", "x.conf:2: duplicate setting name"},
	{"name = \"a\n", "x.conf:2: syntax error"},
	{"files = [ \"a\", ];", "x.conf:1: syntax error"},
	{"@include \"none.conf\"\n", "x.conf:1: cannot read none.conf: No such file or directory"},
};

static void assert_refused(int status, const struct wrong *wrong)
{
	char expected[1024];
	snprintf(expected, sizeof(expected), "%s\n", wrong->message);
	if (status != 2 || strcmp(output, expected) != 0)
		fail_msg("given:    %s\nexpected: %sanswer:   %s(status %d)", wrong->given,
			expected, output, status);
	assert_null(strstr(output, "geheim"));
}

static void every_wrong_command_line_gets_its_line(void **state)
{
	(void)state;
	struct values v;
	for (size_t i = 0; i < sizeof(wrong_lines) / sizeof(wrong_lines[0]); i++)
		assert_refused(load(&v, wrong_lines[i].given), &wrong_lines[i]);
}

static void every_wrong_file_gets_its_line_with_the_place(void **state)
{
	(void)state;
	struct values v;
	for (size_t i = 0; i < sizeof(wrong_files) / sizeof(wrong_files[0]); i++)
		assert_refused(load_file(&v, wrong_files[i].given), &wrong_files[i]);
}

static void a_nul_byte_does_not_end_a_file_early(void **state)
{
	(void)state;
	struct values v;
	FILE *file = fopen("x.conf", "we");
	fwrite("name=\"a\";\0nmae=1;", 1, 17, file);
	fclose(file);
	assert_int_equal(load(&v, "-c x.conf"), 2);
	assert_string_equal(
		output, "umbra-test: cannot read x.conf: it holds a NUL byte, so it is no text\n");
}

static void a_missing_required_setting_is_named(void **state)
{
	(void)state;
	struct setting needed[3] = {table[0], table[3], table[0]};
	struct program strict = program;
	char *argv[] = {"umbra-test", "-nx"};
	struct values v;
	needed[0].required = true;
	needed[1].required = true;
	strict.settings = needed;
	strict.n_settings = 2;
	for (int given = 0; given < 2; given++) {
		int kept = divert(STDERR_FILENO, "stderr");
		int status = settings_load(&strict, 1 + given, argv, &v);
		undo(STDERR_FILENO, kept);
		read_output("stderr");
		assert_int_equal(status, 2);
		assert_string_equal(output,
			given ? "umbra-test: a setting is missing: \"limits.body\" in the file\n"
			      : "umbra-test: a setting is missing: --name=TEXT, or \"name\" in the "
				"file\n");
	}
	assert_int_equal(load(&v, ""), -1); /* lets go of the table on this stack */
	settings_free(&program, &v);
}

/* Loads with standard output in `output`. */
static int load_and_print(const char *line)
{
	struct values v;
	int kept = divert(STDOUT_FILENO, "stdout");
	int status = load(&v, line);
	undo(STDOUT_FILENO, kept);
	read_output("stdout");
	settings_free(&program, &v);
	return status;
}

static void assert_prints(const char *const *parts)
{
	for (; *parts; parts++) {
		if (!strstr(output, *parts))
			fail_msg("missing: %s\n%s", *parts, output);
	}
}

static void help_names_every_setting_in_80_columns(void **state)
{
	(void)state;
	static const char *const parts[] = {
		"Usage: umbra-test [OPTION]... [WORD]\ntests settings\n\nFirst.\n\n.Second -- with "
		"a \\ in it.\n\nget   gets\nput   puts\n\nOptions:\n",
		"  -s, --span=N  ", "[1 to 100000; default 1000;",
		"limits.span; SIGHUP applies a change]", "  -X, --property=NAME=VALUE ",
		"[copy, tap; default copy; file: mode]", "In the file only:\n",
		"  limits.body=SIZE ", "      --check-config  ", "  -V, --version ", NULL};
	assert_int_equal(load_and_print("--help"), 0);
	assert_prints(parts);
	for (char *line = output; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 79);
	assert_int_equal(load_and_print("-h"), 0);
	assert_prints(parts);
}

static void version_names_the_libraries(void **state)
{
	(void)state;
	static const char *const parts[] = {"umbra-test ", "\nlibrdkafka ", "\nlibcurl ",
		"\navro-c 1.", "\nlibconfig 1.", "\njansson ", "\nlibmicrohttpd ", "\nxxHash 0.",
		NULL};
	assert_int_equal(load_and_print("--version"), 0);
	assert_prints(parts);
	assert_int_equal(load_and_print("-V"), 0);
	assert_prints(parts);
}

static void the_manual_is_made_from_the_table(void **state)
{
	(void)state;
	static const char *const parts[] = {".TH UMBRA\\-TEST 1 ",
		".SH NAME\numbra\\-test \\- tests settings\n", ".SH SYNOPSIS\n",
		".PP\n.nf\nget   gets\nput   puts\n.fi\n",
		"\n\\&.Second \\-\\- with a \\e in it.\n",
		".TP\n.B \\-s, \\-\\-span=N\nRecords. [1 to", ".TP\n.B limits.body=SIZE\n",
		".SH EXIT STATUS\n", NULL};
	assert_int_equal(load_and_print("--help=man"), 0);
	assert_prints(parts);
	FILE *out = fopen("stdout", "we");
	settings_write_manual(&program, out);
	fclose(out);
	read_output("stdout");
	assert_prints(parts);
}

static void the_completion_is_made_from_the_table(void **state)
{
	(void)state;
	static const char *const parts[] = {"_umbra_options['umbra-test']='--help --version ",
		" --mode=copy|tap", " --span=N -s=N", " --config=FILE -c=FILE --check-config'\n",
		"_umbra_operands['umbra-test']=' WORD'\n",
		"complete -F _umbra_complete umbra-test\n", NULL};
	assert_int_equal(load_and_print("--help=bash"), 0);
	assert_prints(parts);
}

static void operands_are_the_words_of_the_synopsis(void **state)
{
	(void)state;
	struct program copy = program;
	static const char *const parts[] = {"_umbra_options['umbra-test put']='",
		"_umbra_operands['umbra-test put']=' a|b NAME FIELD=VALUE... WORD...'\n", NULL};
	copy.synopsis = "put a|b NAME -f FILE --from now|TIME FIELD=VALUE... [OPTION]... [WORD]...";
	FILE *out = fopen("stdout", "we");
	settings_write_completion(&copy, "put", out);
	fclose(out);
	read_output("stdout");
	assert_prints(parts);
}

static void check_config_only_checks(void **state)
{
	(void)state;
	struct values v;
	write_file("x.conf", whole_file);
	assert_int_equal(load_and_print("--check-config -c x.conf"), 0);
	assert_string_equal(output, "umbra-test: the configuration is good\n");
	write_file("x.conf", "mode = 1;");
	assert_int_equal(load(&v, "--check-config -c x.conf"), 2);
}

static void reload(struct values *v)
{
	int kept = divert(STDERR_FILENO, "stderr");
	settings_reload(v);
	undo(STDERR_FILENO, kept);
	read_output("stderr");
}

static void a_reload_takes_what_may_change_and_says_what_may_not(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(
		load_file(&v, "name = \"a\"; limits = { span = 5; }; files = [ \"p\" ];"), -1);
	write_file("x.conf",
		"name = \"b\"; limits = { span = 6; }; files = [ \"p\" ]; log = { level = "
		"\"debug\"; };");
	reload(&v);
	assert_int_equal(v.span, 6);
	assert_string_equal(v.name, "a");
	assert_int_equal(v.common.log_level, LOG_DEBUG);
	assert_non_null(strstr(output, "name has changed in the file; that needs a restart"));
	assert_null(strstr(output, "files has changed"));
	settings_free(&program, &v);
}

static void a_reload_of_a_bad_file_changes_nothing_and_says_why(void **state)
{
	(void)state;
	struct values v;
	assert_int_equal(load_file(&v, "limits = { span = 5; };"), -1);
	write_file("x.conf", "limits = { span = 6; }; ratio = 7;");
	reload(&v);
	assert_int_equal(v.span, 5);
	assert_non_null(strstr(output,
		"the settings stay as they are: x.conf:1: ratio: \"7\" is out of range: 0 to 1\n"));
	remove("x.conf");
	log_flush();
	reload(&v);
	assert_int_equal(v.span, 5);
	assert_non_null(strstr(output, "cannot read x.conf: No such file or directory"));
	settings_free(&program, &v);
}

static void a_program_without_admin_port_has_no_such_setting(void **state)
{
	(void)state;
	struct program plain = program;
	char *argv[] = {"umbra-test", "--admin=x"};
	struct values v;
	plain.admin_default = NULL;
	int kept = divert(STDERR_FILENO, "stderr");
	int status = settings_load(&plain, 2, argv, &v);
	undo(STDERR_FILENO, kept);
	read_output("stderr");
	assert_int_equal(status, 2);
	assert_non_null(strstr(output, "unknown option --admin"));
	settings_free(&plain, &v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_file_and_options_the_defaults_hold),
		cmocka_unit_test(the_file_is_read_and_the_command_line_overrules_it),
		cmocka_unit_test(numbers_may_come_from_the_environment),
		cmocka_unit_test(an_include_is_relative_to_the_file),
		cmocka_unit_test(every_wrong_command_line_gets_its_line),
		cmocka_unit_test(every_wrong_file_gets_its_line_with_the_place),
		cmocka_unit_test(a_nul_byte_does_not_end_a_file_early),
		cmocka_unit_test(a_missing_required_setting_is_named),
		cmocka_unit_test(help_names_every_setting_in_80_columns),
		cmocka_unit_test(version_names_the_libraries),
		cmocka_unit_test(the_manual_is_made_from_the_table),
		cmocka_unit_test(the_completion_is_made_from_the_table),
		cmocka_unit_test(operands_are_the_words_of_the_synopsis),
		cmocka_unit_test(check_config_only_checks),
		cmocka_unit_test(a_reload_takes_what_may_change_and_says_what_may_not),
		cmocka_unit_test(a_reload_of_a_bad_file_changes_nothing_and_says_why),
		cmocka_unit_test(a_program_without_admin_port_has_no_such_setting),
	};
	int failed = cmocka_run_group_tests(tests, enter_folder, leave_folder);
	log_flush();
	return failed;
}
