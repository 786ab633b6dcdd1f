/* What the kernel knows of this process, under the names that Prometheus' own clients use. A figure
 * that cannot be read is left out. */
#include "common/metrics_private.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_cpu(FILE *out)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return;
	int64_t us = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
		usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	write_head(out, "process_cpu_seconds_total", "counter", "User and system CPU time spent.");
	fprintf(out, "process_cpu_seconds_total %.6f\n", (double)us / 1e6);
}

static void write_memory(FILE *out)
{
	long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");
	if (!statm)
		return;
	int n = fscanf(statm, "%*d %ld", &pages); // NOLINT(cert-err34-c): the kernel wrote it
	fclose(statm);
	if (n != 1)
		return;
	write_head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
	fprintf(out, "process_resident_memory_bytes %ld\n", pages * sysconf(_SC_PAGESIZE));
}

static void write_open_files(FILE *out)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	while (readdir(dir))
		n++;
	closedir(dir);
	write_head(out, "process_open_fds", "gauge", "Open file descriptors.");
	fprintf(out, "process_open_fds %d\n", n - 3); /* less ".", ".." and the directory's own */
}

/* Seconds since boot at which the process started, -1 when unknown. */
static double started_after_boot(void)
{
	char line[1024];
	unsigned long long ticks = 0;
	FILE *stat = fopen("/proc/self/stat", "re");
	if (!stat)
		return -1;
	size_t size = fread(line, 1, sizeof(line) - 1, stat);
	fclose(stat);
	line[size] = '\0';
	/* The name in parentheses may hold anything; what follows the last one is numbers. */
	size_t end = size;
	while (end > 0 && line[end - 1] != ')')
		end--;
	int n = sscanf(line + end, // NOLINT(cert-err34-c): the kernel wrote it
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		&ticks);
	return n == 1 ? (double)ticks / (double)sysconf(_SC_CLK_TCK) : -1;
}

static void write_start(FILE *out)
{
	struct timespec wall, boot;
	double started = started_after_boot();
	if (started < 0 || clock_gettime(CLOCK_REALTIME, &wall) < 0 ||
		clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return;
	double booted =
		(double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9;
	write_head(out, "process_start_time_seconds", "gauge", "Start time, seconds since 1970.");
	fprintf(out, "process_start_time_seconds %.2f\n", booted + started);
}

void metrics_write_process(FILE *out)
{
	write_cpu(out);
	write_memory(out);
	write_open_files(out);
	write_start(out);
	write_head(out, "umbra_build_info", "gauge", "The program and its version; always 1.");
	fputs("umbra_build_info{program=\"", out);
	metrics_write_escaped(out, program_invocation_short_name, true);
	fputs("\",version=\"" UMBRA_VERSION "\"} 1\n", out);
}
