#include "common/file_mark.h"
#include <sys/stat.h>

bool file_mark_take(const char *path, struct file_mark *mark)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return false;
	*mark = (struct file_mark){.inode = st.st_ino, .size = st.st_size, .modified = st.st_mtim};
	return true;
}

bool file_marks_equal(const struct file_mark *a, const struct file_mark *b)
{
	return a->inode == b->inode && a->size == b->size &&
		a->modified.tv_sec == b->modified.tv_sec &&
		a->modified.tv_nsec == b->modified.tv_nsec;
}

bool file_is_for_all(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && (st.st_mode & S_IROTH);
}
