/* A model's own headers. Each has a name, the value in use and, when it comes from a file, the mark
 * (inode, size, time) of the file that it was read from. A changed mark makes a new header_set; calls
 * in flight end with the set that they began with. Names that frame the message or that Umbra sets
 * by itself are refused: with them a model could be made to misread where a request ends. */
#include "common/model_headers.h"

#include "common/file_mark.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RECHECK_US = 1000000 };

struct header_entry {
	char *name;
	char *value;
	char *file; /* NULL: the value is fixed */
	struct file_mark mark;
};

struct model_headers {
	char *model; /* for logs */
	struct header_entry *entries;
	size_t n_entries;
	struct header_set *set;
	int64_t checked_us; /* monotonic: last look at the files; 0: none since they were read */
	bool has_files;
};

static const char *const reserved[] = {"connection", "content-length", "expect", "keep-alive",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "x-request-id",
	"x-umbra-shadow"};

static bool is_token(const char *name)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	size_t n = 0;
	for (const char *c = name; *c; c++, n++) {
		bool is_word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9');
		if (!is_word && !strchr(marks, *c))
			return false;
	}
	return n > 0 && n <= 256;
}

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	return false;
}

/* The operator's own values may hold tabs and bytes beyond ASCII, but never a control. */
static bool is_value(const char *value)
{
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

bool header_value_is_safe(const char *value)
{
	size_t n = 0;
	for (const unsigned char *c = (const unsigned char *)value; *c; c++, n++)
		if (*c < 0x20 || *c > 0x7e || n == HEADER_VALUE_MAX)
			return false;
	return n > 0;
}

static char *read_value(const char *path, struct file_mark *mark, char *errstr, size_t errstr_size)
{
	*mark = (struct file_mark){0};
	(void)file_mark_take(path, mark);
	char *value = text_read_secret(path, errstr, errstr_size);
	if (value && !is_value(value)) {
		snprintf(errstr, errstr_size, "%s holds control characters", path);
		free(value);
		return NULL;
	}
	return value;
}

static int entry_init(struct header_entry *entry, const struct model_header *header, char *errstr,
	size_t errstr_size)
{
	if (!header->name || !is_token(header->name)) {
		snprintf(errstr, errstr_size, "\"%s\" is not a header name",
			header->name ? header->name : "");
		return -1;
	}
	if (is_reserved(header->name)) {
		snprintf(errstr, errstr_size, "header %s is set by Umbra itself", header->name);
		return -1;
	}
	if (!header->value == !header->value_file) {
		snprintf(errstr, errstr_size, "header %s needs either a value or a value_file",
			header->name);
		return -1;
	}
	entry->name = strdup(header->name);
	memory_need(entry->name);
	if (header->value_file) {
		entry->file = strdup(header->value_file);
		memory_need(entry->file);
		entry->value = read_value(entry->file, &entry->mark, errstr, errstr_size);
		return entry->value ? 0 : -1;
	}
	entry->value = text_expand(header->value, errstr, errstr_size);
	if (entry->value && !is_value(entry->value)) {
		snprintf(errstr, errstr_size, "the value of header %s holds control characters",
			header->name);
		return -1;
	}
	return entry->value ? 0 : -1;
}

static struct curl_slist *append(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);
	assert(longer);
	return longer;
}

/* curl's way to write a header without value is "name;". */
static struct curl_slist *append_entry(struct curl_slist *list, const struct header_entry *entry)
{
	bool is_empty = entry->value[strspn(entry->value, " \t")] == '\0';
	size_t size = strlen(entry->name) + strlen(entry->value) + 3;
	char *line = malloc(size);
	memory_need(line != NULL);
	if (is_empty)
		snprintf(line, size, "%s;", entry->name);
	else
		snprintf(line, size, "%s: %s", entry->name, entry->value);
	list = append(list, line);
	free(line);
	return list;
}

/* "Expect:" alone keeps curl from asking the model whether it may send. */
static struct header_set *set_new(const struct model_headers *headers)
{
	struct header_set *set = calloc(1, sizeof *set);
	memory_need(set);
	set->refs = 1;
	set->list = append(NULL, "Expect:");
	for (size_t i = 0; i < headers->n_entries; i++)
		set->list = append_entry(set->list, &headers->entries[i]);
	return set;
}

void header_set_release(struct header_set *set)
{
	if (!set || --set->refs > 0)
		return;
	curl_slist_free_all(set->list);
	free(set);
}

struct model_headers *model_headers_new(
	const struct model_config *config, char *errstr, size_t errstr_size)
{
	struct model_headers *headers = calloc(1, sizeof *headers);
	memory_need(headers);
	headers->model = strdup(config->name);
	headers->entries = calloc(config->n_headers + 1, sizeof *headers->entries);
	memory_need(headers->model && headers->entries);
	for (size_t i = 0; i < config->n_headers; i++) {
		headers->n_entries = i + 1;
		if (entry_init(&headers->entries[i], &config->headers[i], errstr, errstr_size)) {
			model_headers_free(headers);
			return NULL;
		}
		headers->has_files |= headers->entries[i].file != NULL;
	}
	headers->set = set_new(headers);
	return headers;
}

void model_headers_free(struct model_headers *headers)
{
	if (!headers)
		return;
	for (size_t i = 0; i < headers->n_entries; i++) {
		free(headers->entries[i].name);
		free(headers->entries[i].value);
		free(headers->entries[i].file);
	}
	header_set_release(headers->set);
	free(headers->entries);
	free(headers->model);
	free(headers);
}

/* Takes the file's value if it has changed; true if it did. */
static bool entry_refresh(struct header_entry *entry, const char *model)
{
	struct file_mark mark = {0};
	if (!entry->file ||
		(file_mark_take(entry->file, &mark) && file_marks_equal(&mark, &entry->mark)))
		return false;
	char errstr[512];
	char *value = read_value(entry->file, &mark, errstr, sizeof errstr);
	if (!value) {
		log_warn(model, "header %s keeps its last value: %s", entry->name, errstr);
		return false;
	}
	free(entry->value);
	entry->value = value;
	entry->mark = mark;
	return true;
}

static void refresh(struct model_headers *headers)
{
	bool changed = false;
	for (size_t i = 0; i < headers->n_entries; i++)
		changed |= entry_refresh(&headers->entries[i], headers->model);
	if (!changed)
		return;
	header_set_release(headers->set);
	headers->set = set_new(headers);
	log_info(headers->model, "a header's file has changed and was read again");
}

struct header_set *model_headers_hold(struct model_headers *headers, int64_t now_us)
{
	if (headers->has_files && now_us - headers->checked_us >= RECHECK_US) {
		refresh(headers);
		headers->checked_us = now_us;
	}
	headers->set->refs++;
	return headers->set;
}

bool model_headers_has(const struct model_headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->n_entries; i++)
		if (strcasecmp(headers->entries[i].name, name) == 0)
			return true;
	return false;
}
