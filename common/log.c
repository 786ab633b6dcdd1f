/* Lines go to standard error with one write each. Warnings and errors pass a table of what was said
 * in the last ten seconds, keyed by (format string, object): the first of a kind is written, the
 * following are counted, and the count is written when the period ends. When the table is full, new
 * kinds are only counted, together: a storm of different failures stays a few lines as well.
 * librdkafka logs from its own threads, hence the lock. */
#include "common/log.h"
#include "common/clock.h"
#include "common/log_private.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { MAX_KINDS = 256, MAX_TEXT = 4096, MAX_LINE = 12 * 1024 };
enum { PERIOD_US = 10000000 };

struct kind {
	uint64_t key; /* 0: the slot is free */
	int64_t opened_us; /* monotonic: when the period began */
	uint64_t repeated; /* in this period, not written */
	enum log_level level;
	char *object; /* may be NULL */
	char *text; /* of the latest */
};

static struct {
	pthread_mutex_t lock;
	const char *program;
	enum log_format format;
	enum log_level level;
	struct kind kinds[MAX_KINDS];
	struct kind others; /* what found no slot */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO};

void log_open(const char *program, enum log_format format, enum log_level level)
{
	pthread_mutex_lock(&state.lock);
	state.program = program;
	state.format = format;
	state.level = level;
	pthread_mutex_unlock(&state.lock);
}

void log_set_level(enum log_level level)
{
	pthread_mutex_lock(&state.lock);
	state.level = level;
	pthread_mutex_unlock(&state.lock);
}

static void write_line(enum log_level level, const char *object, const char *text)
{
	char buffer[MAX_LINE];
	struct log_line line = {.time_us = clock_wall_us(),
		.level = level,
		.program = state.program ? state.program : program_invocation_short_name,
		.object = object,
		.text = text};
	size_t size = log_line_format(&line, state.format, buffer, sizeof(buffer));
	(void)!write(STDERR_FILENO, buffer, size);
}

static void write_count(struct kind *kind, int64_t now_us)
{
	char text[MAX_TEXT + 64];
	int64_t seconds = (now_us - kind->opened_us + 500000) / 1000000;
	snprintf(text, sizeof(text), "%s (%llu more in the last %lld s)",
		kind->text ? kind->text : "", (unsigned long long)kind->repeated,
		(long long)(seconds ? seconds : 1));
	write_line(kind->level, kind->object, text);
	kind->repeated = 0;
	kind->opened_us = now_us;
}

static void forget(struct kind *kind)
{
	free(kind->object);
	free(kind->text);
	kind->object = NULL;
	kind->text = NULL;
	kind->repeated = 0;
	kind->key = 0;
}

/* Ends a period that is over: a count begins the next one, silence frees the slot. Returns the
 * microseconds until the end of the period, -1 when the slot is free. */
static int64_t end_period(struct kind *kind, int64_t now_us)
{
	if (kind->key && now_us - kind->opened_us >= PERIOD_US) {
		if (kind->repeated)
			write_count(kind, now_us);
		else
			forget(kind);
	}
	return kind->key ? kind->opened_us + PERIOD_US - now_us : -1;
}

static struct kind *find(uint64_t key)
{
	struct kind *free_slot = NULL;
	for (size_t i = 0; i < MAX_KINDS; i++) {
		if (state.kinds[i].key == key)
			return &state.kinds[i];
		if (!state.kinds[i].key && !free_slot)
			free_slot = &state.kinds[i];
	}
	return free_slot;
}

static void open_kind(struct kind *kind, uint64_t key, int64_t now_us)
{
	*kind = (struct kind){.key = key, .opened_us = now_us};
}

static void count_other(int64_t now_us)
{
	if (!state.others.key) {
		open_kind(&state.others, 1, now_us);
		state.others.text =
			strdup("further warnings and errors of other kinds were left out");
		state.others.level = LOG_WARN;
	}
	state.others.repeated++;
}

static void write_limited(
	enum log_level level, const char *object, const char *format, const char *text)
{
	int64_t now_us = clock_monotonic_us();
	uint64_t key = XXH3_64bits_withSeed(
		object ? object : "", object ? strlen(object) : 0, (uint64_t)(uintptr_t)format);
	struct kind *kind = find(key ? key : 1);
	if (!kind) {
		count_other(now_us);
		return;
	}
	end_period(kind, now_us);
	if (kind->key) {
		kind->repeated++;
		kind->level = level;
		free(kind->text);
		kind->text = strdup(text);
		return;
	}
	open_kind(kind, key ? key : 1, now_us);
	kind->level = level;
	kind->object = object ? strdup(object) : NULL;
	kind->text = strdup(text);
	write_line(level, object, text);
}

void log_write(enum log_level level, const char *object, const char *format, ...)
{
	char text[MAX_TEXT];
	va_list arguments;
	int saved_errno = errno;
	pthread_mutex_lock(&state.lock);
	if (level <= state.level) {
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		if (level <= LOG_WARN)
			write_limited(level, object, format, text);
		else
			write_line(level, object, text);
	}
	pthread_mutex_unlock(&state.lock);
	errno = saved_errno;
}

int64_t log_tick(int64_t now_us)
{
	pthread_mutex_lock(&state.lock);
	int64_t next = end_period(&state.others, now_us);
	for (size_t i = 0; i < MAX_KINDS; i++) {
		int64_t left = end_period(&state.kinds[i], now_us);
		if (left >= 0 && (next < 0 || left < next))
			next = left;
	}
	pthread_mutex_unlock(&state.lock);
	return next;
}

void log_flush(void)
{
	int64_t now_us = clock_monotonic_us();
	pthread_mutex_lock(&state.lock);
	for (size_t i = 0; i <= MAX_KINDS; i++) {
		struct kind *kind = i < MAX_KINDS ? &state.kinds[i] : &state.others;
		if (kind->repeated)
			write_count(kind, now_us);
		forget(kind);
	}
	pthread_mutex_unlock(&state.lock);
}
