/* Finds the name that was most likely meant, by edit distance. */
#ifndef TOOLS_NEAREST_H
#define TOOLS_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *text;
	size_t length;
	size_t distance;  /* of name; without one, the largest likely distance plus one */
	const char *name; /* NULL: none comes near */
};

void nearest_init(struct nearest *nearest, const char *text, size_t length);
void nearest_offer(struct nearest *nearest, const char *name);

#endif
