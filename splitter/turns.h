/* One request per key at a time: those that come while one of their key is out wait behind it, in
 * order. Two keys of one hash share a turn, which costs time and breaks nothing. Pure. */
#ifndef UMBRA_SPLITTER_TURNS_H
#define UMBRA_SPLITTER_TURNS_H

#include <stdbool.h>
#include <stdint.h>

enum { TURNS_BUCKETS = 1024 };

/* Embedded in what takes turns. */
struct turn {
	uint64_t key; /* a hash */
	enum {
		TURN_NONE, /* not here */
		TURN_OUT, /* it is this one's turn */
		TURN_WAITS
	} state;
	struct turn *next; /* OUT: in its bucket */
	struct turn *behind; /* the next of the same key */
	struct turn *last; /* OUT: the last that waits behind it; itself when none does */
};

struct turns {
	struct turn *buckets[TURNS_BUCKETS]; /* of those that are out */
};

/* True: go. False: it waits, until turns_leave or turns_quit returns it. */
bool turns_enter(struct turns *turns, struct turn *turn, uint64_t key)
	__attribute__((warn_unused_result));

/* `turn`, out or waiting, ends. Returns the one whose turn it is now; NULL: none. */
struct turn *turns_leave(struct turns *turns, struct turn *turn);

#endif
