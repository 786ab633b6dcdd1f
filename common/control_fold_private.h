/* What the fold and its rules share: a record's changes, made in a copy of the state. */
#ifndef UMBRA_COMMON_CONTROL_FOLD_PRIVATE_H
#define UMBRA_COMMON_CONTROL_FOLD_PRIVATE_H

#include "common/control.h"
#include "common/definition.h"

struct draft {
	struct control_state state; /* holds references of its own */
	const struct control_state *before;
	int64_t generation; /* of the record */
	int64_t append_time_us;
	definition_report *report;
	void *opaque;
	size_t problems;
};

/* Has no operator ended the test, nor its schedule, when the record was appended? */
bool draft_is_open(const struct draft *draft, const struct test *test);

void draft_pass_on(void *opaque, const struct definition_problem *problem);
__attribute__((format(printf, 5, 6))) void draft_refuse(struct draft *draft, enum object_kind kind,
	const char *object, const char *path, const char *format, ...);

/* The rules between objects, for the state as a whole. */
void control_check_rules(struct draft *draft);

#endif
