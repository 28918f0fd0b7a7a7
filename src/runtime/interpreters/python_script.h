/* Python frames as lines of a trace_script. */
#ifndef RUNTIME_INTERPRETERS_PYTHON_SCRIPT_H
#define RUNTIME_INTERPRETERS_PYTHON_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Whose function it is. */
enum python_frame_kind {
	PYTHON_FRAME_UNKNOWN, /* not classified yet */
	PYTHON_FRAME_OWN,     /* the program's */
	PYTHON_FRAME_LIBRARY,
	PYTHON_FRAME_LOOP,     /* an event loop's, in a library, */
	PYTHON_FRAME_OWN_LOOP, /* or in the program's own files */
};

enum python_frame_kind python_frame_kind(const char *function, size_t function_length,
					 const char *file, size_t file_length);

struct python_frame {
	const char *file, *number, *function;
	size_t file_length, number_length, function_length;
	enum python_frame_kind kind;
};

struct python_script {
	char *text;
	size_t size, used;
	size_t kept;		   /* bytes at the beginning that no later frame replaces; 0: all */
	bool in_loop;		   /* contains an event loop's function */
	bool full;		   /* a frame did not fit */
	bool has_own;		   /* contains a frame of the program's own */
	bool has_entry;		   /* contains only the library's frame that is called from it */
	size_t own_start, own_end; /* then: the first of them, and the library's before it */
};

/*
 * Adds the next outer frame. One that does not fit is dropped, except for the first of the
 * program's own, which a finding names, and an event loop's: a call is judged by the loop around
 * it. Both may be below many layers of a library. Returns whether it is a loop's.
 */
bool python_script_add(struct python_script *script, const struct python_frame *frame);

/*
 * Whether a frame of this kind is the program's first, and frames before it did not fit. Then add
 * the last of these as the entry: the library's function that the program called, by which a
 * finding is named.
 */
bool python_script_wants_entry(const struct python_script *script, enum python_frame_kind kind);
void python_script_add_entry(struct python_script *script, const struct python_frame *frame);

/* From now on a frame that does not fit replaces the first ones that are added from now on. */
void python_script_keep(struct python_script *script);

#endif
