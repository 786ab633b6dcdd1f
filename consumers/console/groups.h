/* What Kafka says of the other programs' consumer groups: who is in them, what they have still to read. */
#ifndef UMBRA_CONSUMERS_CONSOLE_GROUPS_H
#define UMBRA_CONSUMERS_CONSOLE_GROUPS_H

#include "common/kafka.h"
#include "consumers/console/peers.h"

struct groups;

/* The settings live longer. NULL and errstr. */
struct groups *groups_new(const struct common_settings *settings, char *errstr, size_t errstr_size);
void groups_free(struct groups *groups);

/* Asks of the next group, and begins anew half a minute after all were asked of. Waits for Kafka, some
 * milliseconds when it is well, never two seconds. Times: monotonic, UTC. */
void groups_look(
	struct groups *groups, const struct control_state *state, int64_t now_us, int64_t wall_us);

/* What the last round found; and the members that any round saw. */
const struct peer_group *groups_told(const struct groups *groups, size_t *n);
const struct peer *groups_seen(const struct groups *groups, size_t *n);

#endif
