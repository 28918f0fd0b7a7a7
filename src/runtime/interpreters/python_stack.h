/*
 * A thread's Python frames, read from the interpreter's own structures: no function of it is
 * called, so a stripped one that exports none for this purpose is read as well.
 */
#ifndef RUNTIME_INTERPRETERS_PYTHON_STACK_H
#define RUNTIME_INTERPRETERS_PYTHON_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

/* A frame in short: of a function that still exists, it can be named later. */
struct python_place {
	uintptr_t code; /* the code object */
	int32_t at;	/* its instruction, in bytes from the first one; -1: none yet */
};

/* False: this CPython's structures are not known. */
bool python_stack_init(const struct module *interpreter);

/* Memory that was found readable within one walk need not be asked for again. */
#define PYTHON_LOOK_PAGES 8

struct python_look {
	bool trusts; /* what it is led to is read unasked */
	uintptr_t pages[PYTHON_LOOK_PAGES];
	unsigned next;
};

struct python_walk {
	struct python_look look;
	uintptr_t frame; /* the next one */
	uintptr_t here;	 /* the last one */
	unsigned left;	 /* frames to be looked at, at most */
	bool whole, named;
};

/*
 * The frames of the thread whose PyThreadState this is, innermost first. Async-signal-safe.
 * `interrupted`: the interpreter may be about to change them, so nothing in them is trusted. In a
 * call that it made they are trusted once a whole stack was read and named: that takes a third of
 * the time.
 */
void python_walk_init(struct python_walk *walk, const void *thread_state, bool interrupted);
bool python_walk_next(struct python_walk *walk, struct python_place *place);

/* In a forked child, on its only thread: what is on its stack now is its parent's. */
void python_stack_forked(const void *thread_state);

struct python_line {
	char text[1024]; /* file, then function */
	const char *file, *function;
	size_t file_length, function_length;
	int number;
};

bool python_walk_name(struct python_walk *walk, const struct python_place *place,
		      struct python_line *line);

/* The same later. False: there is no such function any more. */
bool python_place_name(const struct python_place *place, struct python_line *line);

#endif
