/* umbra-console: shows what the tests say, as a page and over REST. */
#include "consumers/console/console.h"

#define FIELD(member) offsetof(struct console_settings, member)

static const struct setting settings_table[] = {
	{.path = "listen",
		.option = "listen",
		.type = SETTING_STRING,
		.offset = FIELD(listen),
		.fallback = "127.0.0.1:9380",
		.argument = "HOST:PORT",
		.help = "Where the page and the REST interface are."},
	{.path = "let_anyone_read",
		.option = "let-anyone-read",
		.type = SETTING_BOOL,
		.offset = FIELD(let_anyone_read),
		.fallback = "false",
		.help = "Listen where others than this machine can ask, without TLS and token."},
	{.path = "tls_certificate",
		.option = "tls-certificate",
		.type = SETTING_STRING,
		.offset = FIELD(tls_certificate),
		.argument = "FILE",
		.help = "Answer by HTTPS (TLS 1.2 or newer) with this certificate, in PEM, those "
			"that vouch for it after it."},
	{.path = "tls_key",
		.option = "tls-key",
		.type = SETTING_STRING,
		.offset = FIELD(tls_key),
		.argument = "FILE",
		.help = "The certificate's private key, in PEM, without a password."},
	{.path = "token_file",
		.option = "token-file",
		.type = SETTING_STRING,
		.offset = FIELD(token_file),
		.argument = "FILE",
		.help = "Answer only who brings the first line of this file, as Authorization: "
			"Bearer; 16 characters at least; read again when it changes."},
	{.path = "store",
		.option = "store",
		.type = SETTING_STRING,
		.offset = FIELD(store),
		.fallback = "umbra-console.sqlite",
		.argument = "FILE",
		.help = "The SQLite file with the view of umbra.aggregates; it may be deleted. "
			"What "
			"the model hosts told lies beside it, in FILE-hosts."},
};

static int check(const void *values, char *errstr, size_t errstr_size)
{
	struct access_settings access = console_access(values);
	return access_check(&access, errstr, errstr_size);
}

const struct program console_program = {
	.name = "umbra-console",
	.summary = "shows shadow tests as a page and over REST",
	.synopsis = "[OPTION]...",
	.details =
		"Reads umbra.aggregates and umbra.control and shows what they say: a page in the "
		"browser, the same numbers as JSON under /api/v1, and metrics. It writes "
		"nothing to Kafka; start as many as you like, each with a store of its own.",
	.settings = settings_table,
	.n_settings = sizeof settings_table / sizeof *settings_table,
	.values_size = sizeof(struct console_settings),
	.admin_default = "127.0.0.1:9304",
	.check = check,
};

int main(int argc, char **argv)
{
	return service_main(&console_kind, argc, argv);
}
