/* The page, as it was embedded at build time. */
#ifndef UMBRA_CONSUMERS_CONSOLE_FILES_H
#define UMBRA_CONSUMERS_CONSOLE_FILES_H

#include <stddef.h>

struct file {
	const char *name; /* "style.css" */
	const char *type; /* of the content */
	const unsigned char *data;
	size_t size;
};

/* NULL: there is none of that name. */
const struct file *files_find(const char *name);

#endif
