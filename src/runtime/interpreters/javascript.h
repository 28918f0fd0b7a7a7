/* V8, through the C++ symbols that Node exports for add-ons, called as plain C. */
#ifndef RUNTIME_JAVASCRIPT_H
#define RUNTIME_JAVASCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct javascript_walk;
struct module;

void javascript_module_added(struct module *module);

/* V8 can be asked for frames. */
bool javascript_is_loaded(void);

/* Whether V8 is part of Node, and whether a script runs on this thread. Async-signal-safe. */
bool javascript_is_nodes(void);
bool javascript_runs(void);

/* Whether the address lies in code that V8 made: through it JavaScript calls native code. */
bool javascript_made(uintptr_t pc);

/* A wait by V8's or Node's own code, except Atomics.wait. */
bool javascript_owns_wait(const uint64_t *frames, size_t depth);

/*
 * The JavaScript frames of a synchronous call, as in trace_script; 0 if there are none, or if V8
 * cannot be asked: it allocates for them, which is not possible while it or malloc is active.
 * `waits_for_thread`: for a lock, or another thread. `walk`: NULL, or the stack's: then of a deep
 * stack the outermost frames, too, and none in between, and where functions without a name begin.
 */
size_t javascript_frames(const uint64_t *frames, size_t depth, bool waits_for_thread,
			 struct javascript_walk *walk, char *text, size_t size);

/*
 * Same at both ends, read from its heap: if V8 cannot be asked, and in a signal handler. `places`:
 * from unwinder_walk. The line is the first line of the function.
 */
size_t javascript_frames_of_stack(const uint64_t *frames, const uintptr_t *places, size_t depth,
				  char *text, size_t size);

/*
 * Makes V8 call `answer` on this thread at its next interrupt check (end of a loop, start of a
 * function), where its frames can be requested. Takes a lock of V8 and allocates: call it only
 * where JavaScript code runs, or from a signal handler that interrupted such code. False if V8 does
 * not run here.
 */
bool javascript_ask(uintptr_t pc, void (*answer)(void *isolate, void *data));

#endif
