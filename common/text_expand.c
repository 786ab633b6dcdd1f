/* Values that stand elsewhere: in the environment, in a file. Their text never enters a message. */
#include "common/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SECRET = 64 * 1024 };

/* The value of the variable whose name stands at `name`, NULL and errstr. */
static const char *look_up(const char *name, size_t size, char *errstr, size_t errstr_size)
{
	char copy[256];
	if (size == 0 || size >= sizeof(copy)) {
		snprintf(errstr, errstr_size, "a ${NAME} has no usable name");
		return NULL;
	}
	memcpy(copy, name, size);
	copy[size] = '\0';
	const char *value = getenv(copy);
	if (!value)
		snprintf(errstr, errstr_size,
			"the environment variable %s is not set; set it, or write the value in its "
			"place",
			copy);
	return value;
}

/* Writes `text` with its variables; false and errstr. */
static bool write_expanded(FILE *out, const char *text, char *errstr, size_t errstr_size)
{
	const char *start;
	while ((start = strstr(text, "${"))) {
		const char *end = strchr(start, '}');
		if (!end) {
			snprintf(errstr, errstr_size, "a ${ has no } behind it");
			return false;
		}
		fwrite(text, 1, (size_t)(start - text), out);
		const char *value =
			look_up(start + 2, (size_t)(end - start - 2), errstr, errstr_size);
		if (!value)
			return false;
		fputs(value, out);
		text = end + 1;
	}
	fputs(text, out);
	return true;
}

char *text_expand(const char *text, char *errstr, size_t errstr_size)
{
	char *expanded = NULL;
	size_t size;
	FILE *out = open_memstream(&expanded, &size);
	if (!out) {
		snprintf(errstr, errstr_size, "out of memory");
		return NULL;
	}
	bool ok = write_expanded(out, text, errstr, errstr_size);
	fclose(out);
	if (!ok) {
		free(expanded);
		return NULL;
	}
	return expanded;
}

/* The text of the first line in `secret`, whose size is `n`; NULL when it is not usable. */
static const char *check_secret(char *secret, size_t n)
{
	if (memchr(secret, '\0', n))
		return "has a NUL byte in its first line";
	if (n > MAX_SECRET)
		return "has a first line of more than 64 KiB";
	secret[n] = '\0';
	if (n > 0 && secret[n - 1] == '\r')
		secret[n - 1] = '\0';
	return secret[0] ? NULL : "has an empty first line";
}

char *text_read_secret(const char *path, char *errstr, size_t errstr_size)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		snprintf(errstr, errstr_size, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	char *secret = malloc(MAX_SECRET + 2);
	size_t n = secret ? fread(secret, 1, MAX_SECRET + 1, file) : 0;
	const char *problem = NULL;
	if (!secret || ferror(file)) {
		problem = "cannot be read";
	} else {
		char *end = memchr(secret, '\n', n);
		problem = check_secret(secret, end ? (size_t)(end - secret) : n);
	}
	fclose(file);
	if (problem) {
		snprintf(errstr, errstr_size, "%s %s", path, problem);
		free(secret);
		return NULL;
	}
	return secret;
}
