/* Where a token is asked for, everything but the page's own files, /livez and /readyz needs it. Where
 * none is and only this machine may ask, it must ask by an address or the name localhost: a page of
 * another site that got a name resolved to here is refused. */
#include "consumers/console/gate.h"
#include "common/clock.h"
#include "common/log.h"
#include "consumers/console/counters.h"
#include "consumers/console/token.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int gate_open(struct gate *gate, const struct access_settings *settings, bool is_loopback,
	char *errstr, size_t errstr_size)
{
	*gate = (struct gate){.is_local = is_loopback && !settings->token_file};
	if (!settings->token_file)
		return 0;
	gate->token = token_open(settings->token_file, errstr, errstr_size);
	return gate->token ? 0 : -1;
}

void gate_close(struct gate *gate)
{
	token_free(gate->token);
}

/* Is it asked for by a name that only this machine has? */
static bool is_ours(const struct gate *gate, const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
	if (!gate->is_local || !host)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t size = strlen(names[i]);
		if (!strncmp(host, names[i], size) && (host[size] == ':' || !host[size]))
			return true;
	}
	return false;
}

/* Needs a token what says anything about the tests. */
static bool is_guarded(const char *path)
{
	return !strncmp(path, "/api/", 5) || !strcmp(path, "/metrics");
}

static const char *peer(struct MHD_Connection *connection, char text[NI_MAXHOST])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;
	socklen_t size = from && from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							     : sizeof(struct sockaddr_in);
	if (!from || getnameinfo(from, size, text, NI_MAXHOST, NULL, 0, NI_NUMERICHOST))
		snprintf(text, NI_MAXHOST, "?");
	return text;
}

/* A page that is opened asks once without a token: that is no news. */
static bool has_token(const struct gate *gate, struct MHD_Connection *connection)
{
	const char *brought = NULL;
	size_t size = 0;
	char from[NI_MAXHOST];
	(void)MHD_lookup_connection_value_n(connection, MHD_HEADER_KIND, "Authorization",
		strlen("Authorization"), &brought, &size);
	token_refresh(gate->token, clock_monotonic_us());
	if (token_is_in(gate->token, brought, size))
		return true;
	counters_refused(brought ? "wrong" : "none");
	if (brought)
		log_warn("http", "a wrong token was refused, of %s", peer(connection, from));
	return false;
}

bool gate_passes(const struct gate *gate, struct MHD_Connection *connection, const char *path,
	struct reply *reply)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	if (!is_ours(gate, host))
		reply_problem(reply, 421, "ask by 127.0.0.1, [::1] or localhost");
	else if (gate->token && is_guarded(path) && !has_token(gate, connection))
		reply_problem(reply, 401, "say \"Authorization: Bearer\" and the token");
	else
		return true;
	return false;
}
