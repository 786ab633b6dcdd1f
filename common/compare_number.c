/* The digits stay where they are; only their first and last that count are marked. */
#include "common/compare_number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_DIGITS_MAX = 9, DOUBLE_DIGITS = 40 /* more change nothing that matters */ };

struct scan {
	const char *at, *end;
};

static bool take(struct scan *scan, char byte)
{
	if (scan->at == scan->end || *scan->at != byte)
		return false;
	scan->at++;
	return true;
}

static size_t take_digits(struct scan *scan)
{
	const char *from = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - from);
}

/* The part behind e or E, if there is one. */
static bool take_exponent(struct scan *scan, int64_t *exponent, bool *is_there)
{
	bool negative;
	const char *from;

	*exponent = 0;
	*is_there = take(scan, 'e') || take(scan, 'E');
	if (!*is_there)
		return true;
	negative = take(scan, '-');
	if (!negative)
		take(scan, '+');
	from = scan->at;
	if (take_digits(scan) == 0 || scan->at - from > EXPONENT_DIGITS_MAX)
		return false;
	for (; from < scan->at; from++)
		*exponent = *exponent * 10 + (*from - '0');
	if (negative)
		*exponent = -*exponent;
	return true;
}

/* Marks the digits that count among `size` bytes whose first `whole` stand before the point. */
static void mark_digits(struct compare_number *number, const char *text, size_t size, size_t whole,
	int64_t exponent)
{
	size_t first = 0, last = size;

	while (first < size && (text[first] == '0' || text[first] == '.'))
		first++;
	while (last > first && (text[last - 1] == '0' || text[last - 1] == '.'))
		last--;
	number->digits = text + first;
	number->size = last - first;
	number->exponent = exponent + (int64_t)whole - (int64_t)first - (first < whole ? 1 : 0);
	if (number->size == 0) {
		number->exponent = 0;
		number->negative = false;
	}
}

/* Copies up to `max` digits; returns how many. */
static size_t copy_digits(const struct compare_number *number, char *buffer, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < number->size && n < max; i++)
		if (number->digits[i] != '.')
			buffer[n++] = number->digits[i];
	return n;
}

static void set_integer(struct compare_number *number)
{
	uint64_t limit = (uint64_t)INT64_MAX + number->negative, value = 0;

	if (!number->is_whole || number->exponent > 18)
		return;
	for (int64_t i = 0; number->size > 0 && i <= number->exponent; i++) {
		unsigned digit = (size_t)i < number->size ? (unsigned)(number->digits[i] - '0') : 0;

		if (value > (limit - digit) / 10)
			return;
		value = value * 10 + digit;
	}
	number->is_int64 = true;
	number->integer = (int64_t)(number->negative ? 0 - value : value);
}

/* Few digits and a small power of ten are both exact doubles, so that one operation rounds right. */
static bool set_short_value(
	struct compare_number *number, const char *digits, size_t n, int64_t power)
{
	static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	int64_t integer = 0;

	if (n > 15 || power < -22 || power > 22)
		return false;
	for (size_t i = 0; i < n; i++)
		integer = integer * 10 + (digits[i] - '0');
	number->value = power < 0 ? (double)integer / tens[-power] : (double)integer * tens[power];
	if (number->negative)
		number->value = -number->value;
	return true;
}

/* The text that is read has no point, so that no locale matters. */
static void set_value(struct compare_number *number)
{
	char text[DOUBLE_DIGITS + 32];
	int64_t power;
	size_t n;

	if (number->size == 0)
		return;
	text[0] = number->negative ? '-' : '+';
	n = copy_digits(number, text + 1, DOUBLE_DIGITS);
	power = number->exponent - (int64_t)n + 1;
	if (set_short_value(number, text + 1, n, power))
		return;
	snprintf(text + 1 + n, sizeof(text) - 1 - n, "e%lld", (long long)power);
	number->value = strtod(text, NULL);
}

static bool set_special(struct compare_number *number, enum compare_number_kind kind)
{
	static const double values[] = {-INFINITY, 0, INFINITY, NAN};

	number->kind = kind;
	number->value = values[kind];
	return true;
}

/* What follows the sign. `loose`: a cell's grammar. */
static bool read_finite(struct scan scan, bool loose, struct compare_number *number)
{
	const char *from = scan.at;
	size_t whole = take_digits(&scan), part = 0;
	bool has_point = take(&scan, '.'), has_exponent;
	int64_t exponent;
	const char *to;

	if (has_point)
		part = take_digits(&scan);
	to = scan.at;
	if (whole + part == 0 || (whole > 1 && from[0] == '0'))
		return false;
	if (!loose && (whole == 0 || (has_point && part == 0)))
		return false;
	if (!take_exponent(&scan, &exponent, &has_exponent) || scan.at != scan.end)
		return false;
	number->is_whole = !has_point && !has_exponent;
	mark_digits(number, from, (size_t)(to - from), whole, exponent);
	set_integer(number);
	set_value(number);
	return true;
}

bool compare_number_read_json(const char *text, size_t size, struct compare_number *number)
{
	struct scan scan = {text, text + size};

	*number = (struct compare_number){.kind = NUMBER_FINITE};
	if (size == 3 && memcmp(text, "NaN", 3) == 0)
		return set_special(number, NUMBER_NAN);
	if (size == 8 && memcmp(text, "Infinity", 8) == 0)
		return set_special(number, NUMBER_INFINITY);
	if (size == 9 && memcmp(text, "-Infinity", 9) == 0)
		return set_special(number, NUMBER_MINUS_INFINITY);
	number->negative = take(&scan, '-');
	return read_finite(scan, false, number);
}

static bool is_word(struct scan scan, const char *word)
{
	size_t size = strlen(word);

	return (size_t)(scan.end - scan.at) == size && strncasecmp(scan.at, word, size) == 0;
}

bool compare_number_read_cell(const char *text, size_t size, struct compare_number *number)
{
	struct scan scan = {text, text + size};

	*number = (struct compare_number){.kind = NUMBER_FINITE};
	while (scan.at < scan.end && (*scan.at == ' ' || *scan.at == '\t'))
		scan.at++;
	while (scan.at < scan.end && (scan.end[-1] == ' ' || scan.end[-1] == '\t'))
		scan.end--;
	number->negative = take(&scan, '-');
	if (!number->negative)
		take(&scan, '+');
	if (is_word(scan, "nan"))
		return set_special(number, NUMBER_NAN);
	if (is_word(scan, "inf") || is_word(scan, "infinity"))
		return set_special(
			number, number->negative ? NUMBER_MINUS_INFINITY : NUMBER_INFINITY);
	return read_finite(scan, true, number);
}

static int order_digits(const struct compare_number *a, const struct compare_number *b)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		if (i < a->size && a->digits[i] == '.')
			i++;
		if (j < b->size && b->digits[j] == '.')
			j++;
		if (i >= a->size || j >= b->size)
			return (i < a->size) - (j < b->size);
		if (a->digits[i] != b->digits[j])
			return a->digits[i] < b->digits[j] ? -1 : 1;
	}
}

static int sign(const struct compare_number *number)
{
	if (number->size == 0)
		return 0;
	return number->negative ? -1 : 1;
}

int compare_number_order(const struct compare_number *a, const struct compare_number *b)
{
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind != NUMBER_FINITE)
		return 0;
	if (sign(a) != sign(b))
		return sign(a) < sign(b) ? -1 : 1;
	if (a->exponent != b->exponent)
		order = a->exponent < b->exponent ? -1 : 1;
	else
		order = order_digits(a, b);
	return a->negative ? -order : order;
}

bool compare_number_difference(
	const struct compare_number *a, const struct compare_number *b, double *difference)
{
	if (a->kind != NUMBER_FINITE || b->kind != NUMBER_FINITE)
		return false;
	if (a->is_int64 && b->is_int64) {
		bool rises = b->integer >= a->integer;
		uint64_t size = rises ? (uint64_t)b->integer - (uint64_t)a->integer
				      : (uint64_t)a->integer - (uint64_t)b->integer;

		*difference = rises ? (double)size : -(double)size;
	} else {
		*difference = b->value - a->value;
	}
	return isfinite(*difference);
}

bool compare_number_agrees(const struct compare_number *a, const struct compare_number *b,
	double absolute, double relative)
{
	double difference, bound;

	if (compare_number_order(a, b) == 0)
		return true;
	if (a->is_whole && b->is_whole && !(a->is_int64 && b->is_int64))
		return false;
	if (!compare_number_difference(a, b, &difference))
		return false;
	bound = fmax(absolute, relative * fmax(fabs(a->value), fabs(b->value)));
	return fabs(difference) <= bound;
}

/* Beyond INT64: the digits, and the zeros that were left out behind them. */
static bool whole_text(const struct compare_number *number, char *buffer, size_t size)
{
	size_t length = (size_t)number->exponent + 1;
	char *to = buffer;

	if (length + number->negative + 1 > size)
		return false;
	if (number->negative)
		*to++ = '-';
	memcpy(to, number->digits, number->size);
	memset(to + number->size, '0', length - number->size);
	to[length] = '\0';
	return true;
}

/* The shortest text that is the same double. */
static void shortest_text(double value, char *text, size_t size)
{
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(text, size, "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

bool compare_number_text(const struct compare_number *number, char *buffer, size_t size)
{
	char text[64];

	if (number->kind != NUMBER_FINITE || !isfinite(number->value))
		return false;
	if (number->is_whole && !number->is_int64)
		return whole_text(number, buffer, size);
	if (number->is_int64)
		snprintf(text, sizeof(text), "%lld", (long long)number->integer);
	else if (number->value == floor(number->value) && fabs(number->value) < 9e18)
		snprintf(text, sizeof(text), "%lld", (long long)number->value);
	else
		shortest_text(number->value, text, sizeof(text));
	return snprintf(buffer, size, "%s", text) < (int)size;
}
