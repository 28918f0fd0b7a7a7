/* V8, through the C++ symbols that Node exports for add-ons, called as plain C. */
#ifndef RUNTIME_JAVASCRIPT_H
#define RUNTIME_JAVASCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

void javascript_module_added(struct module *module);

/* A wait called by V8's or Node's own code, Atomics.wait aside. */
bool javascript_owns_wait(const uint64_t *frames, size_t depth);

/*
 * JavaScript frames of a synchronous call, as in trace_script; 0 when there are none, and where V8,
 * which allocates for them, may not be asked: in the middle of what it or malloc does itself.
 * `waits_for_thread`: for a lock, or another thread.
 */
size_t javascript_frames(const uint64_t *frames, size_t depth, bool waits_for_thread, char *text,
			 size_t size);

/*
 * The same, read out of its heap: where V8 may not be asked, and in a signal handler. `places`: as
 * unwinder_walk gives them. The line is the one that the function begins at.
 */
size_t javascript_frames_of_stack(const uint64_t *frames, const uintptr_t *places, size_t depth,
				  char *text, size_t size);

/*
 * Has V8 call `answer` on this thread at the next place where it looks for interrupts (a loop's
 * end, a function's begin), where its frames can be asked for. Takes a lock of V8's and allocates:
 * to be called where JavaScript's own code runs, also by a signal handler that interrupted it
 * there. False when V8 does not run here.
 */
bool javascript_ask(uintptr_t pc, void (*answer)(void *isolate, void *data));

#endif
