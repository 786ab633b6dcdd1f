/* Strict readers: the whole text is the value, or it is none. Values with a unit are read as exact
 * decimals, never through a double, so that what is written and read again is the same number. */
#include "common/text.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: what is formatted takes the first that fits. */
static const struct unit time_units[] = {{"d", 86400000000}, {"h", 3600000000}, {"m", 60000000},
	{"s", 1000000}, {"ms", 1000}, {"us", 1}};
static const struct unit size_units[] = {{"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1 << 20},
	{"KiB", 1 << 10}, {"TB", 1000000000000}, {"GB", 1000000000}, {"MB", 1000000}, {"kB", 1000},
	{"KB", 1000}, {"B", 1}, {"", 1}};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int text_parse_int(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!*digits || digits[strspn(digits, "0123456789")])
		return -1;
	errno = 0;
	long long n = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return -1;
	*value = n;
	return 0;
}

int text_parse_double(const char *text, double *value)
{
	/* strtod also takes blanks, hexadecimal, inf and nan. */
	if (!*text || text[strspn(text, "0123456789+-.eE")])
		return -1;
	char *end;
	double n = strtod(text, &end);
	if (end == text || *end || !isfinite(n))
		return -1;
	*value = n;
	return 0;
}

int text_parse_bool(const char *text, bool *value)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*value = i % 2 == 1;
			return 0;
		}
	}
	return -1;
}

/* Adds a decimal digit; false when the number leaves int64_t's range. */
static bool add_digit(int64_t *n, char digit)
{
	return !__builtin_mul_overflow(*n, 10, n) && !__builtin_add_overflow(*n, digit - '0', n);
}

/* "12", "1.5": the digits without the point, and how many of them stand behind it. Returns where
 * the number ends, NULL when there is none. */
static const char *read_decimal(const char *text, int64_t *digits, int64_t *scale)
{
	*digits = 0;
	*scale = 1;
	const char *p = text;
	for (; is_digit(*p); p++) {
		if (!add_digit(digits, *p))
			return NULL;
	}
	if (p == text || *p != '.')
		return p == text ? NULL : p;
	for (p++; is_digit(*p); p++) {
		if (!add_digit(digits, *p) || __builtin_mul_overflow(*scale, 10, scale))
			return NULL;
	}
	return is_digit(p[-1]) ? p : NULL;
}

/* digits / scale * factor, if it is a whole number in range. */
static int scale_exactly(int64_t digits, int64_t scale, int64_t factor, int64_t *value)
{
	__int128 product = (__int128)digits * factor;
	if (product % scale != 0 || product / scale > INT64_MAX)
		return -1;
	*value = (int64_t)(product / scale);
	return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, size_t n, int64_t *value)
{
	int64_t digits, scale;
	const char *name = read_decimal(text, &digits, &scale);
	for (size_t i = 0; name && i < n; i++) {
		if (strcmp(name, units[i].name) == 0)
			return scale_exactly(digits, scale, units[i].factor, value);
	}
	return -1;
}

int text_parse_duration(const char *text, int64_t *us)
{
	if (strcmp(text, "0") == 0) {
		*us = 0;
		return 0;
	}
	return parse_with_unit(text, time_units, N_ELEMENTS(time_units), us);
}

int text_parse_size(const char *text, int64_t *bytes)
{
	return parse_with_unit(text, size_units, N_ELEMENTS(size_units), bytes);
}

/* value / factor with as many decimals as it needs; factor is a power of ten. */
static void format_decimal(int64_t value, int64_t factor, const char *unit, char *buffer)
{
	int length = snprintf(buffer, TEXT_MAX, "%" PRId64, value / factor);
	int64_t rest = value % factor;
	if (rest)
		buffer[length++] = '.';
	while (rest) {
		factor /= 10;
		buffer[length++] = (char)('0' + rest / factor);
		rest %= factor;
	}
	snprintf(buffer + length, (size_t)(TEXT_MAX - length), "%s", unit);
}

char *text_format_duration(int64_t us, char *buffer)
{
	if (us < 0 && us > INT64_MIN) {
		buffer[0] = '-';
		char positive[TEXT_MAX];
		snprintf(buffer + 1, TEXT_MAX - 1, "%s", text_format_duration(-us, positive));
		return buffer;
	}
	if (us <= 0) {
		snprintf(buffer, TEXT_MAX, us ? "%" PRId64 "us" : "%" PRId64, us);
		return buffer;
	}
	for (size_t i = 0; i < N_ELEMENTS(time_units); i++) {
		const struct unit *unit = &time_units[i];
		bool decimal = unit->factor <= 1000000;
		if (us >= unit->factor && (decimal || us % unit->factor == 0)) {
			format_decimal(us, unit->factor, unit->name, buffer);
			break;
		}
	}
	return buffer;
}

char *text_format_size(int64_t bytes, char *buffer)
{
	static const struct unit plain = {"", 1};
	const struct unit *unit = &plain;
	for (size_t i = 4; i-- > 0;) {
		if (bytes && bytes % size_units[i].factor == 0)
			unit = &size_units[i];
	}
	snprintf(buffer, TEXT_MAX, "%" PRId64 "%s", bytes / unit->factor, unit->name);
	return buffer;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

enum { MAX_WORD = 64 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Levenshtein's distance, and 1 for two neighbours that changed places. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), d[3][MAX_WORD + 1];
	if (n > MAX_WORD || m > MAX_WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = d[i % 3], *above = d[(i + 2) % 3], *above2 = d[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = min3(row[j], above2[j - 2] + 1, SIZE_MAX);
		}
	}
	return d[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 3 + 2; /* a third of the letters, and one, may be wrong */
	for (size_t i = 0; i < n; i++) {
		size_t distance = edit_distance(word, candidates[i]);
		if (distance < best && distance < strlen(candidates[i])) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

bool text_is_visible(const void *data, size_t size, size_t max)
{
	const unsigned char *bytes = data;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] < 0x21 || bytes[i] > 0x7e)
			return false;
	}
	return size >= 1 && size <= max;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_lists(const char *list, const char *name)
{
	size_t size = strlen(name), n;
	for (const char *at = list; at; at = at[n] ? at + n + 1 : NULL) {
		n = strcspn(at, ",");
		if (n == size && !strncmp(at, name, n))
			return true;
	}
	return !list;
}

bool text_is_name(const char *text)
{
	size_t length =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return length >= 1 && length <= 100 && !text[length];
}

/* By hand: it is done several times a request, and printf takes ten times as long. */
char *text_format_int(int64_t number, char *buffer)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	*--at = '\0';
	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--at = '-';
	return memcpy(buffer, at, (size_t)(digits + sizeof digits - at));
}

char *text_format_count(int64_t number, char *buffer)
{
	char digits[TEXT_MAX];
	int n = (int)strlen(text_format_int(number, digits)), out = 0;
	for (int i = 0; i < n; i++) {
		bool is_group = i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-';
		if (is_group)
			buffer[out++] = ',';
		buffer[out++] = digits[i];
	}
	buffer[out] = '\0';
	return buffer;
}
