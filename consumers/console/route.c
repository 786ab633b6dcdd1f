#include "consumers/console/route.h"
#include <string.h>

bool route_matches(const char *head, const char *tail, const char *path, char name[ROUTE_NAME_MAX])
{
	size_t before = strlen(head), size = strlen(path);
	name[0] = '\0';
	if (!tail)
		return !strcmp(path, head);
	size_t behind = strlen(tail);
	if (strncmp(path, head, before) != 0 || size <= before + behind ||
		strcmp(path + size - behind, tail) != 0)
		return false;
	size_t length = size - before - behind;
	if (length >= ROUTE_NAME_MAX || memchr(path + before, '/', length))
		return false;
	memcpy(name, path + before, length);
	name[length] = '\0';
	return true;
}
