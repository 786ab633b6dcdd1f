#include "consumers/console/file_test_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = P_tmpdir "/umbra-store-XXXXXX";
static char path[64];

int make_test_folder(void **opaque)
{
	(void)opaque;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/store", folder);
	return 0;
}

const char *test_file(void)
{
	return path;
}

void remove_test_file(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[80];
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

int remove_test_folder(void **opaque)
{
	(void)opaque;
	remove_test_file();
	return rmdir(folder);
}
