#include "nearest.h"

#include <string.h>

#define LONGEST_WORD 63 /* length compared: none of our names is longer */

static size_t smaller_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements, and swapped neighbours (optimal string alignment). */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][LONGEST_WORD + 1], *before = rows[0], *last = rows[1], *row = rows[2],
					  *free_row;

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = smaller_of(smaller_of(last[j], row[j - 1]) + 1,
					    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller_of(row[j], before[j - 2] + 1);
		}
		free_row = before;
		before = last;
		last = row;
		row = free_row;
	}
	return last[b_length];
}

void nearest_init(struct nearest *nearest, const char *text, size_t length)
{
	nearest->text = text;
	nearest->length = length;
	nearest->distance = (length + 2) / 3 + 1;
	nearest->name = NULL;
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t length = strlen(name), distance;

	if (length > LONGEST_WORD || nearest->length > LONGEST_WORD)
		return;
	distance = edit_distance(nearest->text, nearest->length, name, length);
	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->name = name;
	}
}
