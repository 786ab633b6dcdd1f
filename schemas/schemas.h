/* The text of every schemas/NAME.avsc, embedded at build. common/schema.h is what programs use. */
#ifndef UMBRA_SCHEMAS_SCHEMAS_H
#define UMBRA_SCHEMAS_SCHEMAS_H

struct schema_text {
	const char *name; /* "invocation_event" */
	const char *json;
};

/* Ends with a row of NULL. */
extern const struct schema_text schema_texts[];

#endif
