#include "splitter/turns.h"
#include <assert.h>
#include <stddef.h>

/* Where the one that is out with this key is linked; *place is NULL when none is. */
static struct turn **find(struct turns *turns, uint64_t key)
{
	struct turn **place = &turns->buckets[key % TURNS_BUCKETS];
	while (*place && (*place)->key != key)
		place = &(*place)->next;
	return place;
}

bool turns_enter(struct turns *turns, struct turn *turn, uint64_t key)
{
	struct turn **place = find(turns, key);
	assert(turn->state == TURN_NONE);
	turn->key = key;
	turn->next = turn->behind = NULL;
	if (*place) {
		turn->state = TURN_WAITS;
		(*place)->last->behind = turn;
		(*place)->last = turn;
		return false;
	}
	turn->state = TURN_OUT;
	turn->last = turn;
	*place = turn;
	return true;
}

static struct turn *hand_on(struct turn **place)
{
	struct turn *old = *place, *next = old->behind;
	if (!next) {
		*place = old->next;
		return NULL;
	}
	next->state = TURN_OUT;
	next->next = old->next;
	next->last = old->last;
	*place = next;
	return next;
}

static void step_out(struct turn *out, struct turn *turn)
{
	struct turn *before = out;
	while (before->behind != turn)
		before = before->behind;
	before->behind = turn->behind;
	if (out->last == turn)
		out->last = before;
}

struct turn *turns_leave(struct turns *turns, struct turn *turn)
{
	struct turn **place = find(turns, turn->key), *next = NULL;
	assert(turn->state != TURN_NONE && *place);
	if (turn->state == TURN_OUT)
		next = hand_on(place);
	else
		step_out(*place, turn);
	turn->state = TURN_NONE;
	return next;
}
