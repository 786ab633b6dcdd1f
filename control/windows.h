/* Which windows of a test are asked for, read from umbra.aggregates and folded: what report and diff
 * begin with. */
#ifndef UMBRA_CONTROL_WINDOWS_H
#define UMBRA_CONTROL_WINDOWS_H

#include "common/report.h"
#include "control/umbractl.h"

#define OPTION_WINDOWS \
	{.option = "from", \
		.type = SETTING_STRING, \
		.offset = CTL_AT(from), \
		.argument = "TIME", \
		.help = "Windows from then on; default: the test's start."}, \
		{.option = "to", \
			.type = SETTING_STRING, \
			.offset = CTL_AT(to), \
			.argument = "TIME", \
			.help = "Windows before; default: the test's end, or now, and whatever " \
				"came of its copies later."}, \
	{ \
		.option = "last", .type = SETTING_DURATION, .offset = CTL_AT(last_us), \
		.fallback = "0", .max = INT64_C(365) * 86400 * 1000000, .argument = "DURATION", \
		.help = "Only the last so long before --to, as 15m or 24h; 0: all." \
	}

/* Fills `report` for the test of that name. Returns the exit status; what went wrong is written. The
 * fold, which windows_release frees, is ended. */
int windows_read(struct ctl *ctl, const char *name, bool by_window, struct report *report);
void windows_release(struct report *report);

#endif
