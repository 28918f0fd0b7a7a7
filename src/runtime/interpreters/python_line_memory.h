/*
 * Lines of Python's instructions, remembered: a call that blocks has a script of 20 frames and
 * more, and nearly all of them were in the one before. What is remembered is compared with the code
 * object before it is used, because another one may lie at the same address by now.
 */
#ifndef RUNTIME_INTERPRETERS_PYTHON_LINE_MEMORY_H
#define RUNTIME_INTERPRETERS_PYTHON_LINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "python_script.h"
#include "python_stack.h"

#define PYTHON_KNOWN_TEXT  192	/* longer names are not remembered */
#define PYTHON_KNOWN_TABLE 8192 /* bytes; nor are lines of longer tables */

struct python_known_line {
	struct python_place place;
	uint64_t table_size, table_hash; /* of the code's table of lines */
	int32_t first_line, number;
	uint16_t file_length, function_length;
	enum python_frame_kind kind;
	char text[PYTHON_KNOWN_TEXT]; /* file, then function */
};

/* Copies what is known of this place. Shared by all threads, without locks; async-signal-safe. */
bool python_known_line_find(const struct python_place *place, struct python_known_line *line);

/* The line may be lost, if another thread keeps one at the same time. */
void python_known_line_keep(const struct python_known_line *line);

uint64_t python_table_hash(const void *table, size_t size);

#endif
