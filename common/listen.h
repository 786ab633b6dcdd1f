/* A socket that listens at an address as people write it. */
#ifndef UMBRA_COMMON_LISTEN_H
#define UMBRA_COMMON_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* For messages: "the admin address ... ; choose another with --admin". */
struct listen_words {
	const char *what, *remedy, *example;
};

/* A socket that listens at "HOST:PORT", "[::1]:PORT" or ":PORT"; -1 and errstr. */
int listen_on(const char *address, const struct listen_words *words, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

/* The address it is bound to, as text; returns `text`. */
enum { LISTEN_TEXT_MAX = 256 };
char *listen_text(int fd, char text[LISTEN_TEXT_MAX]);

/* Can only this machine reach it? */
bool listen_is_loopback(int fd);
/* The same of an address before it is listened on; true also when it cannot be used. */
bool listen_would_be_loopback(const char *address);

#endif
