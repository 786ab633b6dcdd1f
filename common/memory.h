/* Where a small allocation cannot fail in a way that anyone could answer, the process ends, as after
 * a crash: what was not committed is read again. Sizes that come from outside are checked first, and
 * their failure is an error like any other. */
#ifndef UMBRA_COMMON_MEMORY_H
#define UMBRA_COMMON_MEMORY_H

#include <stdbool.h>

/* Says so on stderr and ends the process with status 1, at once. */
_Noreturn void memory_end(void);

/* Ends the process unless the allocation succeeded. */
static inline void memory_need(bool is_given)
{
	if (!is_given)
		memory_end();
}

#endif
