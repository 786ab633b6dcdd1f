/* The input: a file or a pipe, read in pieces when records are wanted, in the loop. */
#ifndef UMBRA_PRODUCER_SOURCE_H
#define UMBRA_PRODUCER_SOURCE_H

#include "common/loop.h"
#include "producer/record.h"

enum source_result {
	SOURCE_RECORD, /* in source->reader, until the next call */
	SOURCE_WAIT, /* nothing yet: the loop wakes when there is */
	SOURCE_BAD, /* see source->reader.error; the next call goes on, unless is_broken */
	SOURCE_END,
	SOURCE_FAILED /* the file cannot be read: errno */
};

struct source {
	const char *name; /* as given, for messages; "(standard input)" */
	int fd; /* -1: not open */
	struct loop *loop;
	bool is_watched;
	bool can_wait; /* a pipe, a socket, a terminal: reading may block */
	int64_t file_size; /* of a regular file, else -1 */
	int64_t passes_left; /* after this one; -1: no end */
	int64_t passes, pass; /* in all, 0: no end; this one, from 0 */
	int64_t n_read; /* bytes of this pass */
	bool at_end;
	bool has_begun; /* the parser has had its first bytes */
	char *data;
	size_t size, at; /* of data: filled; used */
	struct record_reader reader;
};

/* `path` "-": standard input. `passes` times from the beginning, 0: without end; other than 1 needs a
 * regular file. 0, or -1 and errstr. */
int source_open(struct source *source, struct loop *loop, const char *path, int64_t passes,
	const struct record_config *config, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));
void source_close(struct source *source);

enum source_result source_next(struct source *source);

/* How much of the whole input was used, 0 to 1; -1: not known. */
double source_share(const struct source *source);

#endif
