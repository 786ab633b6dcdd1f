/* The only two clocks of Umbra. Durations come from the monotonic one, times from the wall. */
#ifndef UMBRA_COMMON_CLOCK_H
#define UMBRA_COMMON_CLOCK_H

#include <stdint.h>

/* Microseconds on a clock that is never set. Its zero means nothing. */
int64_t clock_monotonic_us(void);

/* UTC, microseconds since 1970. Test seam: when the environment names a file in UMBRA_TEST_CLOCK,
 * the decimal number of microseconds that the file holds is added; it is read anew each second. */
int64_t clock_wall_us(void);

#endif
