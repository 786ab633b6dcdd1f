#include "consumers/console/percent.h"
#include <string.h>

/* -1: it is no hexadecimal digit. */
static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)((at - digits) % 16) : -1;
}

/* The byte that "%XX" means; 0: it is none that can stand in a text. */
static char byte_of(const char *text)
{
	int high = *text == '%' ? digit_of(text[1]) : -1;
	int low = high >= 0 ? digit_of(text[2]) : -1;
	return low >= 0 ? (char)(unsigned char)(high * 16 + low) : '\0';
}

size_t percent_decode(char *text)
{
	char *to = text;
	for (const char *from = text; *from; to++) {
		char byte = byte_of(from);
		*to = byte ? byte : *from;
		from += byte ? 3 : 1;
	}
	*to = '\0';
	return (size_t)(to - text);
}
