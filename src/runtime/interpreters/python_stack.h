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
	int64_t at;	/* its instruction, in bytes from the first one; -1: none yet */
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
	uintptr_t frame;     /* the next one */
	uintptr_t here;	     /* the last one */
	uintptr_t coroutine; /* the same when it is a coroutine's; else 0 */
	unsigned left;	     /* frames to be looked at, at most */
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

/* Goes on to the next frame that is a coroutine's or of an event loop's function: false when there
 * is none. */
bool python_walk_to_boundary(struct python_walk *walk);

/* The function of an event loop. */
void python_note_loop(uintptr_t code);
bool python_is_loop(uintptr_t code);

bool python_walk_name(struct python_walk *walk, const struct python_place *place,
		      struct python_line *line);

/* The same later. False: there is no such function any more. */
bool python_place_name(const struct python_place *place, struct python_line *line);

/* Where the coroutine is, of which this is the frame. False: it is gone. */
bool python_place_of_coroutine(uintptr_t frame, struct python_place *place);

/* Whether there can be an object at this address: not what the allocator leaves of a freed one. */
bool python_object_lives(uintptr_t object);

#endif
