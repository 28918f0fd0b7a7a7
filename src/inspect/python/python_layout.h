/* Where the versions of CPython keep what we read of their objects. */
#ifndef INSPECT_PYTHON_LAYOUT_H
#define INSPECT_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "python_source.h"

/* Offsets in bytes, measured on each version. The same in all versions: an object's type at 8. */
struct python_layout {
	uint16_t minor; /* of 3.MINOR */
	/* A coroutine, generator or asynchronous generator. */
	uint16_t qualname, frame_state, frame;
	int8_t created; /* state of one that has not begun */
	/* Its frame. */
	uint16_t frame_code, instruction, stack_top, locals;
	bool top_is_pointer; /* of the stack: to what lies behind it; else a count of words */
	/* A code object. */
	uint16_t first_line, bytes;
	/* Text: where the characters are. */
	uint16_t ascii, wide;
	uint16_t tuple_items;
	/* A future, and a task, which begins like one. */
	uint16_t future_state, task_coroutine;
};

/* The same in all versions. */
enum {
	PYTHON_TYPE = 8,
	PYTHON_SIZE = 16, /* of a tuple or a list */
	PYTHON_TYPE_NAME = 24,
	PYTHON_TYPE_BASIC_SIZE = 32,
	PYTHON_TYPE_FLAGS = 168,
	PYTHON_TYPE_BASE = 256,
	PYTHON_TEXT_STATE = 32,
	PYTHON_CODE_NAMES = 32,
	PYTHON_CODE_FILE = 112,
	PYTHON_CODE_LINES = 136,
	PYTHON_BYTES = 32,
	PYTHON_LIST_ITEMS = 24,
	PYTHON_SET_MASK = 32,
	PYTHON_SET_TABLE = 40,
	PYTHON_METHOD_SELF = 24, /* of a bound method, in Python or in C */
	PYTHON_FUNCTION_QUALNAME = 40,
	PYTHON_FUNCTION_CODE = 48,
	PYTHON_FUNCTION_CLOSURE = 72,
	PYTHON_CELL = 16,
	PYTHON_AWAITED = 16, /* of the iterators that await something */
	PYTHON_FUTURE_CALLBACK = 24,
	PYTHON_FUTURE_CALLBACKS = 40,
};

/* NULL: no CPython runs there, or one that is not supported: `sentence` then says so, else it is
 * NULL. */
const struct python_layout *python_layout_of(const struct python_source *source,
					     const char **sentence);

#endif
