/*
 * A thread's Python frames, read from the interpreter's structures. None of its functions is
 * called, so this also works in a stripped interpreter that exports none for this purpose.
 */
#ifndef RUNTIME_INTERPRETERS_PYTHON_STACK_H
#define RUNTIME_INTERPRETERS_PYTHON_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "python_script.h"

struct module;

/* A frame in short form: it can be named later, while its function exists. */
struct python_place {
	uintptr_t code; /* the code object */
	int64_t at; /* offset of the instruction from the first one, in bytes; -1: not started */
};

/* False if the structures of this CPython are not known. */
bool python_stack_init(const struct module *interpreter);

/* Pages found readable within one walk are not checked again. */
#define PYTHON_LOOK_PAGES 8

struct python_look {
	bool trusts; /* follows pointers without checking */
	uintptr_t pages[PYTHON_LOOK_PAGES];
	unsigned next;
};

struct python_walk {
	struct python_look look;
	uintptr_t frame;     /* the next frame */
	uintptr_t here;	     /* the last frame returned */
	uintptr_t coroutine; /* the same if it is a coroutine's; otherwise 0 */
	unsigned left;	     /* maximum number of frames left to read */
	bool whole, named;
};

/*
 * Walks the frames of the thread with this PyThreadState, innermost first. Async-signal-safe.
 * `interrupted`: the interpreter may be changing them, so every pointer is checked. In a call made
 * by the interpreter they are trusted once a whole stack was read and named, which takes a third of
 * the time.
 */
void python_walk_init(struct python_walk *walk, const void *thread_state, bool interrupted);
bool python_walk_next(struct python_walk *walk, struct python_place *place);

/* In a forked child, on its only thread: the current frames belong to its parent. */
void python_stack_forked(const void *thread_state);

struct python_line {
	char text[1024]; /* file, then function */
	const char *file, *function;
	size_t file_length, function_length;
	int number;
	enum python_frame_kind kind;
};

/* Advances to the next frame of a coroutine or an event loop's function; false if there is none. */
bool python_walk_to_boundary(struct python_walk *walk);

/* Notes or tests a function of an event loop. A loop's function is noted before its first wait. */
void python_note_loop(uintptr_t code);
bool python_knows_loops(void);
bool python_is_loop(uintptr_t code);

bool python_walk_name(struct python_walk *walk, const struct python_place *place,
		      struct python_line *line);

/* Names the place later. False if the function no longer exists. */
bool python_place_name(const struct python_place *place, struct python_line *line);

/* The place of the coroutine with this frame. False if it is gone. */
bool python_place_of_coroutine(uintptr_t frame, struct python_place *place);

/* Whether there can be an object at this address, rather than the remains of a freed one. */
bool python_object_lives(uintptr_t object);

#endif
