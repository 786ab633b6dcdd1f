/* The certificate and the key that the server shows to browsers. */
#ifndef UMBRA_CONSUMERS_CONSOLE_TLS_H
#define UMBRA_CONSUMERS_CONSOLE_TLS_H

#include <stddef.h>

/* What may be agreed on, in GnuTLS's words. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls {
	char *certificate, *key; /* PEM */
};

/* Reads both files and sees that they belong together; -1 and errstr, which names the file. */
int tls_read(struct tls *tls, const char *certificate_path, const char *key_path, char *errstr,
	size_t errstr_size) __attribute__((warn_unused_result));
/* Also of one that is all zero. */
void tls_fini(struct tls *tls);

#endif
