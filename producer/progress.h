/* How far the run is, as a bar for a terminal and as a line for a log. Pure: text out. */
#ifndef UMBRA_PRODUCER_PROGRESS_H
#define UMBRA_PRODUCER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	int64_t sent;
	int64_t ended; /* answered, or acknowledged when answers are not awaited */
	int64_t missing;
	bool awaits_answers;
	double share_sent; /* of the input, 0 to 1; -1: not known */
	int64_t elapsed_us;
};

enum { PROGRESS_SIZE = 256 };

/* One line of at most `width` columns, without a line end: "[####      ]  40 %  1,200 answered  ...". */
void progress_bar(const struct progress *progress, int width, char *text);

/* "40 %, 1,500 sent, 1,200 answered, 240/s, 7 s to go". */
void progress_line(const struct progress *progress, char *text);

#endif
