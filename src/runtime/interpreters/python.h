/* CPython: its frames, read from its structures, and its own locks. */
#ifndef RUNTIME_PYTHON_H
#define RUNTIME_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

#include "python_stack.h"

struct module;

void python_module_added(struct module *module);
bool python_is_module(const struct module *module);

/* In a forked child. */
void python_forked(void);

bool python_is_interpreter(const struct module *module);

/* The GIL and its kin are objects inside _PyRuntime (Include/internal/pycore_runtime.h). */
bool python_owns_lock(const void *lock);

/* Whether these frames, as in trace_script, are of threading.Thread.start: it waits until the new
 * thread has begun. */
bool python_starts_thread(const char *script, size_t size);

/* The present thread's frames as in trace_script; 0 when it runs no Python. `interrupted`: by a
 * signal, anywhere in the interpreter. */
size_t python_frames(char *text, size_t size, bool interrupted);

/* Where a function that Python code called was called from. */
struct python_caller {
	uintptr_t frame;     /* the innermost; 0: no Python code runs here */
	uintptr_t coroutine; /* the frame of the coroutine that it is part of; 0: of none */
	bool below_loop;     /* which an event loop runs */
};

/*
 * The frames from there to the coroutine's, else to the event loop's function or the outermost; of
 * more than `count` the innermost, and the last. Budget: 3 ns a frame.
 */
size_t python_called_from(struct python_place *places, size_t count, struct python_caller *caller);

/* All of the present thread's frames in short, for a call that the interpreter made. */
size_t python_places(struct python_place *places, size_t count);

/* These as in trace_script, those left out whose functions are gone. */
size_t python_places_text(const struct python_place *places, size_t count, char *text, size_t size);

uintptr_t python_innermost_frame(void);

/* Whether that is of the modules that make events and conditions out of locks. */
bool python_is_in_threading(void);

/* Whether the coroutine of this frame, or what it awaits, runs on the present thread. */
bool python_coroutine_runs(uintptr_t frame);

/* Where the coroutine of this frame is suspended: false when none of these functions is its. */
bool python_coroutine_place(uintptr_t frame, const struct python_place *places, size_t count,
			    struct python_place *place);

#endif
