#include "quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *quantity_duration(char text[QUANTITY_SIZE], uint64_t ns)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" } };
	char digits[QUANTITY_SIZE / 2];
	double value;
	size_t unit = 0, length;

	if (ns >= 60000000000) {
		snprintf(text, QUANTITY_SIZE, "%" PRIu64 " min %" PRIu64 " s", ns / 60000000000,
			 ns % 60000000000 / 1000000000);
		return text;
	}
	while (unit < 3 && (double)ns < units[unit].ns)
		unit++;
	value = (double)ns / units[unit].ns;
	snprintf(digits, sizeof digits, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
	length = strlen(digits);
	if (strchr(digits, '.')) {
		while (digits[length - 1] == '0')
			digits[--length] = '\0';
		if (digits[length - 1] == '.')
			digits[--length] = '\0';
	}
	snprintf(text, QUANTITY_SIZE, "%s %s", digits, units[unit].name);
	return text;
}

const char *quantity_count(char text[QUANTITY_SIZE], uint64_t count)
{
	char digits[QUANTITY_SIZE];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, count), used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}

const char *quantity_of(char text[64], uint64_t count, const char *noun)
{
	char number[QUANTITY_SIZE];

	snprintf(text, 64, "%s %s%s", quantity_count(number, count), noun, count == 1 ? "" : "s");
	return text;
}
