/* Values as people write them: durations, sizes, numbers; and the nearest of a list of words. */
#ifndef UMBRA_COMMON_TEXT_H
#define UMBRA_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns 0, or -1 when the whole of `text` is not such a value or out of int64_t's range. */
int text_parse_int(const char *text, int64_t *value) __attribute__((warn_unused_result));
int text_parse_double(const char *text, double *value) __attribute__((warn_unused_result));
int text_parse_bool(const char *text, bool *value) __attribute__((warn_unused_result));

/* "250us", "5ms", "2s", "10m", "1h", "7d", "1.5s"; a unit is required except for 0. Microseconds. */
int text_parse_duration(const char *text, int64_t *us) __attribute__((warn_unused_result));

/* "0", "512", "64KiB", "6MiB", "1GiB", "100kB", "1MB" in bytes. */
int text_parse_size(const char *text, int64_t *bytes) __attribute__((warn_unused_result));

/* "2026-01-31T12:00:00Z", with optional fraction and offset (RFC 3339), to UTC microseconds. */
int text_parse_time(const char *text, int64_t *us) __attribute__((warn_unused_result));

/* The inverses, shortest exact form. `buffer` holds at least TEXT_MAX bytes; returns it. */
enum { TEXT_MAX = 40 };
char *text_format_duration(int64_t us, char *buffer);
char *text_format_time(int64_t us, char *buffer);
char *text_format_size(int64_t bytes, char *buffer);

char *text_format_int(int64_t number, char *buffer);

/* 1234567 as "1,234,567", for people. */
char *text_format_count(int64_t number, char *buffer);

/* The candidate nearest to `word` by edit distance, NULL when none is near enough to propose. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

/* 1 to `max` bytes, each visible ASCII (0x21..0x7e). */
bool text_is_visible(const void *data, size_t size, size_t max);

/* Both NULL, or the same bytes. */
bool text_equal(const char *a, const char *b);

/* Is it one of the names between the commas? NULL lists all. */
bool text_lists(const char *list, const char *name);

/* A name of ours: 1 to 100 bytes of [A-Za-z0-9_-], so that it fits in a topic's name. */
bool text_is_name(const char *text);

/* `text` with each ${NAME} replaced from the environment; NULL and errstr when one is not set. The
 * caller frees it. The message names the variable, never a value. */
char *text_expand(const char *text, char *errstr, size_t errstr_size);

/* The first line of a file, without its line end, at most 64 KiB: a secret. NULL and errstr. */
char *text_read_secret(const char *path, char *errstr, size_t errstr_size);

#endif
