/* A window is complete when all partitions of umbra.events have passed it. */
#include "common/report.h"

enum { WINDOW_US = 10000000 };

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void report_progress(const struct report *report, struct report_progress *progress)
{
	*progress = (struct report_progress){.counted_us = INT64_MAX,
		.final_us = INT64_MAX,
		.newest_us = REPORT_UNTOLD,
		.behind_us = INT64_MAX};
	for (int32_t i = 0; i < report->partitions; i++) {
		struct partition_clock clock = report_clock(report->fold, i);
		progress->counted_us = lesser(progress->counted_us, clock.clock_us);
		progress->final_us = lesser(progress->final_us, clock.final_us);
		if (clock.clock_us == REPORT_UNTOLD)
			continue;
		if (clock.clock_us > progress->newest_us)
			progress->newest_us = clock.clock_us;
		if (clock.clock_us >= progress->behind_us)
			continue;
		progress->behind_us = clock.clock_us;
		progress->behind = i;
	}
	if (!report->partitions)
		progress->counted_us = progress->final_us = REPORT_UNTOLD;
	progress->is_final = progress->final_us >= WINDOW_US &&
		progress->final_us - WINDOW_US >= report->query.to_us;
}
