/* Has a file changed since it was read? */
#ifndef UMBRA_COMMON_FILE_MARK_H
#define UMBRA_COMMON_FILE_MARK_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct file_mark {
	ino_t inode;
	off_t size;
	struct timespec modified;
};

/* Takes the file's mark, before its bytes are read: a change in between is seen at the next look.
 * false: there is no such file. */
bool file_mark_take(const char *path, struct file_mark *mark);
bool file_marks_equal(const struct file_mark *a, const struct file_mark *b);

/* May every user of this machine read it? */
bool file_is_for_all(const char *path);

#endif
