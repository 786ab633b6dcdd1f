#include "producer/source.h"
#include "common/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536, MARK_SIZE = 3 };

static int open_file(struct source *source, const char *path, char *errstr, size_t errstr_size)
{
	struct stat facts;
	bool is_stdin = strcmp(path, "-") == 0;
	source->name = is_stdin ? "(standard input)" : path;
	source->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0 || fstat(source->fd, &facts) < 0) {
		snprintf(errstr, errstr_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (S_ISDIR(facts.st_mode)) {
		snprintf(errstr, errstr_size, "%s: %s", path, strerror(EISDIR));
		return -1;
	}
	source->file_size = S_ISREG(facts.st_mode) ? facts.st_size : -1;
	source->can_wait = S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode) || isatty(source->fd);
	return 0;
}

int source_open(struct source *source, struct loop *loop, const char *path, int64_t passes,
	const struct record_config *config, char *errstr, size_t errstr_size)
{
	*source = (struct source){
		.fd = -1, .loop = loop, .passes = passes, .passes_left = passes - 1};
	record_reader_init(&source->reader, config);
	source->data = malloc(PIECE);
	memory_need(source->data);
	if (open_file(source, path, errstr, errstr_size) < 0)
		return -1;
	if (passes != 1 && source->file_size < 0) {
		snprintf(errstr, errstr_size, "%s: --repeat needs a file that can be read again",
			source->name);
		return -1;
	}
	return 0;
}

static void stop_watching(void *opaque)
{
	struct source *source = opaque;
	if (source->is_watched)
		loop_unwatch(source->loop, source->fd);
	source->is_watched = false;
}

void source_close(struct source *source)
{
	if (!source->data)
		return;
	stop_watching(source);
	if (source->fd > STDIN_FILENO)
		close(source->fd);
	record_reader_fini(&source->reader);
	free(source->data);
	*source = (struct source){.fd = -1};
}

/* Would a read return at once? If not, the loop is told to wake up when it would. */
static bool is_readable(struct source *source)
{
	struct pollfd fd = {.fd = source->fd, .events = POLLIN};
	if (!source->can_wait || poll(&fd, 1, 0) != 0)
		return true;
	if (!source->is_watched)
		loop_watch(source->loop, source->fd, stop_watching, source);
	source->is_watched = true;
	return false;
}

/* SOURCE_RECORD: there are new bytes, or the end. */
static enum source_result fill(struct source *source)
{
	if (!is_readable(source))
		return SOURCE_WAIT;
	if (source->at == source->size)
		source->at = source->size = 0;
	ssize_t n = read(source->fd, source->data + source->size, PIECE - source->size);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? SOURCE_WAIT : SOURCE_FAILED;
	source->at_end = n == 0;
	source->size += (size_t)n;
	source->n_read += n;
	return SOURCE_RECORD;
}

static enum source_result begin_pass(struct source *source)
{
	struct record_config config = source->reader.config;
	if (source->passes_left == 0 || source->n_read == 0)
		return SOURCE_END;
	if (lseek(source->fd, 0, SEEK_SET) < 0)
		return SOURCE_FAILED;
	record_reader_fini(&source->reader);
	record_reader_init(&source->reader, &config);
	if (source->passes_left > 0)
		source->passes_left--;
	source->pass++;
	source->n_read = 0;
	source->at_end = source->has_begun = false;
	return SOURCE_WAIT;
}

static enum parse parse_some(struct source *source)
{
	size_t used;
	bool is_enough =
		source->has_begun || source->size - source->at >= MARK_SIZE || source->at_end;
	if (!is_enough || source->at == source->size)
		return PARSE_MORE;
	source->has_begun = true;
	enum parse result = record_parse(
		&source->reader, source->data + source->at, source->size - source->at, &used);
	source->at += used;
	return result;
}

enum source_result source_next(struct source *source)
{
	for (;;) {
		enum parse result = parse_some(source);
		if (result == PARSE_MORE && source->at_end)
			result = record_end(&source->reader);
		if (result != PARSE_MORE)
			return result == PARSE_BAD ? SOURCE_BAD : SOURCE_RECORD;
		enum source_result next = source->at_end ? begin_pass(source) : fill(source);
		if (next == SOURCE_END || next == SOURCE_FAILED)
			return next;
		if (next == SOURCE_WAIT && source->is_watched)
			return next;
	}
}

double source_share(const struct source *source)
{
	if (source->file_size <= 0 || source->passes == 0)
		return -1;
	int64_t used = source->n_read - (int64_t)(source->size - source->at);
	double share = ((double)source->pass + (double)used / (double)source->file_size) /
		(double)source->passes;
	return share < 1 ? share : 1;
}
