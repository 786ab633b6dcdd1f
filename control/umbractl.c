/* umbractl: the operator's command. This file is its table of contents: the verbs, each of which has
 * its own file, options and page of help.
 *
 *   init.c           topics and the installation itself
 *   apply.c          definition files into the control log; start_position.c finds offsets
 *   get.c            endpoints and tests as tables
 *   describe.c       all fields of one
 *   test_verbs.c     start, complete, cancel, set, delete
 *   set_start.c      a new start position for an endpoint
 *   history.c        who changed what, when and why
 *   report.c         what a test has shown; report_*.c print it
 *   diff.c           examples of answers that differ; difference.c finds where
 *   windows.c        the windows that both begin with
 *   cat.c            any topic as JSON lines; cat_record.c writes one record
 *   reading.c        a topic from somewhere to its end
 *   sample_hash.c    would this key be copied?
 *   session.c        connecting, reading and writing the control log, asking */
#include "control/umbractl.h"
#include "common/schema.h"
#include "common/text.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *const verbs[] = {&verb_init, &verb_apply, &verb_get, &verb_describe,
	&verb_start, &verb_complete, &verb_cancel, &verb_set, &verb_delete, &verb_set_start,
	&verb_history, &verb_report, &verb_diff, &verb_cat, &verb_acls, &verb_sample_hash};
enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void write_verbs(FILE *out)
{
	for (size_t i = 0; i < N_VERBS; i++)
		settings_write_completion(&verbs[i]->program, verbs[i]->name, out);
}

static const struct program no_verb = {
	.name = "umbractl",
	.log_default = "off", /* what fails in the end it says itself */
	.summary = "Set up Umbra, define endpoints and shadow tests, and look at what is there.",
	.synopsis = "VERB [OPTION]... [OPERAND]...",
	.details = "init         create Umbra's own topics\n"
		   "apply        create or change endpoints and tests as a file says\n"
		   "get          list endpoints or tests\n"
		   "describe     show all of one endpoint or test\n"
		   "start        begin a test now\n"
		   "complete     end a test that did what it was meant to\n"
		   "cancel       end a test that did not\n"
		   "set          change a field of a test\n"
		   "delete       remove a test or an endpoint\n"
		   "set-start    let an endpoint read from another position\n"
		   "history      who changed what, when and why\n"
		   "report       what the windows of a test say\n"
		   "diff         examples of answers that differ, side by side\n"
		   "acls         print what each program needs to be allowed\n"
		   "cat          print a topic as JSON lines\n"
		   "sample-hash  would a request with this key be copied?\n\n"
		   "umbractl VERB --help tells more.",
	.values_size = sizeof(struct ctl_settings),
	.write_verbs = write_verbs,
};

/* Options before the verb that take their value from the next word. */
static bool takes_next(const char *word)
{
	static const char *const options[] = {"-b", "-c", "-X", "--brokers", "--prefix",
		"--property", "--instance", "--log-level", "--log-format", "--config"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(word, options[i]) == 0)
			return true;
	return false;
}

/* The index of the verb among the words; 0: there is none. */
static int find_verb(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		if (takes_next(argv[i]))
			i++;
	}
	return 0;
}

static int refuse_verb(const char *word)
{
	const char *names[N_VERBS], *nearest;

	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i]->name;
	nearest = text_nearest(word, names, N_VERBS);
	if (nearest)
		return ctl_usage("unknown verb \"%s\"; did you mean \"%s\"?", word, nearest);
	return ctl_usage("unknown verb \"%s\"; umbractl --help lists all", word);
}

/* Without a verb there is nothing but --help and --version. */
static int run_without_verb(int argc, char **argv)
{
	struct ctl_settings settings;
	int status = settings_load(&no_verb, argc, argv, &settings);

	if (status >= 0)
		return status;
	settings_free(&no_verb, &settings);
	return ctl_usage("a verb is missing; umbractl --help lists all");
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct ctl ctl = {0};
	int status = settings_load(&verb->program, argc, argv, &ctl.settings);

	if (status >= 0)
		return status;
	ctl.n_operands = settings_operands(&ctl.operands);
	status = verb->run(&ctl);
	ctl_close(&ctl);
	settings_free(&verb->program, &ctl.settings);
	return status;
}

int main(int argc, char **argv)
{
	int at = find_verb(argc, argv);
	int status = EXIT_USAGE;
	size_t i = 0;

	if (at == 0)
		return run_without_verb(argc, argv);
	while (i < N_VERBS && strcmp(verbs[i]->name, argv[at]) != 0)
		i++;
	if (i == N_VERBS)
		return refuse_verb(argv[at]);
	memmove(&argv[at], &argv[at + 1], (size_t)(argc - at) * sizeof(*argv));
	status = run_verb(verbs[i], argc - 1, argv);
	log_flush();
	schema_free_all();
	return status;
}
