/* Who may read: this machine without a question, others with TLS and a token, or anyone if it is said
 * out loud. */
#ifndef UMBRA_CONSUMERS_CONSOLE_ACCESS_H
#define UMBRA_CONSUMERS_CONSOLE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

struct access_settings {
	const char *address; /* "HOST:PORT" to listen at */
	bool let_anyone_read;
	const char *tls_certificate, *tls_key; /* files; both or none */
	const char *token_file; /* NULL: no token is asked for */
};

/* Do the settings go together, and are the files what they should be? -1 and errstr. */
int access_check(const struct access_settings *settings, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* Is enough asked of those who come in where the server listens? -1 and errstr. */
int access_check_reach(const struct access_settings *settings, bool is_loopback, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));

/* Logs what is allowed but not wise. */
void access_warn(const struct access_settings *settings, bool is_loopback);

#endif
