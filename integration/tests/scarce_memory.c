/* Preloaded into a program under test: one allocation that the program's own code asks for finds no
 * memory. Libraries always get theirs (librdkafka ends the process itself when it gets none), except
 * where they allocate on the program's behalf in strdup and strndup.
 *
 *     SCARCE_FAIL=7     the seventh fails
 *     SCARCE_COUNT=FILE how many there were is written there when the program ends
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static uintptr_t program_begin, program_end;
static long fail_at;
static atomic_long count;

/* The first object is the program itself. */
static int on_object(struct dl_phdr_info *info, size_t size, void *opaque)
{
	(void)size, (void)opaque;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		program_begin = info->dlpi_addr + part->p_vaddr;
		program_end = program_begin + part->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("SCARCE_FAIL");
	fail_at = text ? strtol(text, NULL, 10) : 0;
	dl_iterate_phdr(on_object, NULL);
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	const char *path = getenv("SCARCE_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	int size = snprintf(text, sizeof text, "%ld\n", atomic_load(&count));
	(void)!write(fd, text, (size_t)size);
	close(fd);
}

static int is_refused(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	if (at < program_begin || at >= program_end || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

char *strndup(const char *text, size_t max)
{
	size_t size = strnlen(text, max);
	char *copy = is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
	return copy ? memcpy(copy, text, size) : NULL;
}
