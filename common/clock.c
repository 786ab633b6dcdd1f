/* Both clocks are clock_gettime. The test seam moves the wall clock by what a file says, so that a
 * test can jump hours ahead; durations are never touched by it. */
#include "common/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

/* A file that is missing or holds no number moves nothing. */
static int64_t read_offset(const char *path)
{
	char line[32] = "";
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	return strtoll(line, NULL, 10);
}

static int64_t test_offset(void)
{
	static int64_t offset, read_at = -1;
	const char *path = getenv("UMBRA_TEST_CLOCK");
	if (!path)
		return 0;
	int64_t now = clock_monotonic_us();
	if (read_at < 0 || now - read_at >= 1000000) {
		offset = read_offset(path);
		read_at = now;
	}
	return offset;
}

int64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME) + test_offset();
}
