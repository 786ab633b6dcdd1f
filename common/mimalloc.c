/* How long mimalloc keeps pages that are free: by itself 10 or 25 ms, which is less than a batch takes
 * to be acknowledged, so that a busy program gives pages back and faults them in anew all the time (a
 * third of all its page faults). A second later they still go back. Linked into the programs alone. */
#include <mimalloc.h>

enum { KEEP_MS = 1000 };

__attribute__((constructor)) static void keep_free_pages(void)
{
#if MI_MALLOC_VERSION < 210
	mi_option_set_default(mi_option_decommit_delay, KEEP_MS);
#else
	mi_option_set_default(mi_option_purge_delay, KEEP_MS);
#endif
}
