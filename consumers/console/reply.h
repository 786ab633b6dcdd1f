/* An answer before it is sent, and the errors among them as problem+json (RFC 9457). Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_REPLY_H
#define UMBRA_CONSUMERS_CONSOLE_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct reply {
	unsigned status;
	const char *type; /* of the content */
	char *body; /* malloc'ed; NULL: `fixed` */
	const void *fixed; /* stays where it is */
	size_t size;
	bool may_keep; /* a browser may keep it, and asks whether it is still so */
	bool is_packed; /* as gzip, or to be packed */
	bool is_stream; /* the stream of changes: no body */
};

void reply_fini(struct reply *reply);

/* Takes the reference over. */
void reply_json(struct reply *reply, json_t *json);
void reply_text(struct reply *reply, unsigned status, const char *text);
void reply_fixed(struct reply *reply, const char *type, const void *data, size_t size);
void reply_problem(struct reply *reply, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
