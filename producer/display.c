#include "producer/display.h"
#include "producer/progress.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_US = 100000, LINE_US = 3000000, DEFAULT_WIDTH = 80 };

void display_init(struct display *display, int64_t now_us)
{
	*display = (struct display){.is_terminal = isatty(STDERR_FILENO) == 1, .start_us = now_us};
	display->next_us = now_us + (display->is_terminal ? BAR_US : LINE_US);
}

static double share_sent(const struct run *run)
{
	double share = run->capture ? capture_share(run->capture) : source_share(&run->source);
	if (run->options->limit > 0) {
		double of_limit = (double)run->tally.sent / (double)run->options->limit;
		share = of_limit > share ? of_limit : share;
	}
	return run->state == RUN_SENDING ? share : 1;
}

static int width(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col - 1;
	return DEFAULT_WIDTH - 1;
}

static void draw(struct display *display, const struct run *run, int64_t now_us)
{
	char text[PROGRESS_SIZE];
	struct progress progress = {
		.sent = run->tally.sent,
		.ended = run->tally.answered,
		.missing = run->tally.unanswered,
		.awaits_answers = run->answers != NULL,
		.share_sent = share_sent(run),
		.elapsed_us = now_us - display->start_us,
	};
	if (display->is_terminal) {
		progress_bar(&progress, width(), text);
		fprintf(stderr, "\r%s\033[K", text);
		display->is_drawn = true;
	} else {
		progress_line(&progress, text);
		fprintf(stderr, "umbra-producer: %s\n", text);
	}
	fflush(stderr);
}

int64_t display_tick(struct display *display, const struct run *run, int64_t now_us)
{
	if (now_us >= display->next_us) {
		draw(display, run, now_us);
		display->next_us = now_us + (display->is_terminal ? BAR_US : LINE_US);
	}
	return display->next_us - now_us;
}

void display_clear(struct display *display)
{
	if (display->is_drawn)
		fprintf(stderr, "\r\033[K");
	display->is_drawn = false;
}
