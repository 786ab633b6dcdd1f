/* What a request's address says with %XX. Pure. */
#ifndef UMBRA_CONSUMERS_CONSOLE_PERCENT_H
#define UMBRA_CONSUMERS_CONSOLE_PERCENT_H

#include <stddef.h>

/* Decodes in place and returns the new length. "%00" stays as it is, so that no text ends at it, and
 * so does what is not a percent sign and two hexadecimal digits. */
size_t percent_decode(char *text);

#endif
