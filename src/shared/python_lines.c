#include "python_lines.h"

#include <stdbool.h>

#define NO_LINE (-128) /* as a difference in 3.10's table */

static int line_of_lnotab(const uint8_t *table, size_t size, int line, long instruction)
{
	long at = 0;

	for (size_t i = 0; i + 2 <= size; i += 2) {
		at += table[i];
		if (at > instruction)
			break;
		line += (int8_t)table[i + 1];
	}
	return line;
}

static int line_of_ranges(const uint8_t *table, size_t size, int line, long instruction)
{
	long end = 0;

	for (size_t i = 0; i + 2 <= size; i += 2) {
		int difference = table[i + 1] < 128 ? table[i + 1] : table[i + 1] - 256;

		end += table[i];
		if (difference != NO_LINE)
			line += difference;
		if (end > instruction)
			return difference == NO_LINE ? -1 : line;
	}
	return -1;
}

/*
 * The first byte of a location has bit 7 set: 4 bits of kind, and the number of code units minus
 * one.
 */
enum location {
	LOCATION_ONE_LINE = 10, /* and the next two: 0, 1 or 2 lines on */
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15,
};

/* Six bits a byte, least significant first; bit 6 set: more follow. The lowest bit is the sign. */
static int read_difference(const uint8_t *table, size_t size, size_t at)
{
	uint32_t value = 0;

	for (unsigned shift = 0; at < size && shift < 30; shift += 6) {
		value |= (uint32_t)(table[at] & 63) << shift;
		if (!(table[at++] & 64))
			break;
	}
	return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

static int line_of_locations(const uint8_t *table, size_t size, int line, long instruction)
{
	size_t i = 0;
	long end = 0;

	while (i < size) {
		int kind = table[i] >> 3 & 15;
		bool has_line = kind != LOCATION_NONE;

		end += ((table[i] & 7) + 1) * 2;
		if (kind == LOCATION_NO_COLUMNS || kind == LOCATION_LONG)
			line += read_difference(table, size, i + 1);
		else if (kind >= LOCATION_ONE_LINE && has_line)
			line += kind - LOCATION_ONE_LINE;
		if (end > instruction)
			return has_line ? line : -1;
		do
			i++;
		while (i < size && !(table[i] & 128));
	}
	return -1;
}

int python_line_of(enum python_line_table kind, const uint8_t *table, size_t size, int first_line,
		   long instruction)
{
	if (instruction < 0)
		return first_line;
	switch (kind) {
	case PYTHON_LINES_LNOTAB:
		return line_of_lnotab(table, size, first_line, instruction);
	case PYTHON_LINES_RANGES:
		return line_of_ranges(table, size, first_line, instruction);
	default:
		return line_of_locations(table, size, first_line, instruction);
	}
}
