#include "producer/progress.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = TEXT_MAX };

/* Of the whole run, 0 to 1; -1: not known. */
static double share_ended(const struct progress *progress)
{
	if (progress->share_sent < 0)
		return -1;
	if (progress->sent == 0)
		return 0;
	double share = progress->share_sent * (double)(progress->ended + progress->missing) /
		(double)progress->sent;
	return share < 1 ? share : 1;
}

static double rate(const struct progress *progress)
{
	if (progress->elapsed_us <= 0)
		return 0;
	return (double)progress->ended * 1e6 / (double)progress->elapsed_us;
}

/* "7 s to go" after a comma: only when it can be told. */
static void write_rest(const struct progress *progress, const char *comma, char *text, size_t size)
{
	double share = share_ended(progress);
	text[0] = '\0';
	if (share <= 0 || share >= 1)
		return;
	double seconds = (double)progress->elapsed_us / 1e6 * (1 - share) / share;
	if (seconds < 90)
		snprintf(text, size, "%s%.0f s to go", comma, seconds);
	else
		snprintf(text, size, "%s%.0f min to go", comma, seconds / 60);
}

static const char *ended_word(const struct progress *progress)
{
	return progress->awaits_answers ? "answered" : "acknowledged";
}

static void write_missing(
	const struct progress *progress, const char *comma, char *text, size_t size)
{
	char number[NUMBER_SIZE];
	text[0] = '\0';
	if (progress->missing)
		snprintf(text, size, "%s%s without", comma,
			text_format_count(progress->missing, number));
}

void progress_line(const struct progress *progress, char *text)
{
	char sent[NUMBER_SIZE], ended[NUMBER_SIZE], missing[64], rest[64], share[16] = "";
	if (progress->share_sent >= 0)
		snprintf(share, sizeof share, "%.0f %%, ", 100 * share_ended(progress));
	write_missing(progress, ", ", missing, sizeof missing);
	write_rest(progress, ", ", rest, sizeof rest);
	snprintf(text, PROGRESS_SIZE, "%s%s sent, %s %s%s, %.0f/s%s", share,
		text_format_count(progress->sent, sent), text_format_count(progress->ended, ended),
		ended_word(progress), missing, rate(progress), rest);
}

static void draw(char *bar, int cells, double share)
{
	int full = share < 0 ? 0 : (int)(share * cells);
	memset(bar, '#', (size_t)full);
	memset(bar + full, '.', (size_t)(cells - full));
	bar[cells] = '\0';
}

void progress_bar(const struct progress *progress, int width, char *text)
{
	char bar[64], facts[160], ended[NUMBER_SIZE], missing[64], rest[64], share[16] = "";
	if (progress->share_sent >= 0)
		snprintf(share, sizeof share, "%3.0f %%  ", 100 * share_ended(progress));
	write_missing(progress, "  ", missing, sizeof missing);
	write_rest(progress, "  ", rest, sizeof rest);
	int n = snprintf(facts, sizeof facts, "%s%s %s%s  %.0f/s%s", share,
		text_format_count(progress->ended, ended), ended_word(progress), missing,
		rate(progress), rest);
	int cells = width - n - 3;
	if (cells > 40)
		cells = 40;
	if (cells < 4 || progress->share_sent < 0) {
		snprintf(text, PROGRESS_SIZE, "%.*s", width > 0 ? width : 0, facts);
		return;
	}
	draw(bar, cells, share_ended(progress));
	snprintf(text, PROGRESS_SIZE, "[%s] %s", bar, facts);
}
