#include "consumers/console/access.h"
#include "common/file_mark.h"
#include "common/listen.h"
#include "common/log.h"
#include "consumers/console/tls.h"
#include "consumers/console/token.h"
#include <stdio.h>

int access_check_reach(
	const struct access_settings *settings, bool is_loopback, char *errstr, size_t errstr_size)
{
	if (is_loopback || settings->let_anyone_read ||
		(settings->tls_certificate && settings->token_file))
		return 0;
	snprintf(errstr, errstr_size,
		"others than this machine could read everything at %s: say --tls-certificate, "
		"--tls-key and --token-file, or listen on 127.0.0.1, or say --let-anyone-read",
		settings->address);
	return -1;
}

static int check_tls(const struct access_settings *settings, char *errstr, size_t errstr_size)
{
	struct tls tls = {0};
	if (!settings->tls_certificate != !settings->tls_key) {
		snprintf(errstr, errstr_size, "%s",
			settings->tls_key ? "--tls-key needs --tls-certificate"
					  : "--tls-certificate needs --tls-key");
		return -1;
	}
	if (!settings->tls_key)
		return 0;
	int result =
		tls_read(&tls, settings->tls_certificate, settings->tls_key, errstr, errstr_size);
	tls_fini(&tls);
	return result;
}

static int check_token(const struct access_settings *settings, char *errstr, size_t errstr_size)
{
	if (!settings->token_file)
		return 0;
	struct token *token = token_open(settings->token_file, errstr, errstr_size);
	if (!token)
		return -1;
	token_free(token);
	return 0;
}

int access_check(const struct access_settings *settings, char *errstr, size_t errstr_size)
{
	bool is_loopback = listen_would_be_loopback(settings->address);
	if (check_tls(settings, errstr, errstr_size) || check_token(settings, errstr, errstr_size))
		return -1;
	return access_check_reach(settings, is_loopback, errstr, errstr_size);
}

static void warn_of_file(const char *path)
{
	if (path && file_is_for_all(path))
		log_warn(path, "every user of this machine can read it: chmod o-r");
}

void access_warn(const struct access_settings *settings, bool is_loopback)
{
	warn_of_file(settings->tls_key);
	warn_of_file(settings->token_file);
	if (is_loopback)
		return;
	if (!settings->token_file)
		log_warn(NULL, "--let-anyone-read: whoever reaches %s can read everything",
			settings->address);
	else if (!settings->tls_certificate)
		log_warn(NULL, "without --tls-certificate the token travels in clear");
}
