/* Progress on standard error: a bar where it is a terminal, a line every few seconds elsewhere. */
#ifndef UMBRA_PRODUCER_DISPLAY_H
#define UMBRA_PRODUCER_DISPLAY_H

#include "producer/run.h"

struct display {
	bool is_terminal;
	bool is_drawn; /* a bar stands on the last line */
	int64_t start_us, next_us; /* monotonic */
};

void display_init(struct display *display, int64_t now_us);

/* Draws when it is time. Returns microseconds until the next time. */
int64_t display_tick(struct display *display, const struct run *run, int64_t now_us);

/* Takes the bar away. */
void display_clear(struct display *display);

#endif
