/* libconfig does the reading. Before it does, the text is scanned here, for three things that it
 * gets wrong: whole numbers beyond 32 bits without an L are cut silently, an unreadable include ends
 * the process (a folder does), and a NUL byte ends the file. The scan knows just enough of the
 * language to tell numbers from strings, comments and names. */
#include "common/config_file.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_READ = 16 << 10, MAX_FILE = 16 << 20, MAX_DEPTH = 10, MAX_INCLUDED = 100 };

struct scan {
	const char *path;
	const char *folder; /* of the outermost file, with the slash; "" for the working folder */
	int depth;
	int *included; /* files so far: two includes of itself would double at each depth */
	const char *p;
	int line;
	char *errstr;
	size_t errstr_size;
};

/* The text of a file; NULL and errno. */
static char *read_stream(FILE *file)
{
	size_t capacity = FIRST_READ, n = 0;
	char *text = malloc(capacity);
	while (text && (n += fread(text + n, 1, capacity - n, file)) == capacity && n <= MAX_FILE) {
		char *larger = realloc(text, capacity *= 2);
		if (!larger)
			free(text);
		text = larger;
	}
	if (!text)
		return NULL;
	if (ferror(file) || n > MAX_FILE || memchr(text, '\0', n)) {
		if (!ferror(file))
			errno = n > MAX_FILE ? EFBIG : EILSEQ;
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static char *read_text(const char *path, char *errstr, size_t errstr_size)
{
	FILE *file = fopen(path, "re");
	char *text = file ? read_stream(file) : NULL;
	if (!text)
		snprintf(errstr, errstr_size, "cannot read %s: %s", path,
			errno == EILSEQ ? "it holds a NUL byte, so it is no text"
					: strerror(errno));
	if (file)
		fclose(file);
	return text;
}

static int scan_file(struct scan *scan, const char *text);

/* Where `name` of an @include lies. */
static char *resolve(const struct scan *scan, const char *name, size_t size)
{
	char *path = NULL;
	const char *folder = name[0] == '/' ? "" : scan->folder;
	if (asprintf(&path, "%s%.*s", folder, (int)size, name) < 0)
		return NULL;
	return path;
}

static int refuse_include(struct scan *scan, const char *why)
{
	snprintf(scan->errstr, scan->errstr_size, "%s:%d: %s", scan->path, scan->line, why);
	return -1;
}

/* At `"name"`: scans the included file too. */
static int scan_include(struct scan *scan)
{
	const char *name = scan->p + 1, *end = strpbrk(name, "\"\n");
	if (scan->p[0] != '"' || !end || *end != '"' || scan->depth >= MAX_DEPTH)
		return 0; /* libconfig has the message */
	if (++*scan->included > MAX_INCLUDED)
		return refuse_include(scan, "more than 100 files are included");
	char problem[512], *path = resolve(scan, name, (size_t)(end - name));
	char *text = path ? read_text(path, problem, sizeof(problem)) : NULL;
	int result = -1;
	if (text) {
		struct scan inner = *scan;
		inner.path = path;
		inner.depth++;
		result = scan_file(&inner, text);
	} else {
		refuse_include(scan, path ? problem : "out of memory");
	}
	free(text);
	free(path);
	scan->p = end + 1;
	return result;
}

static void skip_string(struct scan *scan)
{
	for (scan->p++; *scan->p && *scan->p != '"'; scan->p++) {
		if (*scan->p == '\\' && scan->p[1])
			scan->p++;
		scan->line += *scan->p == '\n';
	}
	scan->p += *scan->p == '"';
}

static void skip_block_comment(struct scan *scan)
{
	const char *end = strstr(scan->p + 2, "*/");
	end = end ? end + 2 : scan->p + strlen(scan->p);
	for (; scan->p < end; scan->p++)
		scan->line += *scan->p == '\n';
}

static bool is_cut(const char *digits, bool is_hex, bool is_long)
{
	errno = 0;
	if (is_hex) {
		unsigned long long n = strtoull(digits, NULL, 16);
		return errno == ERANGE || (!is_long && n > INT32_MAX);
	}
	long long n = strtoll(digits, NULL, 10);
	return errno == ERANGE || (!is_long && (n > INT32_MAX || n < INT32_MIN));
}

/* At the first digit, sign or point of a number. */
static int check_number(struct scan *scan)
{
	static const char decimal[] = "0123456789", hex[] = "0123456789abcdefABCDEF";
	char copy[80];
	const char *start = scan->p;
	const char *digits = start + strspn(start, "+-");
	bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t n = is_hex ? 2 + strspn(digits + 2, hex) : strspn(digits, decimal);
	scan->p = digits + n;
	if (!is_hex && *scan->p && strchr(".eE", *scan->p)) {
		scan->p += strspn(scan->p, "0123456789.eE+-");
		return 0;
	}
	bool is_long = *scan->p == 'L';
	scan->p += strspn(scan->p, "L");
	if (scan->p == start) {
		scan->p++;
		return 0;
	}
	size_t size = (size_t)(digits + n - start);
	snprintf(copy, sizeof(copy), "%.*s", (int)(size < sizeof(copy) ? size : sizeof(copy) - 1),
		start);
	if (!is_cut(copy, is_hex, is_long))
		return 0;
	if (is_long || size > 19)
		snprintf(scan->errstr, scan->errstr_size, "%s:%d: %s is beyond 64 bits", scan->path,
			scan->line, copy);
	else
		snprintf(scan->errstr, scan->errstr_size,
			"%s:%d: %s is beyond 32 bits and needs an L: write %sL", scan->path,
			scan->line, copy, copy);
	return -1;
}

static bool is_name_start(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*';
}

static bool skip_comment(struct scan *scan)
{
	if (scan->p[0] == '/' && scan->p[1] == '*')
		skip_block_comment(scan);
	else if (scan->p[0] == '#' || (scan->p[0] == '/' && scan->p[1] == '/'))
		scan->p += strcspn(scan->p, "\n");
	else
		return false;
	return true;
}

static int scan_token(struct scan *scan)
{
	static const char include[] = "@include";
	if (skip_comment(scan))
		return 0;
	if (*scan->p == '"') {
		skip_string(scan);
	} else if (is_name_start(*scan->p)) {
		scan->p += strspn(scan->p,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*-");
	} else if (strncmp(scan->p, include, strlen(include)) == 0) {
		scan->p += strlen(include);
		scan->p += strspn(scan->p, " \t");
		return scan_include(scan);
	} else if (strchr("+-.0123456789", *scan->p)) {
		return check_number(scan);
	} else {
		scan->line += *scan->p == '\n';
		scan->p++;
	}
	return 0;
}

static int scan_file(struct scan *scan, const char *text)
{
	scan->p = text;
	scan->line = 1;
	while (*scan->p) {
		if (scan_token(scan) < 0)
			return -1;
	}
	return 0;
}

/* libconfig names an included file as the @include does, without the folder. */
static char *format_place(
	const char *path, const char *included, unsigned line, char *buffer, size_t buffer_size)
{
	const char *slash = strrchr(path, '/');
	int folder = slash && included && included[0] != '/' ? (int)(slash + 1 - path) : 0;
	snprintf(buffer, buffer_size, "%.*s%s:%u", folder, path, included ? included : path, line);
	return buffer;
}

static int parse(
	config_t *config, const char *path, const char *text, char *errstr, size_t errstr_size)
{
	char place[1024];
	if (config_read_string(config, text))
		return 0;
	format_place(path, config_error_file(config), (unsigned)config_error_line(config), place,
		sizeof(place));
	snprintf(errstr, errstr_size, "%s: %s", place, config_error_text(config));
	return -1;
}

int config_file_read(config_t *config, const char *path, char *errstr, size_t errstr_size)
{
	char folder[4096] = "";
	const char *slash = strrchr(path, '/');
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash + 1 - path), path);
	char *text = read_text(path, errstr, errstr_size);
	if (!text)
		return -1;
	int included = 0;
	struct scan scan = {.path = path,
		.folder = folder,
		.included = &included,
		.errstr = errstr,
		.errstr_size = errstr_size};
	int result = scan_file(&scan, text);
	config_set_include_dir(config, slash ? folder : ".");
	if (result == 0)
		result = parse(config, path, text, errstr, errstr_size);
	free(text);
	return result;
}

char *config_file_place(
	const config_setting_t *setting, const char *path, char *buffer, size_t buffer_size)
{
	return format_place(path, config_setting_source_file(setting),
		config_setting_source_line(setting), buffer, buffer_size);
}
