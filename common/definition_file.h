/* Definition files, as umbractl applies them: libconfig to the log's JSON, by the same table of
 * fields. All problems of a file are gathered, each as `file:line: message`. */
#ifndef UMBRA_COMMON_DEFINITION_FILE_H
#define UMBRA_COMMON_DEFINITION_FILE_H

#include "common/definition.h"
#include <libconfig.h>

/* What a file says of one object. */
struct definition_object {
	enum object_kind kind;
	char *name;
	json_t *json; /* as the log holds it, defaults filled in. `start` and
			 `epoch`, start_us and end_us are provisional: they depend on what is there */
	json_t *wish; /* what only a file has: "from", "start", "duration", "end" */
	config_setting_t *setting;
};

struct definition_line {
	char *place; /* "file:line" */
	char *message;
};

struct definition_file {
	const char *path;
	config_t config;
	struct definition_object *objects; /* endpoints first, each kind in the file's order */
	size_t n_objects;
	struct definition_line *problems; /* sorted by line */
	size_t n_problems;
};

/* Reads the file. -1 and errstr, `file:line: message`: it cannot be read at all. 0: see problems.
 * Times that the file leaves open are taken from `now_us`. */
int definition_file_read(struct definition_file *file, const char *path, int64_t now_us,
	char *errstr, size_t errstr_size) __attribute__((warn_unused_result));
void definition_file_fini(struct definition_file *file);

/* A definition_report: adds a problem at the line of the field; `opaque` is the file. */
void definition_file_report(void *opaque, const struct definition_problem *problem);

/* Sets start_us and end_us in `json` as `wish` says. `old` is the test as it stands, NULL: none: what
 * has begun keeps its beginning. */
void definition_schedule(json_t *json, json_t *wish, const struct test *old, int64_t now_us);

#endif
