/* What the verbs of umbractl share: their options, the session with the control log, and writing to
 * it. */
#ifndef UMBRA_CONTROL_UMBRACTL_H
#define UMBRA_CONTROL_UMBRACTL_H

#include "common/control_log.h"
#include "common/definition.h"
#include "common/settings.h"
#include "common/topics.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_TOO_LITTLE = 4 };

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NAME };

struct ctl_settings {
	struct common_settings common;
	struct string_list principals, captured; /* of acls */
	char *kind; /* of diff */
	char *file, *reason, *author, *from, *to, *key;
	bool watch; /* of report */
	int64_t last_us, least; /* likewise */
	bool dry_run, no_create, reset_start, yes, follow;
	int output; /* enum output */
	int64_t event_partitions; /* 0: not given */
	int64_t replication;
	int64_t count; /* -1: all */
	int64_t timeout_us; /* of everything that waits for a broker */
	double percent; /* -1: the test's own */
};

/* Which change came with which accepted record: read for conflicts. */
struct seen_change {
	int64_t generation;
	int64_t append_time_us;
	enum object_kind kind;
	char *name;
	char *author;
};

struct ctl {
	struct ctl_settings settings;
	char **operands;
	int n_operands;
	struct control_log *log;
	const struct control_state *state;
	rd_kafka_t *rk; /* for metadata, offsets and topics */
	struct seen_change *seen;
	size_t n_seen;
};

/* A verb: its own page of help and options, and what it does; the result is the exit status. */
struct verb {
	const char *name;
	struct program program;
	int (*run)(struct ctl *ctl);
};

extern const struct verb verb_acls, verb_apply, verb_cancel, verb_cat, verb_complete, verb_delete,
	verb_describe, verb_diff, verb_get, verb_history, verb_init, verb_report, verb_sample_hash,
	verb_set, verb_set_start, verb_start;

/* options.c: rows of the verbs' tables. */
#define CTL_AT(field) offsetof(struct ctl_settings, field)
#define OPTION_TIMEOUT \
	{ \
		.option = "timeout", .type = SETTING_DURATION, .offset = CTL_AT(timeout_us), \
		.fallback = "30s", .min = 1000000, .max = INT64_C(3600000000), \
		.argument = "DURATION", .help = "How long to wait for the brokers." \
	}
#define OPTION_WRITE \
	{.option = "reason", \
		.type = SETTING_STRING, \
		.offset = CTL_AT(reason), \
		.argument = "TEXT", \
		.help = "Why, for the history."}, \
	{ \
		.option = "author", .type = SETTING_STRING, .offset = CTL_AT(author), \
		.argument = "NAME", .help = "Who, for the history; default: user@host." \
	}
#define OPTION_OUTPUT \
	{ \
		.option = "output", .letter = 'o', .type = SETTING_CHOICE, \
		.offset = CTL_AT(output), .fallback = "table", .choices = ctl_outputs, \
		.argument = "table|json", .help = "How the answer looks." \
	}
#define OPTION_YES \
	{ \
		.option = "yes", .letter = 'y', .type = SETTING_BOOL, .offset = CTL_AT(yes), \
		.fallback = "false", .help = "Do not ask." \
	}
/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers take none */
#define CTL_PROGRAM(usage, sentence, more, table, operands) \
	{ \
		.name = "umbractl", .summary = sentence, .synopsis = usage, .details = more, \
		.settings = table, .n_settings = sizeof(table) / sizeof((table)[0]), \
		.values_size = sizeof(struct ctl_settings), .max_operands = operands, \
		.log_default = "off" \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
extern const char *const ctl_outputs[];

/* session.c */

/* Says "umbractl: ..." on standard error and returns EXIT_FAILED. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with EXIT_USAGE. */
int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Opens the reader for metadata. 0, else the exit status, the message being written. */
int ctl_connect(struct ctl *ctl);
/* ... and the control log, read to its end. */
int ctl_open(struct ctl *ctl);
/* Reads the log to its end once more. */
int ctl_catch_up(struct ctl *ctl);
void ctl_close(struct ctl *ctl);
int ctl_timeout_ms(const struct ctl *ctl);

/* Adds a change to the record; `definition` is taken over, NULL: a deletion. */
void record_add(
	struct control_record *record, enum object_kind kind, const char *name, json_t *definition);

/* Appends the record, again if others wrote meanwhile and touched none of its objects. Returns the
 * exit status; what went wrong is written. */
int ctl_commit(struct ctl *ctl, struct control_record *record);
/* One change, committed. */
int ctl_commit_one(struct ctl *ctl, enum object_kind kind, const char *name, json_t *definition);

/* The object of that name; NULL after a message that proposes the nearest one. */
struct test *ctl_find_test(struct ctl *ctl, const char *name);
struct endpoint *ctl_find_endpoint(struct ctl *ctl, const char *name);

/* Asks on the terminal unless --yes. 0: go on, else the exit status. */
int ctl_confirm(const struct ctl *ctl, const char *question);

/* get.c: the definition, and what follows from the log; new references. */
json_t *endpoint_to_json(const struct endpoint *endpoint);
json_t *test_to_json(const struct test *test);

/* start_position.c: the first offset of each partition of `topic`, as a new JSON array. `from` is
 * "now", "earliest", or a time in microseconds. A topic that is not there yet: an empty array, all
 * its partitions start at 0. NULL after a message. */
json_t *resolve_start(struct ctl *ctl, const char *topic, const json_t *from);

#endif
