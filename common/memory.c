#include "common/memory.h"
#include <unistd.h>

/* No stdio: it may allocate. */
_Noreturn void memory_end(void)
{
	static const char message[] = "out of memory: the process ends\n";
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(1);
}
