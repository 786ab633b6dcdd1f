/* Answers, packed as gzip (RFC 1952). Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_GZIP_H
#define UMBRA_CONSUMERS_CONSOLE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Does a header Accept-Encoding allow it? NULL: there is none. */
bool gzip_is_accepted(const char *accepts);

/* malloc'ed; the same bytes for the same data. */
char *gzip_pack(const void *data, size_t size, size_t *packed_size);

#endif
