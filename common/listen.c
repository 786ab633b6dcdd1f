#include "common/listen.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Splits "HOST:PORT", "[::1]:PORT", ":PORT" in place. */
static int split_address(char *address, char **host, char **port)
{
	char *colon = strrchr(address, ':');
	if (!colon || !colon[1])
		return -1;
	*colon = '\0';
	*port = colon + 1;
	*host = address;
	size_t length = strlen(address);
	if (address[0] == '[') {
		if (address[length - 1] != ']')
			return -1;
		address[length - 1] = '\0';
		*host = address + 1;
	} else if (strchr(address, ':')) {
		return -1;
	}
	return 0;
}

static int resolve(const char *address, const struct listen_words *words, struct addrinfo **found,
	char *errstr, size_t errstr_size)
{
	char copy[256], *host, *port;
	snprintf(copy, sizeof(copy), "%s", address);
	if (split_address(copy, &host, &port) < 0) {
		snprintf(errstr, errstr_size, "the %s \"%s\" is not HOST:PORT, as %s", words->what,
			address, words->example);
		return -1;
	}
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	int failed = getaddrinfo(*host ? host : NULL, port, &hints, found);
	if (failed) {
		snprintf(errstr, errstr_size, "the %s \"%s\" cannot be used: %s", words->what,
			address, gai_strerror(failed));
		return -1;
	}
	return 0;
}

int listen_on(
	const char *address, const struct listen_words *words, char *errstr, size_t errstr_size)
{
	struct addrinfo *found;
	int yes = 1;
	if (resolve(address, words, &found, errstr, errstr_size) < 0)
		return -1;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 128) < 0) {
		snprintf(errstr, errstr_size, "cannot listen on the %s %s: %s; %s", words->what,
			address, strerror(errno), words->remedy);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

char *listen_text(int fd, char text[LISTEN_TEXT_MAX])
{
	struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(bound);
	char host[200], port[20];
	snprintf(text, LISTEN_TEXT_MAX, "?");
	if (getsockname(fd, (struct sockaddr *)&bound, &size) == 0 &&
		getnameinfo((struct sockaddr *)&bound, size, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(
			text, LISTEN_TEXT_MAX, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return text;
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)
				       ->sin_addr.s_addr) >>
			24 ==
			127;
	return address->sa_family == AF_INET6 &&
		IN6_IS_ADDR_LOOPBACK(
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool listen_is_loopback(int fd)
{
	struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(bound);
	return !getsockname(fd, (struct sockaddr *)&bound, &size) &&
		is_loopback((struct sockaddr *)&bound);
}

bool listen_would_be_loopback(const char *address)
{
	static const struct listen_words words = {"address", "", ""};
	struct addrinfo *found;
	char errstr[300];
	if (resolve(address, &words, &found, errstr, sizeof errstr) < 0)
		return true;
	bool is = is_loopback(found->ai_addr);
	freeaddrinfo(found);
	return is;
}
