/* The server says of wrong files only that they are wrong. So they are looked at here first, one after
 * the other, with the library that the server uses. */
#include "consumers/console/tls.h"
#include "common/memory.h"
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1024 * 1024 };

static char *read_file(const char *path, char *errstr, size_t errstr_size)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		snprintf(errstr, errstr_size, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	char *text = calloc(1, FILE_MAX_BYTES + 1);
	memory_need(text);
	size_t size = fread(text, 1, FILE_MAX_BYTES, file);
	const char *wrong = ferror(file) ? "cannot be read"
		: !size                  ? "is empty"
		: size == FILE_MAX_BYTES ? "has more than 1 MiB"
					 : NULL;
	fclose(file);
	if (!wrong)
		return text;
	snprintf(errstr, errstr_size, "%s %s", path, wrong);
	free(text);
	return NULL;
}

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){
		.data = (unsigned char *)(uintptr_t)text, .size = (unsigned)strlen(text)};
}

static int check_certificate(const char *text)
{
	gnutls_x509_crt_t *chain;
	unsigned n;
	gnutls_datum_t pem = datum(text);
	int result = gnutls_x509_crt_list_import2(&chain, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return 0;
}

static int check_key(const char *text)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem = datum(text);
	int result = gnutls_x509_privkey_init(&key);
	memory_need(!result);
	result = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(key);
	return result;
}

static int check_pair(const struct tls *tls)
{
	gnutls_certificate_credentials_t both;
	gnutls_datum_t certificate = datum(tls->certificate), key = datum(tls->key);
	int result = gnutls_certificate_allocate_credentials(&both);
	memory_need(!result);
	result = gnutls_certificate_set_x509_key_mem2(
		both, &certificate, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(both);
	return result < 0 ? result : 0;
}

static int check(const struct tls *tls, const char *certificate_path, const char *key_path,
	char *errstr, size_t errstr_size)
{
	int failed = check_certificate(tls->certificate);
	if (failed) {
		snprintf(errstr, errstr_size, "%s holds no certificate in PEM: %s",
			certificate_path, gnutls_strerror(failed));
		return -1;
	}
	failed = check_key(tls->key);
	if (failed) {
		snprintf(errstr, errstr_size,
			"%s holds no private key in PEM without a password: %s", key_path,
			gnutls_strerror(failed));
		return -1;
	}
	failed = check_pair(tls);
	if (failed)
		snprintf(errstr, errstr_size,
			"the key in %s is not that of the certificate in %s: %s", key_path,
			certificate_path, gnutls_strerror(failed));
	return failed ? -1 : 0;
}

int tls_read(struct tls *tls, const char *certificate_path, const char *key_path, char *errstr,
	size_t errstr_size)
{
	*tls = (struct tls){.certificate = read_file(certificate_path, errstr, errstr_size)};
	if (tls->certificate)
		tls->key = read_file(key_path, errstr, errstr_size);
	if (tls->key && !check(tls, certificate_path, key_path, errstr, errstr_size))
		return 0;
	tls_fini(tls);
	return -1;
}

void tls_fini(struct tls *tls)
{
	if (tls->key)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->key);
	free(tls->certificate);
	*tls = (struct tls){0};
}
