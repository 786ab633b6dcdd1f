/* Times of RFC 3339, to UTC and back, without the C library's time zones. */
#include "common/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Reads `n` digits at *p and moves on; -1 when there are fewer. */
static int read_digits(const char **p, int n)
{
	int value = 0;
	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		value = value * 10 + (**p - '0');
	}
	return value;
}

static bool skip(const char **p, const char *any_of)
{
	if (!**p || !strchr(any_of, **p))
		return false;
	(*p)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

static int read_date(const char **p, struct tm *date)
{
	int year = read_digits(p, 4);
	if (year < 0 || !skip(p, "-"))
		return -1;
	int month = read_digits(p, 2);
	if (month < 1 || month > 12 || !skip(p, "-"))
		return -1;
	int day = read_digits(p, 2);
	if (day < 1 || day > days_in_month(year, month))
		return -1;
	*date = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return 0;
}

/* A second of 60 is a leap second: the next minute's first. */
static int read_clock(const char **p, struct tm *date)
{
	date->tm_hour = read_digits(p, 2);
	if (date->tm_hour < 0 || date->tm_hour > 23 || !skip(p, ":"))
		return -1;
	date->tm_min = read_digits(p, 2);
	if (date->tm_min < 0 || date->tm_min > 59 || !skip(p, ":"))
		return -1;
	date->tm_sec = read_digits(p, 2);
	return date->tm_sec < 0 || date->tm_sec > 60 ? -1 : 0;
}

/* ".123456789": digits beyond the microsecond are cut off. */
static int read_fraction(const char **p, int64_t *us)
{
	*us = 0;
	if (!skip(p, "."))
		return 0;
	size_t n = strspn(*p, "0123456789");
	int64_t unit = 100000;
	for (size_t i = 0; i < n; i++, unit /= 10)
		*us += unit * ((*p)[i] - '0');
	*p += n;
	return n ? 0 : -1;
}

/* "Z", "+02:00": seconds east of Greenwich. */
static int read_offset(const char **p, int *seconds)
{
	*seconds = 0;
	if (skip(p, "Zz"))
		return 0;
	int sign = **p == '-' ? -1 : 1;
	if (!skip(p, "+-"))
		return -1;
	int hours = read_digits(p, 2);
	if (hours < 0 || hours > 23 || !skip(p, ":"))
		return -1;
	int minutes = read_digits(p, 2);
	if (minutes < 0 || minutes > 59)
		return -1;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int text_parse_time(const char *text, int64_t *us)
{
	struct tm date;
	int64_t fraction;
	int east;
	if (read_date(&text, &date) < 0 || !skip(&text, "Tt ") || read_clock(&text, &date) < 0 ||
		read_fraction(&text, &fraction) < 0 || read_offset(&text, &east) < 0 || *text)
		return -1;
	*us = ((int64_t)timegm(&date) - east) * 1000000 + fraction;
	return 0;
}

char *text_format_time(int64_t us, char *buffer)
{
	int64_t fraction = us % 1000000;
	time_t seconds = (time_t)(us / 1000000);
	if (fraction < 0) {
		fraction += 1000000;
		seconds--;
	}
	struct tm date;
	gmtime_r(&seconds, &date);
	size_t length = strftime(buffer, TEXT_MAX - 9, "%Y-%m-%dT%H:%M:%S", &date);
	if (fraction) {
		snprintf(buffer + length, 9, ".%06" PRId64, fraction);
		length += 7;
		while (buffer[length - 1] == '0')
			length--;
	}
	buffer[length] = 'Z';
	buffer[length + 1] = '\0';
	return buffer;
}
