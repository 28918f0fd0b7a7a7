/* The line of an instruction of a Python function, from its code object's table. */
#ifndef SHARED_PYTHON_LINES_H
#define SHARED_PYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

enum python_line_table {
	PYTHON_LINES_LNOTAB,	/* up to 3.9: Objects/lnotab_notes.txt */
	PYTHON_LINES_RANGES,	/* 3.10: the same file */
	PYTHON_LINES_LOCATIONS, /* 3.11 and later: Objects/locations.md,
				   InternalDocs/code_objects.md */
};

/* `instruction` in bytes from the first one. -1: it has no line. */
int python_line_of(enum python_line_table kind, const uint8_t *table, size_t size, int first_line,
		   long instruction);

#endif
