/* The console's parts and how they hang together:
 *
 *   main.c      options
 *   console.c   the process: what is read, what is told to whom
 *   feed.c      umbra.aggregates from Kafka into the store
 *   groups.c    the other programs, from their consumer groups; peers.c
 *   store.c     the view of it in SQLite; store_read.c, store_write.c, row.c, plan.c
 *   server.c    HTTP: the page, the answers of api*.c, the streams of changes
 *   access.c    who may read; tls.c, token.c, gate.c
 *   hosts.c     the load of the model hosts; host_*.c
 *   timeline.c  the control log as it is told
 *
 * Nothing here writes to Kafka. */
#ifndef UMBRA_CONSUMERS_CONSOLE_CONSOLE_H
#define UMBRA_CONSUMERS_CONSOLE_CONSOLE_H

#include "common/service.h"
#include "consumers/console/feed.h"
#include "consumers/console/hosts.h"
#include "consumers/console/metrics_tests.h"
#include "consumers/console/server.h"
#include "consumers/console/timeline.h"

struct console_settings {
	struct common_settings common; /* first */
	char *listen;
	bool let_anyone_read;
	char *tls_certificate, *tls_key, *token_file; /* NULL: none */
	char *store;
};

struct console {
	struct service service; /* first */
	struct store *store;
	struct host_store *host_store;
	struct hosts *hosts;
	struct feed *feed;
	struct groups *groups;
	struct test_alarms *alarms;
	struct timeline *timeline;
	struct metrics_tests *metrics;
	struct server *server;
	struct view view; /* as of this turn */
	bool is_reading;
	bool has_untold_control; /* the control state changed since changes were told */
	int64_t change_due_us; /* monotonic: not before then are changes told again */
};

extern const struct program console_program;
extern const struct service_kind console_kind;

static inline struct console_settings *console_settings(const struct console *console)
{
	return (struct console_settings *)console->service.settings;
}

static inline struct access_settings console_access(const struct console_settings *settings)
{
	return (struct access_settings){.address = settings->listen,
		.let_anyone_read = settings->let_anyone_read,
		.tls_certificate = settings->tls_certificate,
		.tls_key = settings->tls_key,
		.token_file = settings->token_file};
}

#endif
