/* A number as text writes it, kept exactly. The text must outlive it. Pure. */
#ifndef UMBRA_COMMON_COMPARE_NUMBER_H
#define UMBRA_COMMON_COMPARE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum compare_number_kind { NUMBER_MINUS_INFINITY, NUMBER_FINITE, NUMBER_INFINITY, NUMBER_NAN };

struct compare_number {
	enum compare_number_kind kind;
	bool negative; /* never of 0 */
	bool is_whole; /* written without fraction and exponent */
	bool is_int64; /* whole, and `integer` holds it */
	const char
		*digits; /* from the first to the last that is not 0; a point may stand between */
	size_t size; /* 0: the number is 0 */
	int64_t exponent; /* of the first digit: 1 for 12.5 */
	int64_t integer;
	double value; /* infinite where doubles do not reach */
};

/* JSON's grammar, and NaN, Infinity, -Infinity. false: not a number, or an exponent of more than nine
 * digits. */
bool compare_number_read_json(const char *text, size_t size, struct compare_number *number);

/* A cell's: blanks around it, a plus sign, nothing before or behind the point, nan and inf in any case.
 * With leading zeros it is text, as a postal code. */
bool compare_number_read_cell(const char *text, size_t size, struct compare_number *number);

/* A total order by exact value; NaN comes last. */
int compare_number_order(const struct compare_number *a, const struct compare_number *b);

bool compare_number_agrees(const struct compare_number *a, const struct compare_number *b,
	double absolute, double relative);

/* b - a; false: not finite. */
bool compare_number_difference(
	const struct compare_number *a, const struct compare_number *b, double *difference);

/* One text for each value, at most `size` - 1 bytes; false: it does not fit. */
bool compare_number_text(const struct compare_number *number, char *buffer, size_t size);

#endif
