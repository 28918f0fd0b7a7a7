/*
 * Where CPython keeps a thread's frames. Since 3.13 the interpreter describes this itself, in
 * _Py_DebugOffsets at the start of _PyRuntime (Include/internal/pycore_debug_offsets.h). For
 * earlier versions the offsets are listed here; they are the same in every build of one version.
 */
#ifndef SHARED_PYTHON_LAYOUT_H
#define SHARED_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "python_lines.h"

#define PYTHON_NO_PLACE	    0xffff
#define PYTHON_OFFSET_WORDS 96 /* maximum number of words read from _Py_DebugOffsets */
#define PYTHON_MAX_FRAME    128
#define PYTHON_MAX_CODE	    256

/* How a frame stores its current instruction. */
enum python_instruction {
	PYTHON_INSTRUCTION_POINTER,
	PYTHON_INSTRUCTION_BYTE,     /* an int: bytes from the first one, -1: not started */
	PYTHON_INSTRUCTION_CODEUNIT, /* the same in units of two bytes */
};

#define PYTHON_OWNER_GENERATOR 1     /* or coroutine: the frame is part of the object */
#define PYTHON_COROUTINE_FLAGS 0x380 /* CO_COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR */

/* Offsets in bytes from the start of each structure. PYTHON_NO_PLACE: no such field. */
struct python_layout {
	uint16_t thread_frame;	/* the innermost frame of a PyThreadState, */
	uint16_t c_frame_frame; /* or the innermost frame of the C frame it points to */
	uint16_t frame_previous, frame_code, frame_instruction;
	uint16_t frame_generator; /* up to 3.10: not 0 in the frame of a generator or coroutine */
	uint16_t frame_owner;	  /* a byte; frames with `foreign_owner` and above belong to C */
	uint16_t frame_copy;	  /* an int: the code's copy that the frame runs */
	uint16_t code_name, code_filename, code_first_line, code_lines;
	uint16_t code_flags;  /* an int: see PYTHON_COROUTINE_FLAGS */
	uint16_t code_start;  /* start of its instructions */
	uint16_t code_copies; /* pointer to an array of them: size, then pointers */
	uint16_t string_length, string_state;
	uint16_t string_ascii, string_other; /* the characters */
	uint16_t bytes_length, bytes_data;
	uint16_t object_type;
	uint8_t string_kind_shift; /* in `state`: 3 bits of kind, one of compact, one of ascii */
	uint8_t foreign_owner;
	enum python_instruction instruction;
	enum python_line_table line_table;
};

/* `version` as in PY_VERSION_HEX. False if it is not known, or the interpreter describes itself. */
bool python_layout_of_version(uint32_t version, struct python_layout *layout);

/*
 * From the first words of _PyRuntime. False if they are not _Py_DebugOffsets of a known
 * arrangement: the order of fields differs between minor versions.
 */
bool python_layout_of_offsets(const uint64_t *words, size_t count, struct python_layout *layout);

#endif
