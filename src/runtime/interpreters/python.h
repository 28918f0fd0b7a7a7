/* CPython: its frames, read from its structures, and its own locks. */
#ifndef RUNTIME_PYTHON_H
#define RUNTIME_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

#include "python_stack.h"

struct module;

void python_module_added(struct module *module);
bool python_is_module(const struct module *module);

/* CPython can be asked for frames. */
bool python_is_loaded(void);

/* Called in a forked child. */
void python_forked(void);

bool python_is_interpreter(const struct module *module);

/* The GIL and similar locks are objects inside _PyRuntime (Include/internal/pycore_runtime.h). */
bool python_owns_lock(const void *lock);

/*
 * Whether these frames, as in trace_script, belong to threading.Thread.start, which waits until the
 * new thread has begun.
 */
bool python_starts_thread(const char *script, size_t size);

/*
 * The calling thread's frames as in trace_script; 0 if it runs no Python. `interrupted`: by a
 * signal, anywhere in the interpreter, for a sample: of a stack that does not fit, the innermost
 * frames and those where the turn began.
 */
size_t python_frames(char *text, size_t size, bool interrupted);

/* The place from which Python code called a function. */
struct python_caller {
	uintptr_t frame;     /* the innermost frame; 0: no Python code runs here */
	uintptr_t coroutine; /* frame of the coroutine that contains it; 0: none */
	bool below_loop;     /* an event loop runs it */
};

/*
 * The frames from there to the coroutine's, or else to the event loop's function or the outermost;
 * if there are more than `count`, the innermost ones and the last. Budget: 3 ns a frame.
 */
size_t python_called_from(struct python_place *places, size_t count, struct python_caller *caller);

/* All of the calling thread's frames in short form, for a call made by the interpreter. */
size_t python_places(struct python_place *places, size_t count);

/* Converts these to trace_script, without functions that no longer exist. */
size_t python_places_text(const struct python_place *places, size_t count, char *text, size_t size);

uintptr_t python_innermost_frame(void);

/* Whether it is in a module that builds events and conditions from locks. */
bool python_is_in_threading(void);

/* Whether the coroutine of this frame, or what it awaits, runs on the calling thread. */
bool python_coroutine_runs(uintptr_t frame);

/*
 * Where the coroutine of this frame is suspended. False if none of these functions belongs to it.
 */
bool python_coroutine_place(uintptr_t frame, const struct python_place *places, size_t count,
			    struct python_place *place);

#endif
