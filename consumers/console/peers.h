/* The other programs as Kafka knows them: each is in consumer groups whose names follow from the control
 * state. Pure: who belongs where, who was seen when, what is still to be read; groups.c asks. */
#ifndef UMBRA_CONSUMERS_CONSOLE_PEERS_H
#define UMBRA_CONSUMERS_CONSOLE_PEERS_H

#include "common/control.h"

/* A group, and the topic that it reads. */
struct peer_group {
	char name[400], topic[250];
	const char *program;
	char role[300]; /* whom it works for, a phrase */
	int64_t lag; /* records of the topic behind what was committed; -1: not known */
	char why[700]; /* why something is not known; "": all is */
};

/* A member of a group, as long as it is there and for an hour after. */
struct peer {
	char *program, *role, *instance, *host;
	int64_t seen_us; /* UTC, last */
};

struct peers {
	struct peer_group *groups;
	size_t n_groups;
	struct peer *seen;
	size_t n_seen;
};

void peers_fini(struct peers *peers);

/* The groups of this moment, nothing known of them. Who was seen stays. */
void peers_list_groups(
	struct peers *peers, const struct control_state *state, const char *prefix, int64_t now_us);
/* NULL: it is none of them. */
struct peer_group *peers_group(struct peers *peers, const char *name);

/* As Kafka tells of a member. `client_id` is PROGRAM/INSTANCE where the instance has a name. */
struct peer_member {
	const char *client_id, *member_id, *host;
};
void peers_note(struct peers *peers, const struct peer_group *group,
	const struct peer_member *member, int64_t now_us);
void peers_forget_old(struct peers *peers, int64_t now_us);

#endif
