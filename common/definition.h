/* The definitions of endpoints, tests and the installation: one table of fields
 * (definition_fields.c), read from the control log's JSON (here) and from the files that umbractl
 * applies (definition_file.h), and written for people (definition_text.h). Pure. */
#ifndef UMBRA_COMMON_DEFINITION_H
#define UMBRA_COMMON_DEFINITION_H

#include "common/control.h"

/* What is wrong, and where in the object. */
struct definition_problem {
	enum object_kind kind;
	const char *object; /* its name, "" while none is known */
	const char *path; /* as libconfig looks up: "variants.[1].timeout"; "": the whole object */
	const char *message; /* names the field itself: "timeout must be ..." */
	bool newer; /* a field or word that this version does not know */
};
typedef void definition_report(void *opaque, const struct definition_problem *problem);

/* "installation", "endpoint", "test". */
const char *object_kind_name(enum object_kind kind);

/* The object of a definition, which is taken over and completed with the defaults: all that can be
 * said about it without other objects has been checked. NULL after at least one report. */
struct endpoint *definition_read_endpoint(
	json_t *definition, definition_report *report, void *opaque);
struct test *definition_read_test(json_t *definition, definition_report *report, void *opaque);

/* The number of event partitions; -1 after at least one report. */
int64_t definition_read_installation(json_t *definition, definition_report *report, void *opaque);

/* The rules among the fields of one object; returns how many problems were reported. Each kind of
 * topic that an endpoint has must be a topic of its own. */
size_t endpoint_check(const struct endpoint *endpoint, definition_report *report, void *opaque);
size_t test_check(const struct test *test, definition_report *report, void *opaque);

#endif
